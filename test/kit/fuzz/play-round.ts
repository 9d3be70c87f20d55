import type { Random } from "../basics/random.ts";
import { Failure } from "../../../src/exit.ts";
import type { Sockets } from "../../../src/host/sockets/sockets.ts";
import { parseKey } from "../../../src/imds/protocol/key.ts";
import { readKeys } from "../../../src/imds/metadata/read-keys.ts";
import { type ImdsSession, openSession } from "../../../src/imds/session.ts";
import type { ImdsSettings } from "../../../src/imds/protocol/settings.ts";
import { renderReadings } from "../../../src/output/fetch/readings.ts";
import { configureFrom, ownMacs } from "./configure-from.ts";
import { type FuzzHost, fuzzHost } from "./fuzz-host.ts";
import type { FuzzServer } from "./fuzz-server.ts";
import { fuzzService, type FuzzService } from "./fuzz-service.ts";
import { randomFor, type MutationGroup } from "./mutations/mutate.ts";
import { longestMessage, RoundLog } from "./round-log.ts";
import { settingsFor } from "./round-settings.ts";

/** What a round does; the seed decides it. */
export interface Round {
  readonly seed: number;
  readonly task: "looks" | "keys" | "network";
  readonly via: "routing" | "nic";
  readonly group: MutationGroup;
  readonly rate: number;
}

export interface PlayedRound {
  readonly round: Round;
  readonly sent: Readonly<Record<string, number>>;
  /** The outcome of each request, or of the whole task. */
  readonly outcomes: readonly string[];
  readonly slowestMs: number;
  /** What must not happen; empty: nothing did. */
  readonly faults: readonly string[];
}

/** Many rounds of `looks` give many answers; `network` has the most important results. */
const mix = [
  "looks",
  "looks",
  "looks",
  "keys",
  "network",
  "network",
  "network",
  "network",
] as const;

export function chooseRound(seed: number): Round {
  const random = randomFor(seed, "round");
  const task = random.pick(mix);
  const via = random.pick(["routing", "nic"] as const);
  if (task === "looks") {
    return {
      seed,
      task,
      via,
      group: random.pick(["http", "bytes", "all"] as const),
      rate: 0.97,
    };
  }
  const group = random.pick(["body", "body", "all"] as const);
  return { seed, task, via, group, rate: random.pick([0.05, 0.15, 0.4]) };
}

/** A server that plays one round after the other. */
export interface RoundServer {
  readonly server: FuzzServer;
  /** Sets the service for the next requests. */
  readonly serve: (service: FuzzService) => void;
}

/** Ten times what a round needs on a machine without other work; a round that hangs never ends. */
const longestRoundMs = 60_000;
/** How long a closed connection may still be counted: it is closed at once, or never. */
const closeTimeoutMs = 20_000;

const lookedUpKeys = [
  "mac",
  "instance-id",
  "",
  "network/interfaces/macs",
  "local-ipv4",
  "tags/instance/Name",
  "placement/region",
  "iam/info",
];
const keys = [
  "mac",
  "instance-id",
  "placement",
  "tags/instance",
  "public-keys",
  "network/interfaces/macs",
  "user-data",
  "dynamic",
  "network",
];

/** Paths that a client may request without a listing: its keys, and the folders of its NICs. */
function allowedPaths(task: Round["task"], key: string): readonly string[] {
  const pathOf = (text: string): string =>
    text === "" ? "meta-data" : parseKey(text).path.join("/");
  if (task === "looks") return lookedUpKeys.map(pathOf);
  const macs = "network/interfaces/macs";
  if (task === "network") {
    return ["mac", macs, ...ownMacs.map((mac) => `${macs}/${mac}`)].map(pathOf);
  }
  const path = pathOf(key);
  return [path, path.slice(0, path.lastIndexOf("/"))];
}

/** Plays one round and checks its results. */
export async function playRound(
  roundServer: RoundServer,
  sockets: Sockets,
  seed: number,
  trap: string,
): Promise<PlayedRound> {
  const round = chooseRound(seed);
  const random = randomFor(seed, "client");
  const { url } = roundServer.server;
  const key = random.pick(keys);
  const below = `/round-${seed}`;
  const service = fuzzService({
    ...round,
    below,
    allowed: allowedPaths(round.task, key),
    host: new URL(url).host,
    trap,
  });
  roundServer.serve(service);
  const over = new AbortController();
  const host = { ...fuzzHost(sockets, random.fraction), signal: over.signal };
  const settings = settingsFor(url + below, round.via, random.below(3));
  const session = openSession(host, settings);
  const log = new RoundLog();
  const startMs = performance.now();
  const task = tasks[round.task];
  const isOver = await Promise.race([
    task({ host, session, settings, log, random, key }).then(() => true),
    Bun.sleep(longestRoundMs).then(() => false),
  ]);
  over.abort(new Failure("UNAVAILABLE", "the round is over"));
  await session.close();
  const left = round.via === "nic" ? await connectionsLeft(roundServer.server) : 0;
  roundServer.server.hangUp();
  const faults = [
    ...(isOver ? [] : [`not finished after ${Math.round(performance.now() - startMs)} ms`]),
    ...(left === 0 ? [] : [`${left} connections are open after the session is closed`]),
  ];
  return {
    round,
    sent: service.sent,
    outcomes: log.outcomes,
    slowestMs: log.slowestMs,
    faults: [...log.faults, ...service.faults, ...faults],
  };
}

/** A bound transport closes its connections; fetch keeps them for later requests. */
async function connectionsLeft(server: FuzzServer): Promise<number> {
  const endMs = performance.now() + closeTimeoutMs;
  while (server.connections() > 0 && performance.now() < endMs) await Bun.sleep(2);
  return server.connections();
}

interface Client {
  readonly host: FuzzHost;
  readonly session: ImdsSession;
  readonly settings: ImdsSettings;
  readonly log: RoundLog;
  readonly random: Random;
  readonly key: string;
}

const tasks: Readonly<Record<Round["task"], (client: Client) => Promise<void>>> = {
  looks: ({ session, log }) => askManyTimes(session, log),
  keys: ({ host, session, settings, log, random, key }) => {
    const format = random.pick(["text", "json", "env"] as const);
    return log.record(() => readSomeKeys(host, { session, settings }, key, format));
  },
  network: ({ host, session, log, random }) =>
    log.record(() => configureFrom(host, session, random)),
};

async function askManyTimes(session: ImdsSession, log: RoundLog): Promise<void> {
  const ask = async (key: string): Promise<void> =>
    log.record(async () => {
      const answer = await session.tryGet(parseKey(key === "" ? "meta-data" : key).path, {
        asFolder: key === "" || key.endsWith("macs"),
      });
      if (answer.kind === "error")
        return { word: `error ${answer.error.endsAs}`, faults: tooLong(answer.error.reason) };
      const faults =
        answer.kind === "value" && answer.body.length > 262_144 ? ["a value beyond the cap"] : [];
      return { word: answer.kind, faults };
    }, true);
  for (let turn = 0; turn < 6; turn += 1) await Promise.all(lookedUpKeys.map(ask));
}

function tooLong(reason: string): readonly string[] {
  return reason.length > longestMessage
    ? [`a reason of ${reason.length} characters: ${reason.slice(0, 80)}`]
    : [];
}

async function readSomeKeys(
  host: FuzzHost,
  imds: { session: ImdsSession; settings: ImdsSettings },
  key: string,
  format: "text" | "json" | "env",
) {
  const options = {
    keys: [parseKey(key)],
    fallback: null,
    maxAgeMs: null,
    showSecrets: false,
    awaitAbsent: false,
  };
  const readings = await readKeys(host, imds, options);
  const isTree = readings.some(({ kind }) => kind === "tree");
  const data = renderReadings(readings, isTree && format === "text" ? "json" : format);
  if (isTree && format === "json") JSON.parse(String(data));
  // oxlint-disable-next-line no-control-regex -- it looks for control characters
  const hasControls = /[\u0000-\u0008\u000b-\u001f\u007f]/.test(String(data));
  const faults = format === "env" && hasControls ? ["a control character among variables"] : [];
  return { word: "accepted", faults };
}
