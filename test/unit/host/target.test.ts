import { expect, test } from "bun:test";
import { pathBelow } from "../../../src/host/target.ts";
import { Failure } from "../../../src/exit.ts";

test.each([
  ["/", "/etc/x"],
  ["", "/etc/x"],
  ["//", "/etc/x"],
  ["/mnt/image", "/mnt/image/etc/x"],
  ["/mnt/image/", "/mnt/image/etc/x"],
  ["image", "image/etc/x"],
])("root %j: %j", (root, path) => expect(pathBelow(root, "/etc/x")).toBe(path));

test.each(["etc/x", "", "/etc/../../x", "/.."])("the path %j is refused", (path) => {
  expect(() => pathBelow("/mnt", path)).toThrow(Failure);
});
