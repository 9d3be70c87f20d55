import { expect, setDefaultTimeout } from "bun:test";
import { dirname, join } from "node:path";
import { sha256 } from "../../scripts/release/sums.ts";
import { machineMissing } from "../support/machine/missing.ts";
import { type Chroot, chroot } from "../support/release/chroot.ts";
import { handedOut, releaseMissing } from "../support/release/handed-out.ts";
import { repository } from "../support/run-ec2nic.ts";
import { testUnless } from "../support/skip.ts";

setDefaultTimeout(120_000);

const sums = handedOut("SHA256SUMS");
const testIt = testUnless(releaseMissing(sums) ?? machineMissing("trixie"));

/** As the cookbook has it, but for where it gets the files from, and the sum. */
async function userData(sum: string): Promise<string> {
  const cookbook = await Bun.file(join(repository, "docs/cookbook.md")).text();
  const script = /user-data\.test\.ts runs this -->\s+```sh\n(.*?)```/s.exec(cookbook)?.[1] ?? "";
  expect(script).toContain("sha256sum");
  return script.replace(/^from=.*$/m, "from=/mnt/dist").replace(/^sums=.*$/m, `sums=${sum}`);
}

/** Its root has no curl: a stand-in copies the files. IMDS is switched off: activate ends with 78. */
const surroundings = `
curl() { shift 3; while [ $# -gt 0 ]; do cp "$2" .; shift 2; done; }
export AWS_EC2_METADATA_DISABLED=true
`;

async function runUserData(root: Chroot, sum: string) {
  const script = (await userData(sum)).replace(/^#!.*$/m, surroundings);
  return root.run(["sh", "-c", script]);
}

testIt("the cookbook's user-data installs what has the right sum, and activates", async () => {
  await using root = await chroot("trixie", dirname(sums));
  const { code, stderr } = await runUserData(root, sha256(sums));
  expect(stderr).toContain("installed: units start /usr/local/bin/ec2nic");
  expect(stderr).toContain("AWS_EC2_METADATA_DISABLED");
  expect(code).toBe(78);
  expect(await root.mustRun(["ls", "/tmp"])).toBe("");
});

testIt("the cookbook's user-data installs nothing that has another sum", async () => {
  await using root = await chroot("trixie", dirname(sums));
  const { code } = await runUserData(root, "0".repeat(64));
  expect(code).not.toBe(0);
  const found = await root.listing();
  expect(found.filter((line) => /ec2nic/.test(line))).toEqual([]);
});
