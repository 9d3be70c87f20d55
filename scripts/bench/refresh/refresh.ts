import * as v from "valibot";
import { startInstance } from "../../../test/kit/machine/vpc/instance.ts";
import { median } from "../../shared/median.ts";
import { type Figure, printRow, printTitle } from "../figure.ts";
import { type RefreshProgram, refreshPrograms } from "./refresh-programs.ts";

const rounds = 7;
const requests = v.array(
  v.object({ method: v.string(), path: v.string(), connection: v.number() }),
);

/** The cost of a refresh that finds nothing to do. */
interface RefreshCost {
  /** The processor time of all its processes. */
  readonly cpuMs: number;
  readonly ms: number;
  readonly requests: number;
  readonly connections: number;
  readonly tokens: number;
  /** Requests for a path that the same refresh had requested before. */
  readonly repeated: number;
}

/** Compares programs that check four correctly configured NICs; each runs on its own machine. */
export async function benchRefresh(): Promise<readonly Figure[]> {
  const programs = refreshPrograms();
  printTitle(`refresh: four ENIs, nothing to do, median of ${rounds}`, [
    "ms",
    "CPU ms",
    "requests",
    "tokens",
    "repeated",
    "conns",
  ]);
  const measured: { readonly name: string; readonly cost: RefreshCost }[] = [];
  for (const program of programs) {
    const cost = await measureRefresh(program);
    measured.push({ name: program.name, cost });
    const counts = [cost.requests, cost.tokens, cost.repeated, cost.connections].map(String);
    printRow(program.name, [cost.ms.toFixed(0), cost.cpuMs.toFixed(0), ...counts]);
  }
  const [own, ...others] = measured;
  if (own === undefined) throw new Error("ec2nic was not measured");
  const { requests: count, tokens, repeated, cpuMs } = own.cost;
  return [
    { name: "refresh: requests", value: count },
    { name: "refresh: tokens", value: tokens },
    { name: "refresh: repeated requests", value: repeated },
    ...others.flatMap(({ name, cost }) => [
      { name: `refresh: ec2nic's requests / ${name}'s`, value: count / cost.requests },
      { name: `refresh: ec2nic's CPU / ${name}'s`, value: cpuMs / cost.cpuMs },
    ]),
  ];
}

async function measureRefresh(program: RefreshProgram): Promise<RefreshCost> {
  const { machine: options, prepare, script } = program;
  const enis = [0, 1, 2, 3].map((device) => ({ device }));
  await using instance = await startInstance({ ...options, enis });
  await prepare(instance);
  const { machine, vpc } = instance;
  const [cpu, wall]: [number[], number[]] = [[], []];
  for (let round = -1; round < rounds; round += 1) {
    await vpc.simulator.order("clear-requests");
    const output = await machine.run(["sh", "-c", timed, "sh", script], { timeoutMs: 60_000 });
    const { cpuMs, ms } = parseTimes(output);
    if (round < 0) continue;
    cpu.push(cpuMs);
    wall.push(ms);
  }
  const logged = v.parse(requests, await vpc.simulator.look("requests"));
  const gets = logged.filter(({ method }) => method === "GET").map(({ path }) => path);
  return {
    cpuMs: median(cpu),
    ms: median(wall),
    requests: logged.length,
    connections: new Set(logged.map(({ connection }) => connection)).size,
    tokens: logged.filter(({ method }) => method === "PUT").length,
    repeated: gets.length - new Set(gets.map((path) => path.replace(/\/$/, ""))).size,
  };
}

/** The last line of `times` is the processor time of all child processes (times(1p)). */
const timed = `
start=$(date +%s%N)
sh -c "$1" >/dev/null 2>&1 || exit 1
echo "ms $(( ($(date +%s%N) - start) / 1000000 ))"
times
`;

function parseTimes(output: string): { readonly cpuMs: number; readonly ms: number } {
  const [, ms = ""] = /^ms (\d+)$/m.exec(output) ?? [];
  const last = output.trim().split("\n").at(-1) ?? "";
  const parts = [...last.matchAll(/(\d+)m([\d.]+)s/g)];
  const cpuMs = parts.reduce((sum, [, m, s]) => sum + Number(m) * 60_000 + Number(s) * 1000, 0);
  return { cpuMs, ms: Number(ms) };
}
