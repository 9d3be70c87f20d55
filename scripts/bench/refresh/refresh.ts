import * as v from "valibot";
import { startInstance } from "../../../test/kit/machine/vpc/instance.ts";
import { median } from "../../../test/kit/basics/median.ts";
import { type Figure, printRow, printTitle } from "../figure.ts";
import { type Refresher, refreshers } from "./refresh-contenders.ts";

const passes = 7;
const requests = v.array(
  v.object({ method: v.string(), path: v.string(), connection: v.number() }),
);

/** What a pass costs that finds nothing to do; times are those of all its processes. */
interface Pass {
  readonly cpuMs: number;
  readonly ms: number;
  readonly requests: number;
  readonly connections: number;
  readonly tokens: number;
  /** Requests for what was asked for before in the same pass. */
  readonly repeated: number;
}

/** A pass over four NICs that are as they should be: ec2nic's beside others', each on its machine. */
export async function benchRefresh(): Promise<readonly Figure[]> {
  const contenders = refreshers();
  printTitle(`refresh: four ENIs, nothing to do, median of ${passes} passes`, [
    "ms",
    "CPU ms",
    "requests",
    "tokens",
    "repeated",
    "conns",
  ]);
  const taken: { readonly name: string; readonly pass: Pass }[] = [];
  for (const contender of contenders) {
    const pass = await passOf(contender);
    taken.push({ name: contender.name, pass });
    const counts = [pass.requests, pass.tokens, pass.repeated, pass.connections].map(String);
    printRow(contender.name, [pass.ms.toFixed(0), pass.cpuMs.toFixed(0), ...counts]);
  }
  const [own, ...others] = taken;
  if (own === undefined) throw new Error("ec2nic takes part");
  const { requests: count, tokens, repeated, cpuMs } = own.pass;
  return [
    { name: "refresh: requests", value: count },
    { name: "refresh: tokens", value: tokens },
    { name: "refresh: repeated requests", value: repeated },
    ...others.flatMap(({ name, pass }) => [
      { name: `refresh: ec2nic's requests / ${name}'s`, value: count / pass.requests },
      { name: `refresh: ec2nic's CPU / ${name}'s`, value: cpuMs / pass.cpuMs },
    ]),
  ];
}

async function passOf({ machine: options, prepare, pass }: Refresher): Promise<Pass> {
  const enis = [0, 1, 2, 3].map((device) => ({ device }));
  await using instance = await startInstance({ ...options, enis });
  await prepare(instance);
  const { machine, vpc } = instance;
  const [cpu, wall]: [number[], number[]] = [[], []];
  for (let round = -1; round < passes; round += 1) {
    await vpc.simulator.order("clear-requests");
    const said = await machine.run(["sh", "-c", timed, "sh", pass], { timeoutMs: 60_000 });
    const { cpuMs, ms } = timesIn(said);
    if (round < 0) continue;
    cpu.push(cpuMs);
    wall.push(ms);
  }
  const asked = v.parse(requests, await vpc.simulator.look("requests"));
  const gets = asked.filter(({ method }) => method === "GET").map(({ path }) => path);
  return {
    cpuMs: median(cpu),
    ms: median(wall),
    requests: asked.length,
    connections: new Set(asked.map(({ connection }) => connection)).size,
    tokens: asked.filter(({ method }) => method === "PUT").length,
    repeated: gets.length - new Set(gets.map((path) => path.replace(/\/$/, ""))).size,
  };
}

/** `times` tells what its children used, and theirs (times(1p)). */
const timed = `
start=$(date +%s%N)
sh -c "$1" >/dev/null 2>&1 || exit 1
echo "ms $(( ($(date +%s%N) - start) / 1000000 ))"
times
`;

function timesIn(said: string): { readonly cpuMs: number; readonly ms: number } {
  const [, ms = ""] = /^ms (\d+)$/m.exec(said) ?? [];
  const last = said.trim().split("\n").at(-1) ?? "";
  const parts = [...last.matchAll(/(\d+)m([\d.]+)s/g)];
  const cpuMs = parts.reduce((sum, [, m, s]) => sum + Number(m) * 60_000 + Number(s) * 1000, 0);
  return { cpuMs, ms: Number(ms) };
}
