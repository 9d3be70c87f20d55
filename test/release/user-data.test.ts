import { expect, setDefaultTimeout } from "bun:test";
import { appendFile, copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { sha256 } from "../../scripts/release/sums.ts";
import { machineMissing } from "../kit/machine/missing.ts";
import { type Chroot, chroot } from "../kit/release/chroot.ts";
import { releaseFile, releaseMissing } from "../kit/release/release-files.ts";
import { repository } from "../kit/program/run-ec2nic.ts";
import { testUnless } from "../kit/basics/skip.ts";
import { temporaryFolder } from "../kit/basics/temporary-folder.ts";

setDefaultTimeout(120_000);

const sums = releaseFile("SHA256SUMS");
const testIt = testUnless(releaseMissing(sums) ?? machineMissing("trixie"));

/** The script of the cookbook, with another source of the files and another sum. */
async function userDataScript(sum: string): Promise<string> {
  const cookbook = await Bun.file(join(repository, "docs/cookbook.md")).text();
  const script = /user-data\.test\.ts runs this -->\s+```sh\n(.*?)```/s.exec(cookbook)?.[1] ?? "";
  expect(script).toContain("sha256sum");
  // coreutils 8.22 does not have this flag (Amazon Linux 2, RHEL 7)
  expect(script).not.toContain("--ignore-missing");
  return script.replace(/^from=.*$/m, "from=/mnt/dist").replace(/^sums=.*$/m, `sums=${sum}`);
}

/** The root has no curl: a function copies the files. IMDS is disabled: activate exits with 78. */
const preamble = `
curl() { shift 3; while [ $# -gt 0 ]; do cp "$2" .; shift 2; done; }
export AWS_EC2_METADATA_DISABLED=true
`;

async function runUserData(root: Chroot, sum: string) {
  const script = (await userDataScript(sum)).replace(/^#!.*$/m, preamble);
  return root.run(["sh", "-c", script]);
}

testIt(
  "the cookbook's user-data installs a program with the right sum, and runs activate",
  async () => {
    await using root = await chroot("trixie", dirname(sums));
    const { code, stderr } = await runUserData(root, sha256(sums));
    expect(stderr).toContain("installed; units start /usr/local/bin/ec2nic");
    expect(stderr).toContain("AWS_EC2_METADATA_DISABLED");
    expect(code).toBe(78);
    expect(await root.mustRun(["ls", "/tmp"])).toBe("");
  },
);

/** Each makes the files wrong in one way, and returns the sum of SHA256SUMS for the script. */
const defects: Readonly<Record<string, (folder: string) => Promise<string>>> = {
  "SHA256SUMS has another sum": async () => "0".repeat(64),
  "the program has another sum": async (folder) => {
    const files = (await readdir(folder)).filter((name) => name.startsWith("ec2nic-"));
    for (const name of files) await appendFile(join(folder, name), "more");
    return sha256(join(folder, "SHA256SUMS"));
  },
  "SHA256SUMS does not list the program": async (folder) => {
    const list = join(folder, "SHA256SUMS");
    const lines = (await readFile(list, "utf8")).replaceAll(/^.*linux-(?:x64|arm64)\n/gm, "");
    await writeFile(list, lines);
    return sha256(list);
  },
};

for (const [what, makeDefect] of Object.entries(defects)) {
  testIt(`the cookbook's user-data installs nothing if ${what}`, async () => {
    using files = temporaryFolder();
    for (const name of await readdir(dirname(sums))) {
      if (!/^(?:SHA256SUMS|ec2nic-[\d.]+-linux-(?:x64|arm64))$/.test(name)) continue;
      await copyFile(join(dirname(sums), name), join(files.path, name));
    }
    const sum = await makeDefect(files.path);
    await using root = await chroot("trixie", files.path);
    const { code, stderr } = await runUserData(root, sum);
    expect(stderr).toMatch(/sha256sum: /);
    expect(code).not.toBe(0);
    const found = await root.listing();
    expect(found.filter((line) => /ec2nic/.test(line))).toEqual([]);
  });
}
