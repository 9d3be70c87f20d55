import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import {
  transferEncodings,
  redirectTargets,
  garbage,
  wrongLengths,
  oddHeaders,
  wronglyChunked,
  retryAfters,
  statusLines,
} from "./http-parts.ts";
import {
  correctAnswer,
  latin1,
  contentLength,
  type Mutation,
  rawAnswer,
  type RawAnswer,
} from "./raw-answer.ts";

/** Answers that are wrong as HTTP, by the name that the report shows. */
export const httpMutations: Readonly<Record<string, Mutation>> = {
  "status line": (answer, { random }) =>
    rawAnswer(random.pick(statusLines), [contentLength(answer)], answer.body),
  "status code": (answer, { random }) =>
    rawAnswer(`HTTP/1.1 ${100 + random.below(500)} X`, [contentLength(answer)], answer.body),
  headers: (answer, { random }) => {
    const odd = Array.from({ length: 1 + random.below(3) }, () => random.pick(oddHeaders));
    return rawAnswer(
      "HTTP/1.1 200 OK",
      [...odd, contentLength(answer), random.pick(oddHeaders)],
      answer.body,
    );
  },
  "line ends": (answer, { random }) => {
    const end = random.pick(["\n", "\r", "\n\n", "\r\r\n", "\u0085", " \r\n", "\r\n "]);
    const head = ["HTTP/1.1 200 OK", contentLength(answer), "", ""].join(end);
    return {
      ...correctAnswer(answer),
      bytes: Buffer.concat([latin1(head), answer.body]),
      after: "close",
    };
  },
  length: (answer, { random }) => {
    const { length } = answer.body;
    const wrongLength = random.pick(wrongLengths(length));
    return rawAnswer("HTTP/1.1 200 OK", wrongLength, answer.body, {
      after: random.pick(["keep", "close"]),
    });
  },
  chunking: (answer, { random }) => {
    const coding = random.pick(transferEncodings);
    const body = wronglyChunked(answer.body, random);
    return rawAnswer("HTTP/1.1 200 OK", coding, body, {
      after: random.pick(["keep", "keep", "close"]),
    });
  },
  encoding: (answer, { random }) => {
    const name = random.pick([
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
    const body = random.pick([
      gzipSync,
      deflateSync,
      brotliCompressSync,
      (same: Uint8Array) => same,
    ])(random.below(20) === 0 ? new Uint8Array(4_000_000) : answer.body);
    const headers = [`Content-Encoding: ${name}`, `Content-Length: ${body.length}`];
    return rawAnswer("HTTP/1.1 200 OK", headers, body);
  },
  redirect: (answer, { random, trap }) => {
    const target = random.pick([trap, trap.replace("http:", ""), ...redirectTargets]);
    const status = random.pick([300, 301, 302, 303, 305, 307, 308, 200, 201, 401, 407]);
    const name = random.pick(["Location", "Location", "Refresh", "Content-Location", "Alt-Svc"]);
    const value = name === "Refresh" ? `0; url=${target}` : target;
    const alternative = `h2="${new URL(trap).host}"; ma=9`;
    const header = `${name}: ${name === "Alt-Svc" ? alternative : value}`;
    return rawAnswer(`HTTP/1.1 ${status} X`, [header, contentLength(answer)], answer.body);
  },
  "keep-alive": (answer, { random }) => {
    const { bytes } = correctAnswer(answer);
    const more = random.pick([
      bytes,
      correctAnswer({ ...answer, body: latin1("smuggled") }).bytes,
      garbage,
    ]);
    const close = rawAnswer(
      "HTTP/1.1 200 OK",
      ["Connection: close", contentLength(answer)],
      answer.body,
    );
    return random.pick<RawAnswer>([
      { ...correctAnswer(answer), bytes: Buffer.concat([bytes, more]) },
      close,
      { ...correctAnswer(answer), after: "close" },
      { ...correctAnswer(answer), after: "reset" },
      rawAnswer("HTTP/1.0 200 OK", ["Connection: keep-alive"], answer.body, { after: "close" }),
      rawAnswer("HTTP/1.1 101 X", ["Upgrade: h2c", "Connection: upgrade"], more),
    ]);
  },
  interim: (answer, { random }) => {
    const status = random.pick([100, 102, 103, 199]);
    const header = random.pick(["", "X: y\r\n", `X: ${"y".repeat(2000)}\r\n`]);
    const one = latin1(`HTTP/1.1 ${status} X\r\n${header}\r\n`);
    const many = Array.from({ length: random.pick([1, 2, 50, 2000]) }, () => one);
    const last = random.below(8) === 0 ? new Uint8Array() : correctAnswer(answer).bytes;
    return { ...correctAnswer(answer), bytes: Buffer.concat([...many, last]) };
  },
  "retry-after": (answer, { random }) => {
    const header = `Retry-After: ${random.pick(retryAfters)}`;
    return rawAnswer(
      `HTTP/1.1 ${random.pick([429, 500, 503, 599, 408])} X`,
      [header, contentLength(answer)],
      answer.body,
    );
  },
  "large head": (answer, { random }) => {
    const filler = random.pick([
      [`X: ${"y".repeat(random.pick([8_000, 17_000, 70_000]))}`],
      Array.from({ length: random.pick([101, 300, 3000]) }, (_, at) => `X-${at}: y`),
      [`${"n".repeat(20_000)}: y`],
    ]);
    return rawAnswer("HTTP/1.1 200 OK", [...filler, contentLength(answer)], answer.body);
  },
};
