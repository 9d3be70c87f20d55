import { expect, setDefaultTimeout } from "bun:test";
import { atOnceMs, patient } from "../../kit/basics/busy-machine.ts";
import { createRandom } from "../../kit/basics/random.ts";
import { until } from "../../kit/basics/until.ts";
import { networkMissing } from "../../kit/netns/nic-network/missing.ts";
import { type NicNetwork, startNicNetwork } from "../../kit/netns/nic-network/nic-network.ts";
import type { NicSpec } from "../../kit/netns/nic-network/nic-spec.ts";
import {
  findProblems,
  type ExpectedRun,
  type NicFault,
  randomFaultyRun,
  type FaultyRun,
} from "../../kit/netns/nic-network/random-faults.ts";
import type { RunResult } from "../../kit/program/run-ec2nic.ts";
import { seededRuns } from "../../kit/basics/seed.ts";
import { testUnless } from "../../kit/basics/skip.ts";

/** `RUNS=1000` for a long test; `EC2NIC_SEED=N RUNS=1` repeats the run that a failure names. */
const runs = Number(process.env["RUNS"] ?? "40");
setDefaultTimeout(30_000 + runs * 10_000);
const testNics = testUnless(networkMissing());

/** How late after the deadline a run may end. Some runs have tries of 60 s, which the deadline ends. */
const graceMs = atOnceMs;

/** Slow enough that a fault can occur in the middle of a tree. */
const imds = { latencyMs: 15 } as const;
const nics: readonly NicSpec[] = [
  { name: "ens5", ipv4: "10.0.0.10/24", imds, defaultRoute: true },
  {
    name: "ens6",
    ipv4: "10.0.1.10/24",
    ipv6: "2600:1f14:ec2:1::10/64",
    imds,
    defaultRoute: true,
  },
  { name: "ens7", ipv4: "10.0.2.10/24", imds, defaultRoute: true },
];
const names = nics.map(({ name }) => name);

testNics(
  `${runs} runs with random faults of NICs and of IMDS end in time with a correct result`,
  async () => {
    const { seed } = seededRuns(runs);
    console.log(`EC2NIC_SEED=${seed}`);
    await using network = await startNicNetwork({ nics });
    const before = await network.state();
    const expected = await Promise.all(commands.map((args) => runWithoutFaults(network, args)));
    const codes: Record<string, number> = {};
    for (let at = 0; at < runs; at += 1) {
      const faultyRun = randomFaultyRun(createRandom(seed + at), names, expected);
      const run = await runWithFaults(network, faultyRun);
      codes[run.code] = (codes[run.code] ?? 0) + 1;
      const problems = findProblems(faultyRun, run, graceMs);
      await repairAll(network);
      await until("the network is as before", async () =>
        Bun.deepEquals(await network.state(), before),
      );
      if (problems.length > 0)
        console.log(JSON.stringify(faultyRun.faults), faultyRun.expected.args);
      const replay = `EC2NIC_SEED=${seed + at} RUNS=1`;
      expect({ replay, problems }).toEqual({ replay, problems: [] });
    }
    console.log("number of runs per exit status", codes);
    if (runs >= 40) expect((codes[0] ?? 0) + (codes[66] ?? 0)).toBeGreaterThan(0);
    if (runs >= 200) expect(Object.keys(codes)).toContain("69"); // one in fourteen
  },
);

const commands = [
  ["fetch", "instance-id"],
  ["fetch", "spot/instance-action"],
  ["fetch", "--json"],
];

async function runWithoutFaults(
  network: NicNetwork,
  args: readonly string[],
): Promise<ExpectedRun> {
  const { code, text } = await network.ec2nic(args);
  return { args, code, text };
}

async function runWithFaults(
  network: NicNetwork,
  { expected, faults, timeoutMs, isPatient }: FaultyRun,
): Promise<RunResult> {
  for (const { nic, fault } of faults.filter(({ atMs }) => atMs === 0))
    await applyFault(network, nic, fault);
  const startMs = performance.now();
  const args = [...expected.args, "--timeout", `${timeoutMs}ms`];
  const run = network.start(args, isPatient ? { env: patient } : {});
  let isOver = false;
  const result = run.result.finally(() => (isOver = true));
  for (const { atMs, nic, fault } of faults.filter(({ atMs }) => atMs > 0)) {
    await Promise.race([result, Bun.sleep(startMs + atMs - performance.now())]);
    if (isOver) break;
    await applyFault(network, nic, fault);
  }
  return result;
}

async function applyFault(network: NicNetwork, nic: string, fault: NicFault): Promise<void> {
  if (fault === "fix") return repairNic(network, nic);
  if (fault === "unplug") return void (await network.run(["ip", "link", "delete", nic]));
  if (fault !== "cut the cable") return void (await network.simulator(nic).order("fault", fault));
  if (await nicExists(network, nic)) await network.far(nic, ["ip", "link", "set", "far", "down"]);
}

async function repairNic(network: NicNetwork, nic: string): Promise<void> {
  await network.simulator(nic).order("clear-faults");
  const spec = nics.find(({ name }) => name === nic);
  if (spec !== undefined && !(await nicExists(network, nic))) return network.plug(spec);
  await network.far(nic, ["ip", "link", "set", "far", "up"]);
}

async function repairAll(network: NicNetwork): Promise<void> {
  for (const name of names) {
    await repairNic(network, name);
    await network.simulator(name).order("clear-requests");
  }
}

async function nicExists(network: NicNetwork, nic: string): Promise<boolean> {
  return (await network.run(["ip", "link", "show", nic])).code === 0;
}
