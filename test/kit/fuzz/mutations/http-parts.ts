import type { Random } from "../../basics/random.ts";
import { latin1 } from "./raw-answer.ts";

/** Status lines that a service should not send. */
export const statusLines = [
  "HTTP/1.1 200",
  "HTTP/1.0 200 OK",
  "HTTP/2 200",
  "HTTP/2.0 200 OK",
  "HTTP/0.9 200 OK",
  "HTTP/1.1 2OO OK",
  "HTTP/1.1  200 OK",
  "HTTP/1.1\t200 OK",
  "ICY 200 OK",
  "http/1.1 200 ok",
  "HTTP/1.1 -1 OK",
  "HTTP/1.1 20 OK",
  "HTTP/1.1 2000 OK",
  "HTTP/1.1 999 X",
  "HTTP/1.1 099 X",
  "HTTP/1.1 000 X",
  "HTTP/1.1 200 \u0000\u001b[2J",
  `HTTP/1.1 200 ${"r".repeat(9000)}`,
  " HTTP/1.1 200 OK",
  "\r\nHTTP/1.1 200 OK",
  "GET / HTTP/1.1",
  "200 OK",
  "",
  "HTTP/1.1 200 OK\u0000",
  "HTTP/11 200 OK",
  "HTTP/1.1 +200 OK",
  "HTTP/1.1 0xC8 OK",
  "\u0016\u0003\u0001\u0002",
] as const;

/** Header lines that are invalid, or that have a meaning for other clients. */
export const oddHeaders = [
  "no colon",
  ": no name",
  "X y: blank",
  "X : blank",
  "X:\u0000",
  "X: \u001b[31m",
  "X: \u007f",
  "\u0000: x",
  " folded",
  "\tfolded",
  "X: a\rb",
  "X: a\nb: c",
  "X: \u00ff\u00fe",
  "__proto__: x",
  "constructor: x",
  "Content-Type: text/html",
  "Content-Type: application/json",
  "Content-Type: ",
  "Set-Cookie: a=b",
  "Set-Cookie: a=b",
  "Connection: close",
  "Connection: \u00ff",
  "Keep-Alive: timeout=-1, max=0",
  "Keep-Alive: timeout=99999999999999999999",
  "Trailer: X",
  "Date: never",
  "Content-Encoding: ",
  "Transfer-Encoding: identity",
  "Vary: *",
  "Age: -1",
  "Cache-Control: max-age=1e999",
  "Strict-Transport-Security: max-age=999",
  "Content-Range: bytes 0-1/2",
  "Proxy-Authenticate: Basic",
  "Upgrade: h2c",
  "WWW-Authenticate: Negotiate",
  "\u{fe}\u{ff}: x",
  "X".repeat(300),
  `X: ${"\t".repeat(500)}`,
] as const;

/** Headers with a wrong length of the body. */
export function wrongLengths(length: number): readonly (readonly string[])[] {
  const values = [
    "-1",
    "0",
    "1",
    "+1",
    "0x5",
    "1e3",
    "5, 5",
    "5,6",
    "",
    " ",
    "nan",
    "18446744073709551616",
    "9223372036854775807",
    "4294967296",
    `${length + 1}`,
    `${length + 1000}`,
    `${Math.max(0, length - 1)}`,
    `0${length}`,
    `${length} `,
    `${length};`,
    `+${length}`,
    "999999999",
  ];
  const single = values.map((value) => [`Content-Length: ${value}`]);
  const exact = `Content-Length: ${length}`;
  return [
    ...single,
    [],
    [exact, exact],
    [exact, `Content-Length: ${length + 1}`],
    [exact, "Transfer-Encoding: chunked"],
    ["Transfer-Encoding: chunked", exact],
    ["Content-Length : 5"],
    ["Content_Length: 5"],
  ];
}

/** Headers that announce a body in chunks. */
export const transferEncodings = [
  ["Transfer-Encoding: chunked"],
  ["Transfer-Encoding: chunked"],
  ["Transfer-Encoding: chunked"],
  ["transfer-encoding: CHUNKED"],
  ["Transfer-Encoding: chunked, chunked"],
  ["Transfer-Encoding: gzip, chunked"],
  ["Transfer-Encoding: chunked", "Trailer: X"],
  ["Transfer-Encoding: x"],
  ["Transfer-Encoding:\tchunked"],
] as const;

/** A body in chunks, some of them invalid. */
export function wronglyChunked(body: Uint8Array, random: Random): Uint8Array {
  const size = 1 + random.below(Math.min(64, body.length + 1));
  const parts: Uint8Array[] = [];
  for (let at = 0; at < body.length; at += size) {
    const part = body.subarray(at, at + size);
    const isOdd = random.below(6) === 0;
    const line = isOdd ? random.pick(sizeLines)(part.length) : `${part.length.toString(16)}\r\n`;
    parts.push(latin1(line), part, latin1(isOdd ? random.pick(["\r\n", "\n", "", "x"]) : "\r\n"));
  }
  const end = random.pick([
    "0\r\n\r\n",
    "0\r\n\r\n",
    "0\r\n\r\n",
    "0\n\n",
    "0\r\n",
    "",
    "0\r\nX: y\r\n\r\n",
    `0\r\n${"X: y\r\n".repeat(5000)}\r\n`,
    "0;\r\n\r\n",
    "-1\r\n\r\n",
    "0\r\nContent-Length: 5\r\n\r\n",
    "00000000000000000\r\n\r\n",
    "0\r\n\u0000\r\n\r\n",
  ]);
  return Buffer.concat([...parts, latin1(end)]);
}

const sizeLines: readonly ((length: number) => string)[] = [
  (length) => `${(length + 1).toString(16)}\r\n`,
  (length) => `${length.toString(16)};ext=${"e".repeat(5000)}\r\n`,
  (length) => `${length.toString(16)};\u0000\r\n`,
  (length) => `0x${length.toString(16)}\r\n`,
  (length) => ` ${length.toString(16)} \r\n`,
  (length) => `${length.toString(16)}\n`,
  () => "ffffffffffffffff\r\n",
  () => "7fffffffffffffff\r\n",
  () => "10000000000000000\r\n",
  () => "-1\r\n",
  () => "g\r\n",
  () => "\r\n",
  () => "0\r\n",
  (length) => `${"0".repeat(4000)}${length.toString(16)}\r\n`,
];

/** Targets of a redirect. */
export const redirectTargets = [
  "//127.0.0.1:1/",
  "/",
  "..",
  "file:///etc/passwd",
  "javascript:1",
  "\u0000",
  "http://",
  "data:,x",
  "http://user:pass@127.0.0.1:1/",
  "unix:/run/x",
  "http://169.254.169.254:1/",
  "/latest/user-data",
  "?",
  "#",
] as const;

/** Values of Retry-After. */
export const retryAfters = [
  "0",
  "1",
  "-1",
  "99999999999",
  "1e9",
  "NaN",
  "Infinity",
  "",
  "0x10",
  " 1 ",
  "1.5",
  "Thu, 01 Jan 1970 00:00:00 GMT",
  "Fri, 31 Dec 9999 23:59:59 GMT",
  "\u0000",
  "999999999",
  "soon",
] as const;

/** Bytes after an answer. */
export const garbage = Buffer.from([0, 255, 10, 13, 27, 91, 50, 74, 128]);
