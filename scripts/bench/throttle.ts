import { startSimulator } from "../simulator/start.ts";
import { binary } from "../../test/kit/program/run-ec2nic.ts";
import { planArgs } from "./crawl/crawl.ts";
import { type Figure, printRow, printTitle, ratioOf } from "./figure.ts";
import { timeOf } from "./turns.ts";

const perSecond = 20;
const asked = {
  "what activate reads (activate --dry-run)": planArgs("networkd"),
  "the whole tree of macs/ (fetch)": ["fetch", "network/interfaces/macs"],
} as const;

/** A service that throttles, and one that does not: never too fast, and no slower than it allows. */
export async function benchThrottle(): Promise<readonly Figure[]> {
  printTitle(`throttle: ${perSecond} requests a second allowed, dual stack, beyond them 503`, [
    "ms",
    "possible",
    "ratio",
    "requests",
    "refused",
  ]);
  const figures: Figure[] = [];
  for (const [what, args] of Object.entries(asked)) {
    const enis = [0, 1, 2, 3].map((device) => ({ device, dualStack: true }));
    await using simulator = await startSimulator({ scenario: { enis, rateLimit: { perSecond } } });
    const ms = await timeOf([binary, ...args, "--endpoint", simulator.url]);
    const refused = simulator.requests.filter(({ status }) => status === 503).length;
    const needed = simulator.requests.length - refused;
    const possibleMs = 1000 * (Math.ceil(needed / perSecond) - 1);
    const cells = [ms.toFixed(0), possibleMs.toFixed(0), ratioOf(ms, possibleMs)];
    printRow(what, [...cells, String(needed + refused), String(refused)]);
    figures.push({ name: `throttle: ${what} / possible`, value: ms / possibleMs });
  }
  return [...figures, ...(await benchPace())];
}

/** The largest tree there is here, and a service that would take all of it at once. */
async function benchPace(): Promise<readonly Figure[]> {
  const enis = Array.from({ length: 15 }, (_, device) => ({ device, dualStack: true }));
  await using simulator = await startSimulator({ scenario: { enis, latencyMs: 1 } });
  await timeOf([binary, "fetch", "--json", "--endpoint", simulator.url]);
  const { requests, maxInFlight, maxConnections } = simulator;
  const busiest = Math.max(
    ...requests.map(({ atMs }) => {
      return requests.filter((each) => each.atMs >= atMs && each.atMs < atMs + 1000).length;
    }),
  );
  printTitle("pace: everything of 15 ENIs, and a service that does not throttle", [
    "requests",
    "a second",
    "in flight",
    "conns",
  ]);
  const cells = [requests.length, busiest, maxInFlight, maxConnections].map(String);
  printRow("everything (fetch --json)", cells);
  return [
    { name: "pace: most requests in a second", value: busiest },
    { name: "pace: most in flight", value: maxInFlight },
    { name: "pace: most connections", value: maxConnections },
  ];
}
