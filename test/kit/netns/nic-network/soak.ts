/**
 * Sends requests through device-bound transports for some time, in the instance of a network, and
 * prints the memory and descriptors of this process as JSON: `bun soak.ts SECONDS SEED NIC=ADDRESS…`.
 * Behind the first NIC the simulator has a fault for each path.
 */
import { readdirSync } from "node:fs";
import type { BoundTransport } from "../../../../src/host/host.ts";
import { openSockets, type Sockets } from "../../../../src/host/sockets/sockets.ts";
import { createRandom } from "../../basics/random.ts";

export interface Sample {
  readonly descriptors: number;
  readonly residentKiB: number;
}

export interface SoakReport {
  readonly requests: number;
  /** How often each outcome occurred: `meta-data/ 200`, or `half 200` where the body was not read. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Fifty samples at equal distances, and more where the machine is busy. */
  readonly samples: readonly Sample[];
  /** Before the first request, and after the last transport was closed. */
  readonly descriptorsBefore: number;
  readonly descriptorsAfter: number;
}

/** How many requests are sent at the same time. */
export const soakWorkers = 12;

/** Paths below `latest/`: two that the simulator of the test answers, and one for each fault. */
export const soakPaths = [
  "meta-data/instance-id",
  "meta-data/",
  "cut",
  "cut-chunked",
  "reset",
  "hang",
  "close",
  "garbage",
  "slow",
  "hang-headers",
] as const;

/** They occur sooner or later: a busy machine sends fewer requests a second. */
export const neededOutcomes = [
  "meta-data/instance-id 200",
  "meta-data/ ETIMEDOUT",
  "meta-data/ ECONNREFUSED",
] as const;

/** So many requests show a leak: each would keep a socket. A busy machine needs longer for them. */
const minRequests = 400;

/** How much longer than asked requests are sent until there are enough. */
const longestExtraMs = 60_000;

if (import.meta.main) {
  const [seconds = "5", seed = "1", ...nics] = process.argv.slice(2);
  const report = await soak(Number(seconds) * 1000, Number(seed), nics);
  await Bun.write(Bun.stdout, JSON.stringify(report));
}

async function soak(forMs: number, seed: number, nics: readonly string[]): Promise<SoakReport> {
  const { fraction, pick, below } = createRandom(seed);
  const outcomes: Record<string, number> = {};
  const samples: Sample[] = [];
  const before = descriptors();
  const sockets = openSockets();
  const lasting = new Map(nics.map((nic) => [nic, open(sockets, nic)]));
  const endMs = performance.now() + forMs;
  let requests = 0;
  const once = async (): Promise<void> => {
    const nic = pick(nics);
    const own = fraction() < 0.2 ? open(sockets, nic) : null;
    const path = nic === nics[0] ? pick(soakPaths) : "meta-data/";
    const stop = AbortSignal.timeout(fraction() < 0.5 ? below(60) : 300);
    const transport = own ?? lasting.get(nic);
    const wantsBody = fraction() < 0.8;
    const result = transport && (await ask(transport, path, stop, wantsBody));
    own?.close();
    const outcome = `${path} ${wantsBody ? "" : "half "}${result}`;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    requests += 1;
    if (requests % 500 === 0) await clearRequests(lasting.get(nics[0] ?? ""));
  };
  const isOver = (): boolean =>
    performance.now() > endMs + longestExtraMs ||
    (performance.now() > endMs &&
      requests >= minRequests &&
      neededOutcomes.every((outcome) => outcome in outcomes));
  const work = async (): Promise<void> => {
    while (!isOver()) await once();
  };
  const watch = async (): Promise<void> => {
    for (; !isOver(); await Bun.sleep(forMs / 50)) samples.push(sample());
  };
  await Promise.all([watch(), ...Array.from({ length: soakWorkers }, work)]);
  for (const transport of lasting.values()) transport.close();
  const after = await settledDescriptors(before);
  return { requests, outcomes, samples, descriptorsBefore: before, descriptorsAfter: after };
}

function open(sockets: Sockets, nicAndAddress: string): BoundTransport {
  const [nic = "", address = ""] = nicAndAddress.split("=");
  const source = { nic, family: "ipv4", address, prefixLength: 24, scopeId: 0 } as const;
  const transport = sockets.bind({ nic, sources: [source], connectMs: 100 });
  if (typeof transport === "string") throw new Error(transport);
  return transport;
}

/** Sends one request. Without `wantsBody` the body is cancelled. */
async function ask(
  transport: BoundTransport,
  path: string,
  signal: AbortSignal,
  wantsBody: boolean,
): Promise<string> {
  try {
    const url = `http://169.254.169.254/latest/${path}`;
    const response = await transport.fetch(url, { signal });
    if (wantsBody) await response.arrayBuffer();
    else await response.body?.cancel();
    return `${response.status}`;
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    return "code" in error && typeof error.code === "string" ? error.code : error.name;
  }
}

/** Clears the request log of the simulator, which would grow. */
async function clearRequests(transport: BoundTransport | undefined): Promise<void> {
  const url = "http://169.254.169.254/_simulator/clear-requests";
  await transport?.fetch(url, { method: "POST", signal: AbortSignal.timeout(1000) }).then(
    (response) => response.arrayBuffer(),
    () => null,
  );
}

/** How many there are when sockets have been closed: a busy machine needs longer for that. */
async function settledDescriptors(expected: number): Promise<number> {
  for (let looks = 0; looks < 100 && descriptors() > expected; looks += 1) await Bun.sleep(100);
  return descriptors();
}

function sample(): Sample {
  Bun.gc(true);
  const residentKiB = Math.round(process.memoryUsage.rss() / 1024);
  return { descriptors: descriptors(), residentKiB };
}

function descriptors(): number {
  return readdirSync("/proc/self/fd").length;
}
