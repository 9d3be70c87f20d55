import { Failure } from "../../../src/exit.ts";
import type { Sockets } from "../../../src/host/sockets.ts";
import { parseKey } from "../../../src/imds/key.ts";
import { readKeys } from "../../../src/imds/read-keys.ts";
import { type ImdsSession, openSession } from "../../../src/imds/session.ts";
import type { ImdsSettings } from "../../../src/imds/settings.ts";
import { noRanked } from "../../../src/imds/transports.ts";
import { renderReadings } from "../../../src/output/render-readings.ts";
import { addressOn, linkState } from "../link-states.ts";
import { configureFrom, ownMacs } from "./configure-from.ts";
import { type FuzzHost, fuzzHost } from "./fuzz-host.ts";
import type { FuzzServer } from "./fuzz-server.ts";
import { fuzzService, type FuzzService } from "./fuzz-service.ts";
import { chanceFor, type Flavour } from "./mutate.ts";
import { longestMessage, longestMs, RoundNotes } from "./round-notes.ts";

/** What a round is, as its seed says. */
export interface Round {
  readonly seed: number;
  readonly task: "looks" | "keys" | "network";
  readonly through: "routing" | "nic";
  readonly flavour: Flavour;
  readonly rate: number;
}

export interface Played {
  readonly round: Round;
  readonly sent: Readonly<Record<string, number>>;
  /** What each question, or the whole task, came to. */
  readonly outcomes: readonly string[];
  readonly slowestMs: number;
  /** What must never be; none where all is well. */
  readonly faults: readonly string[];
}

export function roundOf(seed: number): Round {
  const dice = chanceFor(seed, "round");
  const task = dice.pick(["looks", "looks", "looks", "keys", "network", "network"] as const);
  const through = dice.pick(["routing", "nic"] as const);
  if (task === "looks") {
    return {
      seed,
      task,
      through,
      flavour: dice.pick(["http", "bytes", "all"] as const),
      rate: 0.97,
    };
  }
  const flavour = dice.pick(["body", "body", "all"] as const);
  return { seed, task, through, flavour, rate: dice.pick([0.05, 0.15, 0.4]) };
}

/** A server whose rounds follow each other. */
export interface Lane {
  readonly server: FuzzServer;
  /** Takes the requests that come from now on. */
  readonly serve: (service: FuzzService) => void;
}

/** A try has so long, on the real clock. */
const tryMs = 120;

const looked = [
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

/** What a client may ask for that nobody listed: what it is told to, and the folders of its own NICs. */
const constants = [
  ...looked,
  ...keys,
  ...ownMacs.map((mac) => `network/interfaces/macs/${mac}`),
].flatMap(pathsOf);

/** Plays one round against a server of its own, and looks at what came of it. */
export async function playRound(
  lane: Lane,
  sockets: Sockets,
  seed: number,
  trap: string,
): Promise<Played> {
  const round = roundOf(seed);
  const dice = chanceFor(seed, "client");
  const { url } = lane.server;
  const below = `/round-${seed}`;
  const service = fuzzService({ ...round, below, asked: constants, host: new URL(url).host, trap });
  lane.serve(service);
  const over = new AbortController();
  const host = { ...fuzzHost(sockets, dice.fraction), signal: over.signal };
  const settings = settingsFor(url + below, round, dice.below(3));
  const session = openSession(host, settings, linksFor(round));
  const work = new RoundNotes();
  const startMs = performance.now();
  try {
    if (round.task === "looks") await askManyTimes(session, work);
    if (round.task === "keys")
      await work.note(() =>
        readSomeKeys(
          host,
          { session, settings },
          dice.pick(keys),
          dice.pick(["text", "json", "env"]),
        ),
      );
    if (round.task === "network") await work.note(() => configureFrom(host, session, dice));
  } finally {
    over.abort(new Failure("UNAVAILABLE", "the round is over"));
    await session.close();
    lane.server.hangUp();
  }
  const tookMs = performance.now() - startMs;
  const late = tookMs > 4 * longestMs ? [`took ${Math.round(tookMs)} ms`] : [];
  return {
    round,
    sent: service.sent,
    outcomes: work.outcomes,
    slowestMs: work.slowestMs,
    faults: [...work.faults, ...service.faults, ...late],
  };
}

async function askManyTimes(session: ImdsSession, work: RoundNotes): Promise<void> {
  const ask = async (key: string): Promise<void> =>
    work.note(async () => {
      const answer = await session.look(parseKey(key === "" ? "meta-data" : key).path, {
        asFolder: key === "" || key.endsWith("macs"),
      });
      if (answer.kind === "trouble")
        return { word: `trouble ${answer.trouble.endsAs}`, faults: tooLong(answer.trouble.reason) };
      const faults =
        answer.kind === "value" && answer.body.length > 262_144 ? ["a value beyond the cap"] : [];
      return { word: answer.kind, faults };
    }, true);
  for (let turn = 0; turn < 6; turn += 1) await Promise.all(looked.map(ask));
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
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  const hasControls = /[\u0000-\u0008\u000b-\u001f\u007f]/.test(String(data));
  const faults = format === "env" && hasControls ? ["a control character among variables"] : [];
  return { word: "accepted", faults };
}

function pathsOf(key: string): readonly string[] {
  const path = key === "" ? ["meta-data"] : parseKey(key).path;
  return path.map((_, at) => path.slice(0, at + 1).join("/"));
}

function settingsFor(url: string, { through }: Round, retries: number): ImdsSettings {
  const nic = through === "nic" ? "lo" : null;
  return {
    endpoints: [url],
    timeoutMs: 60_000,
    tryMs,
    connectMs: tryMs,
    nic,
    dhcp: false,
    retries,
  };
}

function linksFor({ through }: Round) {
  const lo = {
    ...linkState("lo", []),
    addresses: [{ ...addressOn("lo", "127.0.0.1"), prefixLength: 8 }],
  };
  const ranked = { ...noRanked, others: [{ link: lo, reason: "it is asked through" }] };
  return {
    rank: async () => (through === "nic" ? (ranked as never) : noRanked),
    lease: async () => "none here",
    close: async () => undefined,
  };
}
