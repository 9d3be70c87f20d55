import { expect, test } from "bun:test";
import fc from "fast-check";
import { diffLines } from "../../../../src/output/plan/diff.ts";

test("equal texts have an empty diff", () => {
  expect(diffLines("a\nb\nc\n", "a\nb\nc\n")).toEqual(["…"]);
});

test("a diff shows two lines around each change", () => {
  const before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
  expect(diffLines(before, before.replace("5\n", "five\n"))).toEqual([
    "…",
    "  3",
    "  4",
    "- 5",
    "+ five",
    "  6",
    "  7",
    "…",
  ]);
});

test("a diff contains both texts", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = diffLines(`${before.join("\n")}\n`, `${after.join("\n")}\n`);
      fc.pre(!lines.includes("…"));
      const side = (sign: string) =>
        lines.filter((line) => [" ", sign].includes(line[0] ?? "")).map((line) => line.slice(2));
      expect(side("-")).toEqual(before);
      expect(side("+")).toEqual(after);
    }),
  );
});
