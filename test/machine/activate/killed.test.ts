import { expect } from "bun:test";
import type { EniSpec } from "../../../scripts/simulator/scenario/eni-spec.ts";
import { images } from "../../kit/machine/images.ts";
import { type TestInstance, startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";

const testMachine = machineTest();

const enis: readonly EniSpec[] = [
  { device: 0, ipv4: ["10.0.0.10", "10.0.0.11"] },
  { device: 1, ipv4: ["10.0.1.10", "10.0.1.11"] },
];
const image = images.networkd;

const files = [
  "/etc/systemd/network/60-ec2nic-06ec2a000000.network",
  "/etc/systemd/network/60-ec2nic-06ec2a000001.network",
  "/etc/systemd/networkd.conf.d/60-ec2nic.conf",
];

/** System calls that change a file or start a command; a run is killed at each of its calls. */
const systemCalls = ["fsync", "/^rename", "/^unlink", "/^mkdir", "execve", "/^f?chmod"];

/** The contents of ec2nic's files; null where a file does not exist. */
async function readFiles({ machine }: TestInstance): Promise<readonly (string | null)[]> {
  return Promise.all(
    files.map(async (path) => {
      const { code, stdout } = await machine.exec(["cat", path]);
      return code === 0 ? stdout : null;
    }),
  );
}

/** Removes what activate wrote. */
async function reset({ machine }: TestInstance): Promise<void> {
  await machine.remove(...files, "/run/ec2nic/unfinished.json");
  await machine.run(["networkctl", "reload"]);
}

/** Runs activate under strace, which injects a fault. */
async function activateWith(instance: TestInstance, injection: string) {
  const argv = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", injection];
  return instance.machine.exec([...argv, "ec2nic", "activate", "--timeout", "300s"]);
}

testMachine(
  "after SIGKILL at any step each file is old or new, and the next run configures the machine",
  async () => {
    await using instance = await startInstance({ enis, ...image });
    const { machine } = instance;
    await untilAddresses(machine, ["10.0.0.10"]);
    await machine.run(["ec2nic", "activate"]);
    const complete = await readFiles(instance);
    expect(complete).not.toContain(null);
    const kills: string[] = [];
    for (const call of systemCalls) {
      for (let nth = 1; nth <= 40; nth += 1) {
        await reset(instance);
        const { code } = await activateWith(instance, `inject=${call}:signal=SIGKILL:when=${nth}`);
        if (code === 0) break; // it has fewer calls
        kills.push(`${call} ${nth}`);
        const left = await readFiles(instance);
        expect(left.map((content, at) => content === null || content === complete[at])).toEqual(
          files.map(() => true),
        );
        expect((await machine.exec(["ec2nic", "fetch", "instance-id"])).code).toBe(0);
        expect((await machine.exec(["ec2nic", "activate", "--timeout", "300s"])).code).toBe(0);
        expect(await readFiles(instance)).toEqual(complete);
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
  "a full disk at any write ends activate with 73, and leaves no incomplete file",
  async () => {
    await using instance = await startInstance({ enis, ...image });
    const { machine } = instance;
    await untilAddresses(machine, ["10.0.0.10"]);
    await machine.run(["ec2nic", "activate"]);
    const complete = await readFiles(instance);
    const ends: string[] = [];
    for (const call of ["fsync", "/^rename", "/^mkdir"]) {
      for (let nth = 1; nth <= 30; nth += 1) {
        await reset(instance);
        const { code } = await activateWith(instance, `inject=${call}:error=ENOSPC:when=${nth}`);
        ends.push(`${call} ${nth}: ${code}`);
        const left = await readFiles(instance);
        expect(left.map((content, at) => content === null || content === complete[at])).toEqual(
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
