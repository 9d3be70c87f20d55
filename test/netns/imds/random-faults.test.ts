import { expect, setDefaultTimeout } from "bun:test";
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

/** `RUNS=1000` for the real one; `EC2NIC_SEED=N RUNS=1` for the run that a failure names. */
const runs = Number(process.env["RUNS"] ?? "40");
setDefaultTimeout(30_000 + runs * 10_000);
const testNics = testUnless(networkMissing());

/** After the deadline; the second part is for a machine that is busy with other things. */
const graceMs = 300 + Number(process.env["LOAD_MS"] ?? "200");

/** For a crawl to have a middle. */
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
  `${runs} runs among NICs that die, come back and lie end in time, and rightly`,
  async () => {
    const { seed } = seededRuns(runs);
    console.log(`EC2NIC_SEED=${seed}`);
    await using network = await startNicNetwork({ nics });
    const before = await network.state();
    const asks = await Promise.all(commands.map((args) => askedInPeace(network, args)));
    const codes: Record<string, number> = {};
    for (let at = 0; at < runs; at += 1) {
      const trouble = randomFaultyRun(createRandom(seed + at), names, asks);
      const run = await runAmong(network, trouble);
      codes[run.code] = (codes[run.code] ?? 0) + 1;
      const complaints = findProblems(trouble, run, graceMs);
      await mendAll(network);
      await until("all is as it was", async () => Bun.deepEquals(await network.state(), before));
      if (complaints.length > 0) console.log(JSON.stringify(trouble.faults), trouble.expected.args);
      const replay = `EC2NIC_SEED=${seed + at} RUNS=1`;
      expect({ replay, complaints }).toEqual({ replay, complaints: [] });
    }
    console.log("statuses, and how often", codes);
    if (runs >= 40) expect(Object.keys(codes)).toEqual(expect.arrayContaining(["0", "66"]));
    if (runs >= 200) expect(Object.keys(codes)).toContain("69"); // one in fourteen
  },
);

const commands = [
  ["fetch", "instance-id"],
  ["fetch", "spot/instance-action"],
  ["fetch", "--json"],
];

async function askedInPeace(network: NicNetwork, args: readonly string[]): Promise<ExpectedRun> {
  const { code, text } = await network.ec2nic(args);
  return { args, code, text };
}

async function runAmong(
  network: NicNetwork,
  { expected, faults, timeoutMs }: FaultyRun,
): Promise<RunResult> {
  for (const { nic, fault } of faults.filter(({ atMs }) => atMs === 0))
    await befall(network, nic, fault);
  const startMs = performance.now();
  const run = network.start([...expected.args, "--timeout", `${timeoutMs}ms`]);
  let isOver = false;
  const result = run.result.finally(() => (isOver = true));
  for (const { atMs, nic, fault } of faults.filter(({ atMs }) => atMs > 0)) {
    await Promise.race([result, Bun.sleep(startMs + atMs - performance.now())]);
    if (isOver) break;
    await befall(network, nic, fault);
  }
  return result;
}

async function befall(network: NicNetwork, nic: string, mishap: NicFault): Promise<void> {
  if (mishap === "fix") return fix(network, nic);
  if (mishap === "unplug") return void (await network.run(["ip", "link", "delete", nic]));
  if (mishap !== "cut the cable") return void (await network.simulator(nic).order("fault", mishap));
  if (await isThere(network, nic)) await network.far(nic, ["ip", "link", "set", "far", "down"]);
}

async function fix(network: NicNetwork, nic: string): Promise<void> {
  await network.simulator(nic).order("clear-faults");
  const spec = nics.find(({ name }) => name === nic);
  if (spec !== undefined && !(await isThere(network, nic))) return network.plug(spec);
  await network.far(nic, ["ip", "link", "set", "far", "up"]);
}

async function mendAll(network: NicNetwork): Promise<void> {
  for (const name of names) {
    await fix(network, name);
    await network.simulator(name).order("clear-requests");
  }
}

async function isThere(network: NicNetwork, nic: string): Promise<boolean> {
  return (await network.run(["ip", "link", "show", nic])).code === 0;
}
