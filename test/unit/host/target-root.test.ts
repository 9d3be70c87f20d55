import { expect, test } from "bun:test";
import { underRoot } from "../../../src/host/target-root.ts";
import { Failure } from "../../../src/exit.ts";

test.each([
  ["/", "/etc/x"],
  ["", "/etc/x"],
  ["//", "/etc/x"],
  ["/mnt/image", "/mnt/image/etc/x"],
  ["/mnt/image/", "/mnt/image/etc/x"],
  ["image", "image/etc/x"],
])("root %j: %j", (root, path) => expect(underRoot(root, "/etc/x")).toBe(path));

test.each(["etc/x", "", "/etc/../../x", "/.."])("the path %j is refused", (path) => {
  expect(() => underRoot("/mnt", path)).toThrow(Failure);
});
