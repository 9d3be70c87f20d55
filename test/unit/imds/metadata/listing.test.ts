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

test("a line 0=name of public-keys is the folder 0", () => {
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
])("the name %p is refused with DATAERR", (line) => {
  expect(() => parse(`good\n${line}\ngood2`)).toThrow(expect.objectContaining({ kind: "DATAERR" }));
});

test("a listing has at most a thousand names", () => {
  const names = (count: number): string => Array.from({ length: count }, (_, at) => at).join("\n");
  expect(parse(names(1000))).toHaveLength(1000);
  expect(() => parse(names(1001))).toThrow(expect.objectContaining({ kind: "DATAERR" }));
});

test("a listing that is not UTF-8 is refused with DATAERR", () => {
  expect(() => parseListing(Uint8Array.of(0x61, 0xff), [])).toThrow(
    expect.objectContaining({ kind: "DATAERR" }),
  );
});
