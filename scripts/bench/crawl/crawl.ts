import type { Simulator } from "../../simulator/simulator.ts";
import { startSimulator } from "../../simulator/start.ts";
import type { CloudInit } from "./cloud-init-crawl.ts";
import { answerTime, compareCrawls, type Crawl } from "./compare-crawls.ts";
import { emptyProgram } from "../empty-program.ts";
import { type Figure, formatRatio, printRow, printTitle } from "../figure.ts";

/** Token, list of MACs, folder of a MAC, leaf: each request needs the answer to the one before it. */
const depth = 4;
const latenciesMs = [0, 5, 20] as const;

/** The names of commands; the bounds are for the first, which reads what a configuration needs. */
export const activatePlan = "what activate reads (activate --dry-run)";
export const macsTree = "the whole tree of macs/ (fetch)";
const commands = {
  [activatePlan]: planArgs("networkd"),
  [macsTree]: ["fetch", "network/interfaces/macs"],
  "all metadata (fetch --json)": ["fetch", "--json"],
} as const;

/** Compares ec2nic, which reads the network of four ENIs, with cloud-init, which reads everything. */
export async function benchCrawl(cloudInit: CloudInit, rounds: number): Promise<readonly Figure[]> {
  using empty = emptyProgram();
  const figures: Figure[] = [];
  for (const latencyMs of latenciesMs) {
    await using simulator = await fourEnis(latencyMs);
    const programs = { cloudInit, empty: empty.path, commands };
    const compared = await compareCrawls(simulator, programs, rounds);
    const limitMs = compared.emptyMs + depth * (await answerTime(simulator));
    const headings = ["answered", "/ limit", "process", "/ c-i", "requests", "conns"];
    printTitle(`crawl: four ENIs, ${latencyMs} ms per answer, median of ${rounds}`, headings);
    printRow("lower limit", [limitMs.toFixed(0)]);
    const row = (name: string, crawl: Crawl): void => {
      const { processMs, lastAnswerMs, requests, connections } = crawl;
      const times = [lastAnswerMs.toFixed(0), formatRatio(lastAnswerMs, limitMs)];
      times.push(processMs.toFixed(0), formatRatio(processMs, compared.cloudInit.processMs));
      printRow(name, [...times, String(requests), String(connections)]);
    };
    row("cloud-init's crawl of all metadata", compared.cloudInit);
    for (const [name, crawl] of compared.own) row(name, crawl);
    const own = compared.own.get(activatePlan);
    if (own !== undefined)
      figures.push(...figuresOf(own, compared.cloudInit, { limitMs, latencyMs }));
  }
  console.log(
    "\nanswered: ms from the start of the process until its last answer; process: ms of the whole\n" +
      `process; / c-i: process divided by cloud-init's; lower limit: an empty program and ${depth}\n` +
      "answers, one after the other",
  );
  return figures;
}

function figuresOf(
  own: Crawl,
  cloudInit: Crawl,
  { limitMs, latencyMs }: { readonly limitMs: number; readonly latencyMs: number },
): readonly Figure[] {
  const at = `${latencyMs} ms`;
  const last = "crawl: until the last answer";
  return [
    {
      name: `crawl: whole process / cloud-init's, ${at}`,
      value: own.processMs / cloudInit.processMs,
    },
    { name: `${last} / cloud-init's, ${at}`, value: own.lastAnswerMs / cloudInit.lastAnswerMs },
    // with a lower latency the limit is mostly the time of the empty program
    ...(latencyMs < 20
      ? []
      : [{ name: `${last} / lower limit, ${at}`, value: own.lastAnswerMs / limitMs }]),
    { name: `crawl: requests, ${at}`, value: own.requests },
    { name: `crawl: connections, ${at}`, value: own.connections },
  ];
}

/** Makes only a plan, which of this machine depends only on its NICs. */
export function planArgs(backend: string): readonly string[] {
  return ["activate", "--dry-run", "--stage", "local", "--backend", backend, "--json"];
}

function fourEnis(latencyMs: number): Promise<Simulator> {
  const enis = [0, 1, 2, 3].map((device) => ({ device }));
  return startSimulator({ scenario: { latencyMs, enis } });
}
