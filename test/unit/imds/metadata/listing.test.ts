import { expect, test } from "bun:test";
import { parseListing } from "../../../../src/imds/metadata/listing.ts";

const parse = (text: string, folder: readonly string[] = ["meta-data", "x"]) =>
  parseListing(new TextEncoder().encode(text), folder);
const shown = (text: string, folder?: readonly string[]) =>
  parse(text, folder).map(({ name, isFolder }) => `${name}${isFolder ? "/" : ""}`);

test.each<[string, string[]]>([
  ["", []],
  ["\n\n", []],
  ["b\na/", ["a/", "b"]],
  ["a\na", ["a"]],
  ["a\na/", ["a/"]],
  ["a/\na", ["a/"]],
  ["0=key", ["0=key"]],
  ["a b\nA=B", ["A=B", "a b"]],
  ["constructor\n__proto__", ["__proto__", "constructor"]],
  ["%2e%2e", ["%2e%2e"]],
  ["http:", ["http:"]],
])("%p", (text, entries) => {
  expect(shown(text)).toEqual(entries);
});

test("public-keys lists 0=name for the folder 0", () => {
  expect(shown("0=my-key\n1=a/../b=c", ["meta-data", "public-keys"])).toEqual(["0/", "1/"]);
  expect(shown("x=y", ["meta-data", "public-keys"])).toEqual(["x=y"]);
});

test.each([
  "..",
  "../",
  ".",
  "a/b",
  "/",
  "//",
  "a//",
  "http://x/",
  "a\r",
  "a\u0000b",
  "x".repeat(513),
])("%p would lead out, or is no name", (line) => {
  expect(() => parse(`good\n${line}\ngood2`)).toThrow(expect.objectContaining({ kind: "DATAERR" }));
});

test("a thousand names are a folder, one more is none", () => {
  const names = (count: number): string => Array.from({ length: count }, (_, at) => at).join("\n");
  expect(parse(names(1000))).toHaveLength(1000);
  expect(() => parse(names(1001))).toThrow(expect.objectContaining({ kind: "DATAERR" }));
});

test("what is no UTF-8 is no listing", () => {
  expect(() => parseListing(Uint8Array.of(0x61, 0xff), [])).toThrow(
    expect.objectContaining({ kind: "DATAERR" }),
  );
});
