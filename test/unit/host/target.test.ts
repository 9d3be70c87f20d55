import { expect, test } from "bun:test";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openTarget, pathBelow } from "../../../src/host/target.ts";
import { Failure } from "../../../src/exit.ts";
import { systemFiles } from "../../../src/host/files.ts";
import type { Files } from "../../../src/host/host.ts";
import { temporaryFolder } from "../../kit/basics/temporary-folder.ts";

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

const changes: Readonly<Record<string, (files: Files) => Promise<unknown>>> = {
  mkdir: ({ mkdir: make }) => make("/etc/netplan/new", 0o755),
  write: ({ write }) => write("/etc/netplan/a", "x", 0o600),
  removeTemporary: ({ removeTemporary }) => removeTemporary("/etc/netplan", 0),
  writeInPlace: ({ writeInPlace }) => writeInPlace("/etc/netplan/a", "x"),
  remove: ({ remove }) => remove("/etc/netplan/a"),
  symlink: ({ symlink: link }) => link("/etc/netplan/b", "a"),
  hardLink: ({ hardLink }) => hardLink("/etc/netplan/b", "/etc/own"),
  "move away": ({ move }) => move("/etc/netplan/a", "/etc/own"),
  "move there": ({ move }) => move("/etc/own", "/etc/netplan/a"),
  rmdir: ({ rmdir }) => rmdir("/etc/netplan/empty"),
};

// in an image, a symbolic link can lead to the files of the running machine
test.each(Object.keys(changes))(
  "%s is refused below a link that leaves the image",
  async (name) => {
    using folder = temporaryFolder();
    const [root, outside] = [join(folder.path, "root"), join(folder.path, "outside")];
    await mkdir(join(root, "etc"), { recursive: true });
    await mkdir(join(outside, "empty"), { recursive: true });
    for (const path of [join(root, "etc/own"), join(outside, "a")]) await writeFile(path, "old");
    await symlink(outside, join(root, "etc/netplan"));
    const { files } = openTarget({ files: systemFiles }, root);
    await expect(changes[name]?.(files)).rejects.toMatchObject({ kind: "CANTCREAT" });
    expect(await systemFiles.list(outside)).toEqual(["a", "empty"]);
    expect(await Bun.file(join(outside, "a")).text()).toBe("old");
  },
);
