import { startSimulator } from "../../test/support/imds-simulator/start.ts";
import { median } from "../../test/support/median.ts";
import { binary } from "../../test/support/run-ec2nic.ts";

/**
 * ec2nic beside what a user-data script does today, turn by turn, so that a busy machine slows
 * both. Medians and ratios; absolute times mean little on a shared machine.
 */
export async function besideCurl(rounds: number): Promise<void> {
  await using simulator = await startSimulator({});
  console.log(`${rounds} rounds each, turn by turn; whole processes, median in ms\n`);
  console.log(`${"".padEnd(44)}  ours  theirs  ratio`);
  for (const { what, ours, theirs } of contests(simulator.url)) {
    const times: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
    for (let round = -3; round < rounds; round += 1) {
      const [a, b] = [await timeOf(ours), await timeOf(theirs)];
      if (round < 0) continue; // the first ones fill the page cache
      times.ours.push(a);
      times.theirs.push(b);
    }
    const [a, b] = [median(times.ours), median(times.theirs)];
    const figures = [a.toFixed(1), b.toFixed(1).padStart(6), (a / b).toFixed(2).padStart(5)];
    console.log([what.padEnd(44), ...figures].join("  "));
  }
}

function contests(url: string) {
  const ttl = "X-aws-ec2-metadata-token-ttl-seconds: 60";
  const twoCurls =
    `T=$(curl -sf -X PUT -H '${ttl}' ${url}/latest/api/token) && ` +
    `curl -sf -H "X-aws-ec2-metadata-token: $T" ${url}/latest/meta-data/instance-id`;
  const oneFetch = `${binary} fetch instance-id --endpoint ${url}`;
  return [
    {
      what: "ec2nic --version / curl --version",
      ours: [binary, "--version"],
      theirs: ["curl", "--version"],
    },
    {
      what: "fetch instance-id / curl twice, each in sh",
      ours: ["sh", "-c", oneFetch],
      theirs: ["sh", "-c", twoCurls],
    },
  ] as const;
}

/** Milliseconds from the start of a process to its end; it must end with 0. */
async function timeOf(argv: readonly string[]): Promise<number> {
  const startMs = performance.now();
  // not spawnSync: the simulator answers from this very process
  const child = Bun.spawn([...argv], { stdio: ["ignore", "ignore", "inherit"] });
  const code = await child.exited;
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}`);
  return performance.now() - startMs;
}
