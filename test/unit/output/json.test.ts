import { expect, test } from "bun:test";
import { renderJson } from "../../../src/output/json.ts";

test("keys are sorted at every depth, and lists keep their order", () => {
  expect(renderJson({ b: [{ d: null, c: 2 }, 1], a: "x" })).toBe(
    '{\n  "a": "x",\n  "b": [\n    {\n      "c": 2,\n      "d": null\n    },\n    1\n  ]\n}\n',
  );
});

test("a key called __proto__ is a key like any other", () => {
  expect(renderJson(JSON.parse('{"__proto__": {"b": 1}, "a": 2}'))).toBe(
    '{\n  "__proto__": {\n    "b": 1\n  },\n  "a": 2\n}\n',
  );
});

test("control characters are escaped, and parse to the same value", () => {
  const value = { "k\u009b": "\u001b[2J\u007f\u202e" };
  const text = renderJson(value);
  // oxlint-disable-next-line no-control-regex -- control characters are what it searches for
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  expect(JSON.parse(text)).toEqual(value);
});
