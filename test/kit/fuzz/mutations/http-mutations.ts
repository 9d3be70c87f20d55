import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import {
  codings,
  elsewhere,
  garbage,
  lies,
  oddHeaders,
  oddlyChunked,
  retryAfters,
  statusLines,
} from "./http-parts.ts";
import { honest, latin1, lengthOf, type Mutation, wire, type Wire } from "./wire.ts";

/** What can be wrong with an answer as HTTP, whatever it says. By the name that the report shows. */
export const httpMutations: Readonly<Record<string, Mutation>> = {
  "status line": (answer, { chance }) =>
    wire(chance.pick(statusLines), [lengthOf(answer)], answer.body),
  "status code": (answer, { chance }) =>
    wire(`HTTP/1.1 ${100 + chance.below(500)} X`, [lengthOf(answer)], answer.body),
  headers: (answer, { chance }) => {
    const odd = Array.from({ length: 1 + chance.below(3) }, () => chance.pick(oddHeaders));
    return wire(
      "HTTP/1.1 200 OK",
      [...odd, lengthOf(answer), chance.pick(oddHeaders)],
      answer.body,
    );
  },
  "line ends": (answer, { chance }) => {
    const end = chance.pick(["\n", "\r", "\n\n", "\r\r\n", "\u0085", " \r\n", "\r\n "]);
    const head = ["HTTP/1.1 200 OK", lengthOf(answer), "", ""].join(end);
    return { ...honest(answer), bytes: Buffer.concat([latin1(head), answer.body]), after: "close" };
  },
  length: (answer, { chance }) => {
    const { length } = answer.body;
    const lie = chance.pick(lies(length));
    return wire("HTTP/1.1 200 OK", lie, answer.body, { after: chance.pick(["keep", "close"]) });
  },
  chunking: (answer, { chance }) => {
    const coding = chance.pick(codings);
    const body = oddlyChunked(answer.body, chance);
    return wire("HTTP/1.1 200 OK", coding, body, { after: chance.pick(["keep", "keep", "close"]) });
  },
  encoding: (answer, { chance }) => {
    const name = chance.pick([
      "gzip",
      "deflate",
      "br",
      "zstd",
      "identity",
      "x",
      "gzip, gzip",
      "",
      "long ".repeat(1500),
    ]);
    const body = chance.pick([
      gzipSync,
      deflateSync,
      brotliCompressSync,
      (same: Uint8Array) => same,
    ])(chance.below(20) === 0 ? new Uint8Array(4_000_000) : answer.body);
    const headers = [`Content-Encoding: ${name}`, `Content-Length: ${body.length}`];
    return wire("HTTP/1.1 200 OK", headers, body);
  },
  redirect: (answer, { chance, trap }) => {
    const target = chance.pick([trap, trap.replace("http:", ""), ...elsewhere]);
    const status = chance.pick([300, 301, 302, 303, 305, 307, 308, 200, 201, 401, 407]);
    const name = chance.pick(["Location", "Location", "Refresh", "Content-Location", "Alt-Svc"]);
    const value = name === "Refresh" ? `0; url=${target}` : target;
    const alternative = `h2="${new URL(trap).host}"; ma=9`;
    const header = `${name}: ${name === "Alt-Svc" ? alternative : value}`;
    return wire(`HTTP/1.1 ${status} X`, [header, lengthOf(answer)], answer.body);
  },
  "keep-alive": (answer, { chance }) => {
    const { bytes } = honest(answer);
    const more = chance.pick([
      bytes,
      honest({ ...answer, body: latin1("smuggled") }).bytes,
      garbage,
    ]);
    const close = wire("HTTP/1.1 200 OK", ["Connection: close", lengthOf(answer)], answer.body);
    return chance.pick<Wire>([
      { ...honest(answer), bytes: Buffer.concat([bytes, more]) },
      close,
      { ...honest(answer), after: "close" },
      { ...honest(answer), after: "reset" },
      wire("HTTP/1.0 200 OK", ["Connection: keep-alive"], answer.body, { after: "close" }),
      wire("HTTP/1.1 101 X", ["Upgrade: h2c", "Connection: upgrade"], more),
    ]);
  },
  interim: (answer, { chance }) => {
    const status = chance.pick([100, 102, 103, 199]);
    const header = chance.pick(["", "X: y\r\n", `X: ${"y".repeat(2000)}\r\n`]);
    const one = latin1(`HTTP/1.1 ${status} X\r\n${header}\r\n`);
    const many = Array.from({ length: chance.pick([1, 2, 50, 2000]) }, () => one);
    const last = chance.below(8) === 0 ? new Uint8Array() : honest(answer).bytes;
    return { ...honest(answer), bytes: Buffer.concat([...many, last]) };
  },
  "retry-after": (answer, { chance }) => {
    const header = `Retry-After: ${chance.pick(retryAfters)}`;
    return wire(
      `HTTP/1.1 ${chance.pick([429, 500, 503, 599, 408])} X`,
      [header, lengthOf(answer)],
      answer.body,
    );
  },
  "large head": (answer, { chance }) => {
    const filler = chance.pick([
      [`X: ${"y".repeat(chance.pick([8_000, 17_000, 70_000]))}`],
      Array.from({ length: chance.pick([101, 300, 3000]) }, (_, at) => `X-${at}: y`),
      [`${"n".repeat(20_000)}: y`],
    ]);
    return wire("HTTP/1.1 200 OK", [...filler, lengthOf(answer)], answer.body);
  },
};
