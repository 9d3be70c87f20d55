import { startSimulator } from "../simulator/start.ts";
import { binary } from "../../test/kit/program/run-ec2nic.ts";
import { emptyProgram } from "./empty-program.ts";
import { type Figure, printRow, printTitle, ratioOf } from "./figure.ts";
import { takeTurns } from "./turns.ts";

/** Whole processes: how long ec2nic takes to start, and to fetch one value as a script does. */
export async function benchStart(rounds: number): Promise<readonly Figure[]> {
  using empty = emptyProgram();
  await using simulator = await startSimulator({});
  const ms = await takeTurns(
    {
      empty: [empty.path],
      version: [binary, "--version"],
      curlVersion: ["curl", "--version"],
      fetch: ["sh", "-c", `${binary} fetch instance-id --endpoint ${simulator.url}`],
      curls: ["sh", "-c", twoCurls(simulator.url)],
    },
    rounds,
  );
  printTitle(`start: whole processes, median of ${rounds}, ms`, ["ours", "theirs", "ratio"]);
  const pairs = [
    ["start: --version / an empty program of Bun", ms.version, ms.empty],
    ["start: --version / curl --version", ms.version, ms.curlVersion],
    ["fetch: instance-id / curl twice, each in sh", ms.fetch, ms.curls],
  ] as const;
  for (const [name, ours, theirs] of pairs) {
    printRow(name, [ours.toFixed(1), theirs.toFixed(1), ratioOf(ours, theirs)]);
  }
  return pairs.map(([name, ours, theirs]) => ({ name, value: ours / theirs }));
}

function twoCurls(url: string): string {
  const ttl = "X-aws-ec2-metadata-token-ttl-seconds: 60";
  return (
    `T=$(curl -sf -X PUT -H '${ttl}' ${url}/latest/api/token) && ` +
    `curl -sf -H "X-aws-ec2-metadata-token: $T" ${url}/latest/meta-data/instance-id`
  );
}
