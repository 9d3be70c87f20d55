import { startSimulator } from "../simulator/start.ts";
import { binary } from "../../test/kit/program/run-ec2nic.ts";
import { activatePlan, macsTree, planArgs } from "./crawl/crawl.ts";
import { type Figure, formatRatio, printRow, printTitle } from "./figure.ts";
import { timeOf } from "./turns.ts";

const perSecond = 20;
const commands = {
  [activatePlan]: planArgs("networkd"),
  [macsTree]: ["fetch", "network/interfaces/macs"],
} as const;

/** Compares the time with a service that throttles to the shortest time that its limit allows. */
export async function benchThrottle(): Promise<readonly Figure[]> {
  printTitle(`throttle: the service answers ${perSecond} requests a second, others with 503`, [
    "ms",
    "minimum",
    "ratio",
    "requests",
    "refused",
  ]);
  const figures: Figure[] = [];
  for (const [what, args] of Object.entries(commands)) {
    const enis = [0, 1, 2, 3].map((device) => ({ device, dualStack: true }));
    await using simulator = await startSimulator({ scenario: { enis, rateLimit: { perSecond } } });
    const ms = await timeOf([binary, ...args, "--endpoint", simulator.url]);
    const refused = simulator.requests.filter(({ status }) => status === 503).length;
    const needed = simulator.requests.length - refused;
    const minimumMs = 1000 * (Math.ceil(needed / perSecond) - 1);
    const cells = [ms.toFixed(0), minimumMs.toFixed(0), formatRatio(ms, minimumMs)];
    printRow(what, [...cells, String(needed + refused), String(refused)]);
    figures.push({ name: `throttle: ${what} / minimum`, value: ms / minimumMs });
  }
  return [...figures, ...(await benchPace())];
}

/** Counts the requests for a large tree, with a service that answers any number of them. */
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
  printTitle("pace: all metadata of 15 ENIs, the service does not throttle", [
    "requests",
    "per second",
    "in flight",
    "conns",
  ]);
  const cells = [requests.length, busiest, maxInFlight, maxConnections].map(String);
  printRow("all metadata (fetch --json)", cells);
  return [
    { name: "pace: most requests in a second", value: busiest },
    { name: "pace: most in flight", value: maxInFlight },
    { name: "pace: most connections", value: maxConnections },
  ];
}
