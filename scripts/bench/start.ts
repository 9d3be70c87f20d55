import { startSimulator } from "../simulator/start.ts";
import { binary } from "../../test/kit/program/run-ec2nic.ts";
import { emptyProgram } from "./empty-program.ts";
import { type Figure, formatRatio, printRow, printTitle } from "./figure.ts";
import { measureInTurns } from "./turns.ts";

/** Measures how long ec2nic takes to start, and to fetch one value as a script does. */
export async function benchStart(rounds: number): Promise<readonly Figure[]> {
  using empty = emptyProgram();
  await using simulator = await startSimulator({});
  const ms = await measureInTurns(
    {
      empty: [empty.path],
      version: [binary, "--version"],
      curlVersion: ["curl", "--version"],
      fetch: ["sh", "-c", `${binary} fetch instance-id --endpoint ${simulator.url}`],
      curls: ["sh", "-c", twoCurls(simulator.url)],
    },
    rounds,
  );
  printTitle(`start: ms of whole processes, median of ${rounds}`, ["ec2nic", "other", "ratio"]);
  const pairs = [
    ["start: --version / an empty program of Bun", ms.version, ms.empty],
    ["start: --version / curl --version", ms.version, ms.curlVersion],
    ["fetch: instance-id / curl twice, each in sh", ms.fetch, ms.curls],
  ] as const;
  for (const [name, own, other] of pairs) {
    printRow(name, [own.toFixed(1), other.toFixed(1), formatRatio(own, other)]);
  }
  return pairs.map(([name, own, other]) => ({ name, value: own / other }));
}

function twoCurls(url: string): string {
  const ttl = "X-aws-ec2-metadata-token-ttl-seconds: 60";
  return (
    `T=$(curl -sf -X PUT -H '${ttl}' ${url}/latest/api/token) && ` +
    `curl -sf -H "X-aws-ec2-metadata-token: $T" ${url}/latest/meta-data/instance-id`
  );
}
