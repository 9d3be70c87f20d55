import type { Simulator } from "../../simulator/simulator.ts";
import { median } from "../../../test/kit/basics/median.ts";
import { binary } from "../../../test/kit/program/run-ec2nic.ts";
import type { CloudInit } from "./cloud-init-crawl.ts";
import { timeOf } from "../turns.ts";

/** What a program that reads metadata came to: medians, and the counts of the last round. */
export interface Taken {
  /** The whole process. */
  readonly ms: number;
  /** From its start until it had its last answer. */
  readonly crawledMs: number;
  readonly requests: number;
  readonly connections: number;
}

export interface CrawlContest {
  readonly emptyMs: number;
  readonly cloudInit: Taken;
  /** By the name of what was asked. */
  readonly ours: ReadonlyMap<string, Taken>;
}

interface Contestants {
  readonly cloudInit: CloudInit;
  /** The path of an empty program. */
  readonly empty: string;
  /** ec2nic's arguments, by name. */
  readonly asked: Readonly<Record<string, readonly string[]>>;
}

/** Turn by turn, each with the simulator for itself. */
export async function crawlContest(
  simulator: Simulator,
  { cloudInit, empty, asked }: Contestants,
  rounds: number,
): Promise<CrawlContest> {
  const answerMs = await answerTime(simulator);
  const take = async (work: () => Promise<number>): Promise<Taken> => {
    simulator.clearRequests();
    const before = { connections: simulator.connections, nowMs: simulator.nowMs };
    const ms = await work();
    const { requests, connections } = simulator;
    return {
      ms,
      crawledMs: (requests.at(-1)?.atMs ?? 0) - before.nowMs + answerMs,
      requests: requests.length,
      connections: connections - before.connections,
    };
  };
  const all = new Map<string, readonly Taken[]>();
  const note = async (name: string, work: () => Promise<number>): Promise<void> => {
    all.set(name, [...(all.get(name) ?? []), await take(work)]);
  };
  for (let round = 0; round < rounds; round += 1) {
    await note("empty", () => timeOf([empty]));
    await note("cloud-init", async () => (await cloudInit.crawl(simulator.url)).wholeMs);
    for (const [name, args] of Object.entries(asked)) {
      await note(name, () => timeOf([binary, ...args, "--endpoint", simulator.url]));
    }
  }
  const middle = (name: string): Taken => middleOf(all.get(name) ?? []);
  return {
    emptyMs: middle("empty").ms,
    cloudInit: middle("cloud-init"),
    ours: new Map(Object.keys(asked).map((name) => [name, middle(name)])),
  };
}

function middleOf(taken: readonly Taken[]): Taken {
  const last = taken.at(-1);
  if (last === undefined) throw new Error("nobody took part");
  const ms = median(taken.map((each) => each.ms));
  return { ...last, ms, crawledMs: median(taken.map((each) => each.crawledMs)) };
}

/** What an answer takes in truth: timers come late. */
export async function answerTime({ url }: Simulator): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 12; round += 1) {
    const startMs = performance.now();
    await (await fetch(`${url}/latest/`)).text();
    times.push(performance.now() - startMs);
  }
  return median(times);
}
