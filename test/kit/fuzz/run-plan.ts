import { parseKey } from "../../../src/imds/protocol/key.ts";
import type { Random } from "../basics/random.ts";
import { randomFor, type MutationGroup } from "./mutations/mutate.ts";

/** A run of the executable; the seed decides its arguments. */
export interface RunPlan extends Call {
  readonly seed: number;
  /** The path before `/latest` in the requests of this run. */
  readonly below: string;
  readonly group: MutationGroup;
  readonly rate: number;
}

/** The machine of the run. */
export interface RunPlace {
  /** A folder for `--root`. */
  readonly root: string;
  /** The MACs of its NICs: their folders are read without being listed. */
  readonly macs: readonly string[];
  /** A NIC that leads to the service. */
  readonly nic: string;
  /** The service, without a path. */
  readonly url: string;
}

interface Call {
  readonly args: readonly string[];
  /** Paths below `latest/` that may be requested without being listed. */
  readonly allowed: readonly string[];
  /** The exit statuses that the contract allows. */
  readonly codes: readonly number[];
}

/** The value of --timeout. */
export const runTimeoutMs = 1200;

export function runPlan(seed: number, place: RunPlace): RunPlan {
  const random = randomFor(seed, "run");
  const below = `/round-${seed}`;
  const { args, allowed, codes } = chooseCall(random, place);
  const group = random.pick(["body", "body", "http", "bytes", "all"] as const);
  const rate = random.pick([0.02, 0.1, 0.5]);
  const limits = ["--timeout", `${runTimeoutMs}ms`, "--retries", String(random.below(3))];
  const all = [...args, "--endpoint", place.url + below, ...limits];
  return { seed, below, group, rate, args: all, allowed, codes };
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

function chooseCall(random: Random, { root, macs, nic }: RunPlace): Call {
  const via = random.pick([[], [], ["--interface", nic]]);
  const key = random.pick(keys);
  const { path } = parseKey(key);
  const fetching: Call = {
    args: ["fetch", key, ...random.pick(formats), ...via],
    allowed: [path.join("/"), path.slice(0, -1).join("/")],
    codes: [0, 65, 66, 69, 78],
  };
  const activating: Call = {
    args: [
      "activate",
      "--dry-run",
      "--root",
      root,
      "--backend",
      random.pick(backends),
      ...random.pick([[], ["--json"]]),
    ],
    allowed: [
      "mac",
      "network/interfaces/macs",
      ...macs.map((mac) => `network/interfaces/macs/${mac}`),
    ].map((each) => `meta-data/${each}`),
    codes: [0, 65, 69, 75, 78],
  };
  const probing: Call = {
    args: ["probe-nics", ...random.pick([[], ["--json"], ["--first"]])],
    allowed: ["meta-data/instance-id"],
    codes: [0, 69, 78],
  };
  return random.pick([fetching, fetching, activating, activating, probing]);
}
