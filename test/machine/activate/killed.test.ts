import { beforeAll, expect, setDefaultTimeout } from "bun:test";
import type { EniSpec } from "../../../scripts/simulator/scenario/eni-spec.ts";
import { type TestInstance, startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineMissing } from "../../kit/machine/missing.ts";
import { rootFileSystem } from "../../kit/machine/root-file-system.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(240_000);
const missing = machineMissing();
const testMachine = testUnless(missing);
beforeAll(async () => void (missing ?? (await rootFileSystem("bookworm"))), 600_000);

const enis: readonly EniSpec[] = [
  { device: 0, ipv4: ["10.0.0.10", "10.0.0.11"] },
  { device: 1, ipv4: ["10.0.1.10", "10.0.1.11"] },
];
const image = {
  enable: ["systemd-networkd.service"],
  files: { "/etc/systemd/network/99-image.network": "[Match]\nName=ens*\n\n[Network]\nDHCP=yes\n" },
};

const files = [
  "/etc/systemd/network/60-ec2nic-06ec2a000000.network",
  "/etc/systemd/network/60-ec2nic-06ec2a000001.network",
  "/etc/systemd/networkd.conf.d/60-ec2nic.conf",
];

/** Everything that changes a file or starts a command, at its every occurrence. */
const deeds = ["fsync", "/^rename", "/^unlink", "/^mkdir", "execve", "/^f?chmod"];

/** Our files' contents; null where there is none. A half-written one would equal neither state. */
async function ours({ machine }: TestInstance): Promise<readonly (string | null)[]> {
  return Promise.all(
    files.map(async (path) => {
      const { code, stdout } = await machine.exec(["cat", path]);
      return code === 0 ? stdout : null;
    }),
  );
}

async function forget({ machine }: TestInstance): Promise<void> {
  await machine.remove(...files, "/run/ec2nic/unfinished.json");
  await machine.run(["networkctl", "reload"]);
}

async function end(instance: TestInstance, injection: string) {
  const argv = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", injection];
  return instance.machine.exec([...argv, "ec2nic", "activate", "--timeout", "20s"]);
}

testMachine(
  "kill -9 at each step: files are old or new, the machine reachable, the next run finishes",
  async () => {
    await using instance = await startInstance({ enis, ...image });
    const { machine } = instance;
    await untilAddresses(machine, ["10.0.0.10"]);
    await machine.run(["ec2nic", "activate"]);
    const whole = await ours(instance);
    expect(whole).not.toContain(null);
    const kills: string[] = [];
    for (const deed of deeds) {
      for (let nth = 1; nth <= 40; nth += 1) {
        await forget(instance);
        const { code } = await end(instance, `inject=${deed}:signal=SIGKILL:when=${nth}`);
        if (code === 0) break; // it ended before its nth
        kills.push(`${deed} ${nth}`);
        const left = await ours(instance);
        expect(left.map((content, at) => content === null || content === whole[at])).toEqual(
          files.map(() => true),
        );
        expect((await machine.exec(["ec2nic", "fetch", "instance-id"])).code).toBe(0);
        expect((await machine.exec(["ec2nic", "activate", "--timeout", "20s"])).code).toBe(0);
        expect(await ours(instance)).toEqual(whole);
        const remains = await machine.exec(["sh", "-c", "ls -A /run/ec2nic | grep unfinished"]);
        expect(remains.stdout).toBe("");
        expect((await machine.exec(["ec2nic", "activate", "--check"])).stdout).toBe(
          "no difference\n",
        );
      }
    }
    console.log(`killed at ${kills.length} steps: ${kills.join(", ")}`);
    expect(kills.length).toBeGreaterThan(15);
  },
);

testMachine(
  "the disk is full at each write: 73 or done, nothing half-written, the machine reachable",
  async () => {
    await using instance = await startInstance({ enis, ...image });
    const { machine } = instance;
    await untilAddresses(machine, ["10.0.0.10"]);
    await machine.run(["ec2nic", "activate"]);
    const whole = await ours(instance);
    const ends: string[] = [];
    for (const deed of ["fsync", "/^rename", "/^mkdir"]) {
      for (let nth = 1; nth <= 30; nth += 1) {
        await forget(instance);
        const { code } = await end(instance, `inject=${deed}:error=ENOSPC:when=${nth}`);
        ends.push(`${deed} ${nth}: ${code}`);
        const left = await ours(instance);
        expect(left.map((content, at) => content === null || content === whole[at])).toEqual(
          files.map(() => true),
        );
        expect(
          (await machine.exec(["sh", "-c", "ls -A /etc/systemd/network"])).stdout,
        ).not.toContain(".tmp");
        expect([0, 73]).toContain(code);
        expect((await machine.exec(["ec2nic", "fetch", "instance-id"])).code).toBe(0);
        if (code === 0 && nth > 12) break;
      }
    }
    console.log(ends.join(", "));
    expect(ends.some((each) => each.endsWith("73"))).toBe(true);
  },
);
