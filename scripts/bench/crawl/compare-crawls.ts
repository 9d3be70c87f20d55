import type { Simulator } from "../../simulator/simulator.ts";
import { median } from "../../shared/median.ts";
import { binary } from "../../../test/kit/program/run-ec2nic.ts";
import type { CloudInit } from "./cloud-init-crawl.ts";
import { timeOf } from "../turns.ts";

/** The crawl of one program: median times, and the counts of the last round. */
export interface Crawl {
  /** The time of the whole process. */
  readonly processMs: number;
  /** From the start of the process until its last answer. */
  readonly lastAnswerMs: number;
  readonly requests: number;
  readonly connections: number;
}

interface CrawlComparison {
  /** The time of the empty program. */
  readonly emptyMs: number;
  readonly cloudInit: Crawl;
  /** The crawls of ec2nic, by the name of the command. */
  readonly own: ReadonlyMap<string, Crawl>;
}

interface ComparedCrawls {
  readonly cloudInit: CloudInit;
  /** The path of an empty program. */
  readonly empty: string;
  /** The arguments of ec2nic, by the name of the command. */
  readonly commands: Readonly<Record<string, readonly string[]>>;
}

/** Runs the programs in turns; each has the simulator for itself. */
export async function compareCrawls(
  simulator: Simulator,
  { cloudInit, empty, commands }: ComparedCrawls,
  rounds: number,
): Promise<CrawlComparison> {
  const answerMs = await answerTime(simulator);
  const measure = async (crawl: () => Promise<number>): Promise<Crawl> => {
    simulator.clearRequests();
    const before = { connections: simulator.connections, nowMs: simulator.nowMs };
    const processMs = await crawl();
    const { requests, connections } = simulator;
    return {
      processMs,
      lastAnswerMs: (requests.at(-1)?.atMs ?? 0) - before.nowMs + answerMs,
      requests: requests.length,
      connections: connections - before.connections,
    };
  };
  const all = new Map<string, readonly Crawl[]>();
  const add = async (name: string, crawl: () => Promise<number>): Promise<void> => {
    all.set(name, [...(all.get(name) ?? []), await measure(crawl)]);
  };
  for (let round = 0; round < rounds; round += 1) {
    await add("empty", () => timeOf([empty]));
    await add("cloud-init", async () => (await cloudInit.crawl(simulator.url)).processMs);
    for (const [name, args] of Object.entries(commands)) {
      await add(name, () => timeOf([binary, ...args, "--endpoint", simulator.url]));
    }
  }
  const medianOf = (name: string): Crawl => medianCrawl(all.get(name) ?? []);
  return {
    emptyMs: medianOf("empty").processMs,
    cloudInit: medianOf("cloud-init"),
    own: new Map(Object.keys(commands).map((name) => [name, medianOf(name)])),
  };
}

function medianCrawl(crawls: readonly Crawl[]): Crawl {
  const last = crawls.at(-1);
  if (last === undefined) throw new Error("no crawl was measured");
  const processMs = median(crawls.map((each) => each.processMs));
  return { ...last, processMs, lastAnswerMs: median(crawls.map((each) => each.lastAnswerMs)) };
}

/** The measured time of an answer, which is longer than the simulator's latency: timers fire late. */
export async function answerTime({ url }: Simulator): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 12; round += 1) {
    const startMs = performance.now();
    await (await fetch(`${url}/latest/`)).text();
    times.push(performance.now() - startMs);
  }
  return median(times);
}
