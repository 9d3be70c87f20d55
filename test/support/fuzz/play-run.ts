import { readdirSync, readFileSync } from "node:fs";
import { parseKey } from "../../../src/imds/key.ts";
import type { Chance } from "../chance.ts";
import { runEc2nic, type RunResult } from "../run-ec2nic.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { fuzzService } from "./fuzz-service.ts";
import { chanceFor } from "./mutate.ts";
import type { Lane } from "./play-round.ts";

/** One run of the executable against a service that lies. */
export interface PlayedRun {
  readonly seed: number;
  readonly args: readonly string[];
  readonly code: number;
  readonly elapsedMs: number;
  readonly answers: number;
  /** What must never be; none where all is well. */
  readonly faults: readonly string[];
}

interface Call {
  readonly args: readonly string[];
  /** What may be asked for without being listed, below `latest/`. */
  readonly asked: readonly string[];
  /** Exit statuses that the contract has for it. */
  readonly codes: readonly number[];
}

const timeoutMs = 1200;
/** To start, to end and to be kept waiting by a machine that is busy. */
const spareMs = 4000;

export async function playRun(lane: Lane, seed: number, trap: string): Promise<PlayedRun> {
  using folder = temporaryFolder();
  const dice = chanceFor(seed, "run");
  const below = `/round-${seed}`;
  const { args, asked, codes } = callOf(dice, folder.path);
  const flavour = dice.pick(["body", "body", "http", "bytes", "all"] as const);
  const rate = dice.pick([0.02, 0.1, 0.5]);
  const { url } = lane.server;
  const service = fuzzService({ seed, flavour, rate, asked, below, host: new URL(url).host, trap });
  lane.serve(service);
  const limits = ["--timeout", `${timeoutMs}ms`, "--retries", String(dice.below(3))];
  const all = [...args, "--endpoint", url + below, ...limits];
  const result = await runEc2nic({ args: all });
  lane.server.hangUp();
  const left = readdirSync(folder.path).map((name) => `left ${name} behind`);
  return {
    seed,
    args: all,
    code: result.code,
    elapsedMs: result.elapsedMs,
    answers: Object.values(service.sent).reduce((sum, count) => sum + count, 0),
    faults: [...faultsOf(result, args, codes), ...left, ...service.faults],
  };
}

const keys = [
  "mac",
  "tags/instance",
  "network",
  "placement",
  "public-keys",
  "dynamic",
  "user-data",
];
const formats = [
  ["--json"],
  ["--format", "env"],
  ["--json", "-v"],
  ["--json", "--log-format", "json", "-v"],
];
const backends = ["netplan", "network-manager", "networkd"];

function callOf(dice: Chance, root: string): Call {
  const through = dice.pick([[], [], ["--interface", "lo"]]);
  const key = dice.pick(keys);
  const { path } = parseKey(key);
  const fetching: Call = {
    args: ["fetch", key, ...dice.pick(formats), ...through],
    asked: [path.join("/"), path.slice(0, -1).join("/")],
    codes: [0, 65, 66, 69, 78],
  };
  const activating: Call = {
    args: [
      "activate",
      "--dry-run",
      "--root",
      root,
      "--backend",
      dice.pick(backends),
      ...dice.pick([[], ["--json"]]),
    ],
    asked: [
      "mac",
      "network/interfaces/macs",
      ...macsHere().map((mac) => `network/interfaces/macs/${mac}`),
    ].map((each) => `meta-data/${each}`),
    codes: [0, 65, 69, 75, 78],
  };
  const probing: Call = {
    args: ["probe-nics", ...dice.pick([[], ["--json"], ["--first"]])],
    asked: ["meta-data/instance-id"],
    codes: [0, 69, 78],
  };
  return dice.pick([fetching, fetching, activating, activating, probing]);
}

/** Of the machine that runs this: their folders are asked for without being listed. */
function macsHere(): readonly string[] {
  return readdirSync("/sys/class/net").map((name) =>
    readFileSync(`/sys/class/net/${name}/address`, "utf8").trim(),
  );
}

/** Those of 8 bits, and what turns text around. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
/** A variable's value is handed on as it is, as far as systemd takes it. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const controlsOfVariables = /[\u0000-\u0008\u000b-\u001f\u007f]/;

function faultsOf(
  { code, text, stderr, elapsedMs }: RunResult,
  args: readonly string[],
  codes: readonly number[],
): readonly string[] {
  const forbidden = args.includes("env") ? controlsOfVariables : controls;
  const said = stderr.slice(0, 300);
  const checks: readonly (readonly [boolean, string])[] = [
    [!codes.includes(code), `ended with ${code}: ${said}`],
    [elapsedMs > timeoutMs + spareMs, `took ${Math.round(elapsedMs)} ms`],
    [controls.test(stderr), `a control character on stderr: ${JSON.stringify(said)}`],
    [forbidden.test(text), `a control character on stdout: ${JSON.stringify(text.slice(0, 300))}`],
    [/^\s+at .*:\d+:\d+\)?$/m.test(stderr), `a stack trace: ${said}`],
    [stderr.includes("fuzz-token"), "the token is in the log"],
    [text.startsWith("{") && !isJson(text), `no JSON: ${text.slice(0, 200)}`],
  ];
  return checks.flatMap(([isFault, what]) => (isFault ? [what] : []));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
