import { expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFiles } from "../../src/apply/write-files.ts";
import { systemFiles } from "../../src/host/files.ts";
import { silentLog } from "../support/golden-case.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("what a run that lost its power had begun to write goes; what others wrote stays", async () => {
  using folder = temporaryFolder();
  const netplan = join(folder.path, "etc/netplan");
  await mkdir(netplan, { recursive: true });
  await writeFile(join(netplan, ".ec2nic-0123456789ab.tmp"), "half");
  await writeFile(join(netplan, ".50-image.yaml.swp"), "an editor's");
  const host = { files: systemFiles, log: silentLog, signal: new AbortController().signal };
  const file = { path: "/etc/netplan/60-ec2nic-06ec2a000000.yaml", content: "x", mode: 0o600 };
  const write = [{ ...file, mac: "06:ec:2a:00:00:00" }];
  expect(await writeFiles(host, { write, remove: [] }, folder.path)).toEqual(new Map());
  const left = [".50-image.yaml.swp", "60-ec2nic-06ec2a000000.yaml"];
  expect(await systemFiles.list(netplan)).toEqual(left);
});
