import { expect, test } from "bun:test";
import fc from "fast-check";
import { renderYaml, type Yaml } from "../../../src/render/yaml.ts";

const scalar = fc.oneof(
  fc.string({ unit: "binary-ascii" }),
  fc.string({ unit: "grapheme" }),
  fc.boolean(),
  fc.integer(),
);
const { tree } = fc.letrec<{ tree: Yaml }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small" },
    scalar,
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(keys(), tie("tree"), { maxKeys: 3 }),
  ),
}));

function keys(): fc.Arbitrary<string> {
  const word = fc.constantFrom(
    "dhcp4",
    "on",
    "yes",
    "on-link",
    "null",
    "2001:db8::1/128",
    "12:34:56",
  );
  return fc.oneof(word, fc.string()).filter((key) => !["__proto__", "<<"].includes(key)); // Bun merges `<<`, quoted or not
}

test("a YAML parser reads back what was rendered", () => {
  fc.assert(
    fc.property(fc.dictionary(keys(), tree), (document) => {
      expect(Bun.YAML.parse(renderYaml(document))).toEqual({ ...document });
    }),
    { numRuns: 1000 },
  );
});

// PyYAML (YAML 1.1) reads 12:34:56:12:34:56 as a number, `no` as false, 1e3 as a number.
test.each([
  "12:34:56:12:34:56",
  "no",
  "1e3",
  "0o7",
  "2026-01-01",
  "~",
  "",
  "a: b",
  "# c",
  "\u0085",
])("%j is quoted", (text) => expect(renderYaml({ key: text })).toMatch(/^key: "[ -~]*"\n$/));

test.each(["no", "on", "null", "true", "12:30", "a-ec2nic-1"])("the key %j is quoted", (key) => {
  expect(renderYaml({ [key]: 1 })).toBe(`"${key}": 1\n`);
});

test("the layout is that of netplan's manual", () => {
  const document = {
    network: { version: 2, list: ["a", { to: "b", table: 1 }], none: [], off: {} },
  };
  expect(renderYaml(document)).toBe(
    [
      "network:",
      "  version: 2",
      "  list:",
      '    - "a"',
      '    - to: "b"',
      "      table: 1",
      "  none: []",
      '  "off": {}',
      "",
    ].join("\n"),
  );
});
