import { expect, setDefaultTimeout } from "bun:test";
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { command } from "../kit/machine/command.ts";
import { releaseFile, releaseMissing } from "../kit/release/release-files.ts";
import { repository } from "../kit/program/run-ec2nic.ts";
import { missingRoot, missingTool, testUnless } from "../kit/basics/skip.ts";
import { temporaryFolder } from "../kit/basics/temporary-folder.ts";

setDefaultTimeout(600_000);

const sums = releaseFile("SHA256SUMS");
const testIt = testUnless(
  releaseMissing(sums) ?? missingRoot() ?? missingTool("make", "rpmbuild", "dpkg-deb"),
);

/** Copies the files that git tracks, with their current content, to another folder. */
async function copyRepository(folder: string): Promise<void> {
  const listed = Bun.spawnSync(["git", "ls-files", "-z"], { cwd: repository });
  const names = listed.stdout.toString().split("\0").filter(Boolean);
  for (const name of names.filter((each) => existsSync(join(repository, each)))) {
    const to = join(folder, name);
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(join(repository, name), to);
  }
}

testIt(
  "make release gives the same bytes offline, in another folder and time zone, with another umask",
  async () => {
    using folder = temporaryFolder();
    const elsewhere = join(folder.path, "else where");
    await copyRepository(elsewhere);
    const epoch = Bun.spawnSync(["git", "log", "-1", "--format=%ct"], { cwd: repository });
    const env = {
      ...process.env,
      PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
      SOURCE_DATE_EPOCH: epoch.stdout.toString().trim(),
      TZ: "Asia/Tokyo",
      LC_ALL: "C",
      USER: "somebody",
    };
    // an empty network namespace: Bun has cached the packages of the first build
    const make = [
      "unshare",
      "--net",
      "sh",
      "-c",
      'umask 077; cd "$1" && exec make release',
      "sh",
      elsewhere,
    ];
    const { code, stderr } = await command(make, { timeoutMs: 590_000, env });
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    const again = await Bun.file(join(elsewhere, "dist/SHA256SUMS")).text();
    expect(again).toBe(await Bun.file(sums).text());
  },
);

testIt("make build makes the same executable as make release", async () => {
  const processor = process.arch === "arm64" ? "arm64" : "x64";
  const built = await Bun.file(releaseFile("ec2nic")).bytes();
  const released = await Bun.file(releaseFile(`ec2nic-VERSION-linux-${processor}`)).bytes();
  expect(Buffer.from(built).equals(released)).toBe(true);
});
