import { expect } from "bun:test";
import type { EniSpec } from "../../../scripts/simulator/scenario/eni-spec.ts";
import { modestImages as images } from "../../kit/machine/images.ts";
import { type ImdsLoad, imdsLoad } from "../../kit/machine/checks/imds-load.ts";
import { type TestInstance, startInstance } from "../../kit/machine/vpc/instance.ts";
import type { Machine } from "../../kit/machine/machine.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { expectNothingToDo } from "../../kit/machine/checks/nothing-to-do.ts";
import { pingThrough } from "../../kit/machine/checks/ping-through.ts";
import { type RunInMachine, runsAtOnce, stepsRun } from "../../kit/machine/checks/runs-at-once.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";

const testMachine = machineTest();

const primary: EniSpec = { device: 0, dualStack: true };

/** Sixteen ENIs; every other one is dual stack. */
function sixteen(late?: NonNullable<EniSpec["late"]>): readonly EniSpec[] {
  return Array.from({ length: 16 }, (_, at) => {
    const device = at + 1;
    const isDual = device % 2 === 0;
    return {
      device,
      ipv4: [`10.0.1.${device + 9}`, `10.0.1.${device + 99}`],
      subnetCidr: "10.0.1.0/24",
      ...(isDual ? dualStack(device) : {}),
      ...(late === undefined ? {} : { late }),
    };
  });
}

function dualStack(device: number): Partial<EniSpec> {
  return {
    subnetCidr: "10.0.2.0/24",
    ipv4: [`10.0.2.${device + 9}`, `10.0.2.${device + 99}`],
    ipv6: [`2600:1f14:ec2:102::${device}`],
    subnetIpv6Cidrs: ["2600:1f14:ec2:102::/64"],
    vpcIpv6Cidrs: ["2600:1f14:ec2:100::/56"],
  };
}

const addressesOf = (specs: readonly EniSpec[]): readonly string[] =>
  specs.flatMap(({ ipv4 = [], ipv6 = [] }) => [...ipv4, ...ipv6]);

const nicOf = ({ device }: EniSpec): string => `ens${5 + device}`;
const add = (spec: EniSpec): readonly string[] => {
  return ["ec2nic", "hotplug", "add", "--nic", nicOf(spec), "--settle", "3s", "--json", "-v"];
};

/** Attaches all ENIs, and runs `hotplug add` for each at the same time. */
async function addAll({ machine, vpc }: TestInstance, specs: readonly EniSpec[]) {
  await Promise.all(specs.map((spec) => vpc.attach(machine, spec, { metadata: false })));
  await Promise.all(specs.map((spec) => vpc.simulator.order("attach", spec)));
  await vpc.simulator.order("clear-requests");
  const runs = await runsAtOnce(machine, specs.map(add));
  return { runs, load: await imdsLoad(vpc.simulator) };
}

/** Detaches all ENIs, and runs `hotplug remove` so many times at the same time. */
async function removeAll({ machine, vpc }: TestInstance, specs: readonly EniSpec[], times: number) {
  const macs = specs.map(({ device }) => macOf(device));
  await Promise.all(macs.map((mac) => vpc.detach(mac, { lingerMs: 2000 })));
  const argvs = Array.from({ length: times }, () => [
    "ec2nic",
    "hotplug",
    "remove",
    "--json",
    "-v",
  ]);
  return runsAtOnce(machine, argvs);
}

function macOf(device: number): string {
  return `06:ec:2a:00:00:${device.toString(16).padStart(2, "0")}`;
}

function printFigures(what: string, runs: readonly RunInMachine[], load: ImdsLoad | null): void {
  const wallMs = Math.max(...runs.map(({ elapsedMs }) => elapsedMs));
  const applied = runs.map(({ stdout }) => JSON.parse(stdout).nics[0]?.timeline?.appliedMs ?? 0);
  const figures = { wallMs, lastAppliedMs: Math.max(...applied), load, steps: stepsRun(runs) };
  console.log(what, JSON.stringify(figures));
}

/** How often a daemon was made to read its files. */
function countReloads(runs: readonly RunInMachine[]): number {
  const steps = stepsRun(runs);
  const reloads = ["networkctl reload", "nmcli connection load", "nmcli connection reload"];
  return reloads.reduce((sum, each) => sum + (steps[each] ?? 0), 0);
}

/** Asserts that all runs exited with 0 and one of these outcomes. */
function expectOutcomes(runs: readonly RunInMachine[], outcomes: readonly string[]): void {
  const unexpected = runs.filter(({ code, stdout }) => {
    return code !== 0 || !outcomes.includes(JSON.parse(stdout).outcome);
  });
  expect(unexpected).toEqual([]);
}

/** The files of ec2nic in /etc and /run, rules and routes. */
async function readState({ machine }: TestInstance): Promise<readonly string[]> {
  const script = [
    "find /etc -name '*ec2nic*'",
    "find /run/ec2nic -not -name nics.json",
    "ip rule",
    "ip -6 rule",
    "ip route show table all | grep -v 'table local\\|proto ra\\|expires'",
  ];
  const lines = (await machine.run(["sh", "-c", script.join("; ")])).split("\n");
  return lines.map((line) => line.trim()).toSorted();
}

for (const [backend, image] of Object.entries(images)) {
  testMachine(
    `${backend}: sixteen NICs at once are configured and retired with few reloads`,
    async () => {
      await using instance = await startInstance({ enis: [primary], ...image });
      const { machine } = instance;
      await untilAddresses(machine, ["10.0.0.10", "2600:1f14:ec2:100::10"]);
      await machine.run(["ec2nic", "activate"]);
      await untilAddresses(machine, ["10.0.0.10", "2600:1f14:ec2:100::10"]);
      const pings = [
        await pingThrough(instance, { address: "10.0.0.10" }),
        await pingThrough(instance, { address: "2600:1f14:ec2:100::10" }),
      ];

      const [one = primary] = sixteen();
      const alone = await addAll(instance, [one]);
      expectOutcomes(alone.runs, ["configured"]);
      printFigures(`${backend}, one:`, alone.runs, alone.load);
      expectOutcomes(await removeAll(instance, [one], 1), ["retired"]);
      const before = await readState(instance);

      const all = await addAll(instance, sixteen());
      printFigures(`${backend}, sixteen:`, all.runs, all.load);
      expectOutcomes(all.runs, ["configured"]);
      expect(countReloads(all.runs)).toBeLessThanOrEqual(4);
      expect(all.load.requests).toBeLessThan(16 * alone.load.requests);
      await untilAddresses(machine, addressesOf(sixteen()));
      await expectNothingToDo(machine);
      const gone = await removeAll(instance, sixteen(), 16);
      printFigures(`${backend}, sixteen gone:`, gone, null);
      expectOutcomes(gone, ["retired", "unchanged"]);
      expect(countReloads(gone)).toBeLessThanOrEqual(2);
      expect(await readState(instance)).toEqual(before);

      if (backend === "netplan") await throttledSixteen(instance, before);

      const lost = await Promise.all(pings.map((ping) => ping.stop()));
      console.log(backend, "pings", JSON.stringify(lost));
      expect(lost[0]?.lost).toBe(0);
      // netplan writes all units again, and networkd then removes IPv6 from every link for 2.5 s
      if (backend !== "netplan") expect(lost[1]?.lost).toBe(0);
    },
  );
}

/** Adds sixteen NICs with an IMDS that is late and answers 20 requests a second. */
async function throttledSixteen(instance: TestInstance, before: readonly string[]): Promise<void> {
  const { machine, vpc } = instance;
  const number = { afterMs: 2000, before: "0" };
  const specs = sixteen({ ".": 1500, ipv6s: 3000, "device-number": number });
  await vpc.simulator.order("rate-limit", { perSecond: 20 });
  const slow = await addAll(instance, specs);
  await vpc.simulator.order("rate-limit", null);
  printFigures("sixteen, late and throttled:", slow.runs, slow.load);
  expectOutcomes(slow.runs, ["configured"]);
  await untilAddresses(machine, addressesOf(specs));
  await expectNothingToDo(machine);
  expectOutcomes(await removeAll(instance, specs, 1), ["retired"]);
  expect(await readState(instance)).toEqual(before);
}

/** Kills the leader, and returns its process id; empty where no further run leads yet. */
async function findAndKill(machine: Machine, known: readonly string[]): Promise<string> {
  const { code, stdout } = await machine.exec(["sh", "-euc", killLeader]);
  const pid = stdout.trim();
  return code !== 0 || known.includes(pid) ? "" : pid;
}

/** Kills the leader of a batch, which is the process that holds its lock. */
const killLeader = `
inode=$(stat -c %i /run/ec2nic/batch/lock-*)
pid=$(awk -v end=":$inode" '$2 == "FLOCK" && substr($6, length($6) - length(end) + 1) == end { print $5 }' /proc/locks)
kill -KILL "$pid"
echo "$pid"
`;

testMachine(
  "sixteen NICs are configured although the leader of their batch is killed three times",
  async () => {
    await using instance = await startInstance({ enis: [primary], ...images.networkd });
    const { machine, vpc } = instance;
    await untilAddresses(machine, ["10.0.0.10"]);
    await machine.run(["ec2nic", "activate"]);
    const ping = await pingThrough(instance, { address: "10.0.0.10" });
    const specs = sixteen({ ".": 3000, "local-ipv4s": 3500, ipv6s: 4500 });
    await vpc.simulator.order("clear-requests");
    const adding = addAll(instance, specs);
    await machine.until("a run leads the batch", async () => {
      return (await machine.exec(["sh", "-c", "ls /run/ec2nic/batch/lock-*"])).code === 0;
    });
    const killed: string[] = [];
    for (const afterMs of [1000, 2500, 600]) {
      await Bun.sleep(afterMs);
      // the next leader needs a moment to take the lock
      killed.push(await machine.until("a leader is killed", () => findAndKill(machine, killed)));
    }
    const { runs } = await adding;
    console.log("killed", killed.join(", "), JSON.stringify(stepsRun(runs)));
    expect(new Set(killed).size).toBe(3);
    expect(runs.filter(({ code }) => code === 137)).toHaveLength(3);
    expectOutcomes(
      runs.filter(({ code }) => code !== 137),
      ["configured", "unchanged"],
    );
    await untilAddresses(machine, addressesOf(specs));
    await expectNothingToDo(machine);
    expect(await machine.run(["ls", "-A", "/run/ec2nic/batch"])).toMatch(/^lock-\w+\n$/);
    expect((await ping.stop()).lost).toBe(0);
  },
);
