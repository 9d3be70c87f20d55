import { expect, test } from "bun:test";
import fc from "fast-check";
import { renderIni } from "../../../src/render/ini.ts";

test("a blank line separates sections, and a section without keys is left out", () => {
  const text = renderIni(
    ["# one", "# two"],
    [
      { name: "Match", entries: [["MACAddress", "06:aa:bb:cc:dd:01"]] },
      { name: "Link", entries: [] },
      {
        name: "Network",
        entries: [
          ["DHCP", true],
          ["Metric", 512],
          ["X", false],
        ],
      },
    ],
  );
  expect(text).toBe(
    "# one\n# two\n[Match]\nMACAddress=06:aa:bb:cc:dd:01\n\n[Network]\nDHCP=yes\nMetric=512\nX=no\n",
  );
});

const sectionOf = (value: string) => [{ name: "A", entries: [["key", value] as const] }];

test.each([
  "",
  "a\nb=c",
  "a\n[Match]",
  "a\r",
  "a\u0000",
  "a\\", // networkd joins the next line, NetworkManager reads an escape
  "a\\nb",
  " a", // both drop it
  "a ",
  "\u0085",
  "é",
])("%j is refused as a value and as a comment", (value) => {
  expect(() => renderIni([], sectionOf(value))).toThrow(RangeError);
  expect(() => renderIni([value], [])).toThrow(RangeError);
});

test("any value stays on its own line or is refused", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (value) => {
      const text = textOrNull(value);
      if (text !== null) expect(text).toBe(`\n[A]\nkey=${value}\n`.trimStart());
      else expect(value).not.toMatch(/^[A-Za-z0-9:./,-]+$/);
    }),
    { numRuns: 1000 },
  );
});

function textOrNull(value: string): string | null {
  try {
    return renderIni([], sectionOf(value));
  } catch {
    return null;
  }
}
