import { expect, test } from "bun:test";
import { systemFiles } from "../../../../src/host/files.ts";
import type { Exec } from "../../../../src/host/host.ts";
import { openTarget } from "../../../../src/host/target.ts";
import { readSystemdVersion } from "../../../../src/inspect/machine/systemd-version.ts";
import { temporaryFolder } from "../../../kit/basics/temporary-folder.ts";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

const never: Exec = () => Promise.reject(new Error("an image runs no command"));

// Debian 12 and 13, Amazon Linux 2023 and Fedora
test.each([
  ["/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-257.so", 257],
  ["/usr/lib/aarch64-linux-gnu/systemd/libsystemd-shared-252.so", 252],
  ["/lib/systemd/libsystemd-shared-249.so", 249],
  ["/usr/lib64/systemd/libsystemd-shared-252.23-6.amzn2023.so", 252],
  ["/usr/lib/systemd/libsystemd-core-257.so", null],
])("%s in an image: %s", async (path, version) => {
  using root = temporaryFolder();
  await mkdir(dirname(`${root.path}${path}`), { recursive: true });
  await writeFile(`${root.path}${path}`, "");
  const target = openTarget({ files: systemFiles }, root.path);
  expect(await readSystemdVersion({ exec: never, target })).toBe(version);
});

test.each([
  ["systemd 252 (252.39-1~deb12u1)\n+PAM +AUDIT\n", 252],
  ["", null],
])("without the library, networkctl says %j", async (stdout, version) => {
  const argvs: (readonly string[])[] = [];
  const exec: Exec = async (argv) => {
    argvs.push(argv);
    return { code: stdout === "" ? 127 : 0, isStarted: stdout !== "", stdout, stderr: "" };
  };
  const files = { ...systemFiles, list: async () => [] };
  const target = openTarget({ files }, "/");
  expect(await readSystemdVersion({ exec, target })).toBe(version);
  expect(argvs).toEqual([["networkctl", "--version"]]);
});
