import type { Simulator } from "../../simulator/simulator.ts";
import { startSimulator } from "../../simulator/start.ts";
import type { CloudInit } from "./cloud-init-crawl.ts";
import { answerTime, crawlContest, type Taken } from "./crawl-contest.ts";
import { emptyProgram } from "../empty-program.ts";
import { type Figure, printRow, printTitle, ratioOf } from "../figure.ts";

/** Token, list of MACs, folder of a MAC, leaf: none can be asked for before the one above it. */
const depth = 4;
const latenciesMs = [0, 5, 20] as const;

/** What configuration reads, which the reach is about; and what it has no need of. */
const reach = "what activate reads (activate --dry-run)";
const asked = {
  [reach]: planArgs("networkd"),
  "the whole tree of macs/ (fetch)": ["fetch", "network/interfaces/macs"],
  "everything (fetch --json)": ["fetch", "--json"],
} as const;

/** Processes that read the network of four ENIs, beside cloud-init's, which reads everything. */
export async function benchCrawl(cloudInit: CloudInit, rounds: number): Promise<readonly Figure[]> {
  using empty = emptyProgram();
  const figures: Figure[] = [];
  for (const latencyMs of latenciesMs) {
    await using simulator = await fourEnis(latencyMs);
    const contestants = { cloudInit, empty: empty.path, asked };
    const contest = await crawlContest(simulator, contestants, rounds);
    const limitMs = contest.emptyMs + depth * (await answerTime(simulator));
    const heads = ["crawled", "/ limit", "whole ms", "/ c-i's", "requests", "conns"];
    printTitle(`crawl: four ENIs, ${latencyMs} ms an answer, median of ${rounds}`, heads);
    printRow("the limit", [limitMs.toFixed(0)]);
    const row = (name: string, taken: Taken): void => {
      const { ms, crawledMs, requests, connections } = taken;
      const times = [crawledMs.toFixed(0), ratioOf(crawledMs, limitMs), ms.toFixed(0)];
      const counts = [String(requests), String(connections)];
      printRow(name, [...times, ratioOf(ms, contest.cloudInit.ms), ...counts]);
    };
    row("cloud-init's crawl, of everything", contest.cloudInit);
    for (const [name, taken] of contest.ours) row(name, taken);
    const ours = contest.ours.get(reach);
    if (ours !== undefined)
      figures.push(...figuresOf(ours, contest.cloudInit, { limitMs, latencyMs }));
  }
  console.log(
    "\ncrawled: ms from the start of the process until its last answer; the limit: an empty program\n" +
      `and ${depth} answers, one after the other; / c-i's: whole processes`,
  );
  return figures;
}

function figuresOf(
  ours: Taken,
  cloudInit: Taken,
  { limitMs, latencyMs }: { readonly limitMs: number; readonly latencyMs: number },
): readonly Figure[] {
  const at = `${latencyMs} ms`;
  return [
    { name: `crawl: whole / cloud-init's, ${at}`, value: ours.ms / cloudInit.ms },
    { name: `crawl: crawled / cloud-init's, ${at}`, value: ours.crawledMs / cloudInit.crawledMs },
    // elsewhere the limit is an empty program, more or less
    ...(latencyMs < 20
      ? []
      : [{ name: `crawl: crawled / the limit, ${at}`, value: ours.crawledMs / limitMs }]),
    { name: `crawl: requests, ${at}`, value: ours.requests },
    { name: `crawl: connections, ${at}`, value: ours.connections },
  ];
}

/** Only a plan: nothing of this machine but its NICs has a part in it. */
export function planArgs(backend: string): readonly string[] {
  return ["activate", "--dry-run", "--stage", "local", "--backend", backend, "--json"];
}

function fourEnis(latencyMs: number): Promise<Simulator> {
  const enis = [0, 1, 2, 3].map((device) => ({ device }));
  return startSimulator({ scenario: { latencyMs, enis } });
}
