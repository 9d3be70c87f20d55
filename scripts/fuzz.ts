import { firstAndLastUsage, type Report, replay, runCampaign } from "../test/kit/fuzz/campaign.ts";
import { runManyTimes } from "../test/kit/fuzz/run-campaign.ts";

/**
 * `make fuzz`: sends mutated answers of IMDS to the unchanged client, over real sockets, and then to
 * the executable.
 *
 * - `N`: the number of answers; `RUNS`: the number of runs of the executable.
 * - `SEED`: the first seed; `MINUTES`: the time limit.
 * - `ROUND`: only the round with this seed, as a finding names it.
 */
const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const answers = Number(process.env["N"] ?? 1_000_000);
const runs = Number(process.env["RUNS"] ?? Math.ceil(answers / 300));
const longestMs = 60_000 * Number(process.env["MINUTES"] ?? 60);
const round = process.env["ROUND"];

if (round !== undefined) {
  const replayed = await replay(Number(round));
  print(replayed);
  process.exit(replayed.faults.length === 0 ? 0 : 1);
}
console.log(`seed ${seed}, ${answers} answers, ${runs} runs`);
const report = await runCampaign({
  seed,
  answers,
  concurrency: 48,
  longestMs,
  onProgress: printProgress,
});
print({ ...report, usage: firstAndLastUsage(report.usage) });
const run = await runManyTimes(seed, runs, 4);
print(run);
process.exit(report.findings.length + run.findings.length === 0 ? 0 : 1);

function printProgress({ answers: done, rounds, findings, usage, elapsedMs }: Report): void {
  const { rssMb, descriptors } = usage.at(-1) ?? { rssMb: 0, descriptors: 0 };
  const rate = Math.round((done / elapsedMs) * 1000);
  const used = `${Math.round(rssMb)} MB, ${descriptors} descriptors`;
  console.log(`${done} answers, ${rounds} rounds, ${rate}/s, ${used}, ${findings.length} findings`);
}

function print(result: object): void {
  console.log(JSON.stringify(result, null, 2));
}
