import { expect, test } from "bun:test";
import { parseListing } from "../../../../src/imds/metadata/listing.ts";

const parse = (text: string, folder: readonly string[] = ["meta-data", "x"]) =>
  parseListing(new TextEncoder().encode(text), folder);
const shown = (text: string, folder?: readonly string[]) =>
  parse(text, folder).entries.map(({ name, isFolder }) => `${name}${isFolder ? "/" : ""}`);

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

// A tag key can contain a slash (the tagging API allows it); one such tag cost the whole tree.
test.each([
  ["..", "would leave its folder"],
  ["../", "would leave its folder"],
  [".", "would leave its folder"],
  ["a/b", "holds a slash"],
  ["/", "is an empty name"],
  ["//", "holds a slash"],
  ["a//", "holds a slash"],
  ["http://x/", "holds a slash"],
  ["a\r", "holds a control character"],
  ["a\u0000b", "holds a control character"],
  ["x".repeat(513), "is too long"],
])("the name %p is refused and does not cost the others", (line, problem) => {
  const { entries, refused } = parse(`good\n${line}\ngood2`);
  expect(entries.map(({ name }) => name)).toEqual(["good", "good2"]);
  expect(refused).toEqual([`${JSON.stringify(line.slice(0, 80))}, which ${problem}`]);
});

test.each(["<!DOCTYPE html>\n<html>", "<html>log in</html>", '<?xml version="1.0"?>'])(
  "the page %p is not a listing",
  (page) => {
    expect(() => parse(page)).toThrow(expect.objectContaining({ kind: "DATAERR" }));
  },
);

test("a listing has at most a thousand names", () => {
  const names = (count: number): string => Array.from({ length: count }, (_, at) => at).join("\n");
  expect(parse(names(1000)).entries).toHaveLength(1000);
  expect(() => parse(names(1001))).toThrow(expect.objectContaining({ kind: "DATAERR" }));
});

test("a listing that is not UTF-8 is refused with DATAERR", () => {
  expect(() => parseListing(Uint8Array.of(0x61, 0xff), [])).toThrow(
    expect.objectContaining({ kind: "DATAERR" }),
  );
});
