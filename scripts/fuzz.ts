import { growth, type Report, replay, runCampaign } from "../test/support/fuzz/campaign.ts";

/**
 * `make fuzz`: mutated answers of IMDS against the client as it is, over real sockets.
 * N: how many; SEED: where to begin; MINUTES: no longer than that; ROUND: one round alone, by its
 * seed, as a finding names it.
 */
const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const answers = Number(process.env["N"] ?? 1_000_000);
const round = process.env["ROUND"];

if (round !== undefined) {
  const played = await replay(Number(round));
  console.log(JSON.stringify(played, null, 2));
  process.exit(played.faults.length === 0 ? 0 : 1);
}
console.log(`seed ${seed}, ${answers} answers`);
const lanes = Number(process.env["LANES"] ?? 24);
const longestMs = 60_000 * Number(process.env["MINUTES"] ?? 60);
const report = await runCampaign({ seed, answers, lanes, longestMs, onProgress: tellProgress });
console.log(JSON.stringify({ ...report, usage: growth(report.usage) }, null, 2));
process.exit(report.findings.length === 0 ? 0 : 1);

function tellProgress({ answers: done, rounds, findings, usage, elapsedMs }: Report): void {
  const { rssMb, descriptors } = usage.at(-1) ?? { rssMb: 0, descriptors: 0 };
  const rate = Math.round((done / elapsedMs) * 1000);
  console.log(
    `${done} answers, ${rounds} rounds, ${rate}/s, ${Math.round(rssMb)} MB, ${descriptors} fds, ${findings.length} findings`,
  );
}
