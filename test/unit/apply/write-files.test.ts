import { openTarget } from "../../../src/host/target.ts";
import { expect, test } from "bun:test";
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFiles } from "../../../src/apply/write-files.ts";
import { systemFiles } from "../../../src/host/files.ts";
import { silentLog } from "../../kit/host/fake-host.ts";
import { temporaryFolder } from "../../kit/basics/temporary-folder.ts";

test("writeFiles removes an old temporary file of ec2nic, and keeps a fresh one and files of other programs", async () => {
  using folder = temporaryFolder();
  const netplan = join(folder.path, "etc/netplan");
  await mkdir(netplan, { recursive: true });
  const [old, fresh] = [".ec2nic-0123456789ab.tmp", ".ec2nic-ba9876543210.tmp"];
  for (const name of [old, fresh]) await writeFile(join(netplan, name), "half");
  const anHourAgo = new Date(Date.now() - 3_600_000);
  await utimes(join(netplan, old), anHourAgo, anHourAgo);
  await writeFile(join(netplan, ".50-image.yaml.swp"), "an editor's");
  const host = { files: systemFiles, log: silentLog, signal: new AbortController().signal };
  const file = { path: "/etc/netplan/60-ec2nic-06ec2a000000.yaml", content: "x", mode: 0o600 };
  const write = [{ ...file, mac: "06:ec:2a:00:00:00" }];
  expect(await writeFiles(host, { write, remove: [] }, openTarget(host, folder.path))).toEqual(
    new Map(),
  );
  const left = [".50-image.yaml.swp", fresh, "60-ec2nic-06ec2a000000.yaml"];
  expect(await systemFiles.list(netplan)).toEqual(left);
});
