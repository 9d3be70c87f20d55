import { parseKey } from "../../../src/imds/protocol/key.ts";
import type { Random } from "../basics/random.ts";
import { randomFor, type MutationGroup } from "./mutations/mutate.ts";

/** What a run of the executable is, as its seed says, and what it may ask for and end with. */
export interface RunPlan extends Call {
  readonly seed: number;
  /** What stands before `/latest` in the paths of this run. */
  readonly below: string;
  readonly group: MutationGroup;
  readonly rate: number;
}

/** Where it runs. */
export interface RunPlace {
  /** A folder for `--root`. */
  readonly root: string;
  /** Of its NICs: their folders are asked for without being listed. */
  readonly macs: readonly string[];
  /** A NIC that leads to the service. */
  readonly nic: string;
  /** The service, without a path. */
  readonly url: string;
}

interface Call {
  readonly args: readonly string[];
  /** What may be asked for without being listed, below `latest/`. */
  readonly asked: readonly string[];
  /** Exit statuses that the contract has for it. */
  readonly codes: readonly number[];
}

/** The run has so long by its own word. */
export const runTimeoutMs = 1200;

export function runPlan(seed: number, place: RunPlace): RunPlan {
  const random = randomFor(seed, "run");
  const below = `/round-${seed}`;
  const { args, asked, codes } = chooseCall(random, place);
  const group = random.pick(["body", "body", "http", "bytes", "all"] as const);
  const rate = random.pick([0.02, 0.1, 0.5]);
  const limits = ["--timeout", `${runTimeoutMs}ms`, "--retries", String(random.below(3))];
  const all = [...args, "--endpoint", place.url + below, ...limits];
  return { seed, below, group, rate, args: all, asked, codes };
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
      random.pick(backends),
      ...random.pick([[], ["--json"]]),
    ],
    asked: [
      "mac",
      "network/interfaces/macs",
      ...macs.map((mac) => `network/interfaces/macs/${mac}`),
    ].map((each) => `meta-data/${each}`),
    codes: [0, 65, 69, 75, 78],
  };
  const probing: Call = {
    args: ["probe-nics", ...random.pick([[], ["--json"], ["--first"]])],
    asked: ["meta-data/instance-id"],
    codes: [0, 69, 78],
  };
  return random.pick([fetching, fetching, activating, activating, probing]);
}
