import { type Sandbox, startSandbox } from "../../machine/sandbox.ts";
import { command, type CommandOptions, type Ended, mustRun } from "../../machine/command.ts";
import type { SimulatorControl } from "../../machine/vpc/simulator-control.ts";
import { until } from "../../basics/until.ts";
import {
  type Running,
  type RunOptions,
  type RunResult,
  startEc2nic,
} from "../../program/run-ec2nic.ts";
import { type FarSide, makeFarSide } from "./far-side.ts";
import type { NicSpec } from "./nic-spec.ts";
import { farEnd, plug } from "./plug.ts";
import { type NetworkState, readState } from "./state.ts";

export interface NicNetworkOptions {
  readonly nics: readonly NicSpec[];
  /** The rp_filter of every NIC; default 2, which systemd sets (sysctl.d/50-default.conf). */
  readonly rpFilter?: 0 | 1 | 2;
}

type Ec2nicOptions = Pick<RunOptions, "env" | "around">;

/** An instance with real NICs in its own namespaces, and the networks behind the NICs. */
export interface NicNetwork extends AsyncDisposable {
  /** Runs a command in the instance. */
  readonly run: (argv: readonly string[], options?: CommandOptions) => Promise<Ended>;
  /** Runs `ip` in the instance. Throws with its output where it fails. */
  readonly ip: (...words: readonly string[]) => Promise<string>;
  /** Runs ec2nic in the instance, whose network has no connection to the real one. */
  readonly ec2nic: (args: readonly string[], options?: Ec2nicOptions) => Promise<RunResult>;
  readonly start: (args: readonly string[], options?: Ec2nicOptions) => Running;
  /** Adds a NIC; a NIC with the name of a removed one has the same far end. */
  readonly plug: (spec: NicSpec) => Promise<void>;
  /** Removes the NIC; its far end stays. */
  readonly unplug: (name: string) => Promise<void>;
  /** Sets the carrier; returns when the kernel has changed the state of the NIC. */
  readonly carrier: (name: string, isOn: boolean) => Promise<void>;
  /** The IMDS behind a NIC. */
  readonly simulator: (name: string) => SimulatorControl;
  /** Runs a command at the far end of a NIC. Throws with its output where it fails. */
  readonly far: (name: string, argv: readonly string[]) => Promise<string>;
  readonly farArgv: (name: string, argv: readonly string[]) => readonly string[];
  /** An argv that runs a command in the instance. */
  readonly enter: (argv: readonly string[]) => readonly string[];
  readonly state: () => Promise<NetworkState>;
}

/**
 * `await using network = await startNicNetwork({ nics: [{ name: "ens5", ipv4: "10.0.0.10/24", imds: "answers" }] })`.
 * Its network and mounts are those of the sandbox; `/sys` shows its NICs, `/run` is empty, `/etc` read-only.
 */
export async function startNicNetwork({
  nics,
  rpFilter = 2,
}: NicNetworkOptions): Promise<NicNetwork> {
  const sandbox = await startSandbox();
  try {
    await mustRun(sandbox.enter(["sh", "-ec", prepare, "sh", String(rpFilter)]));
    const network = networkOf(sandbox);
    await network.addNics(nics);
    return network;
  } catch (error) {
    await sandbox.stop();
    throw error;
  }
}

/** Duplicate address detection would take a second of each NIC's start. */
const prepare = `
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mount --bind /etc /etc
mount -o remount,bind,ro /etc
echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
echo "$1" >/proc/sys/net/ipv4/conf/default/rp_filter
echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
`;

type ExtensibleNetwork = NicNetwork & {
  readonly addNics: (nics: readonly NicSpec[]) => Promise<void>;
};

function networkOf(sandbox: Sandbox): ExtensibleNetwork {
  const sides = new Map<string, FarSide>();
  const positions = new Map<string, number>();
  // not in the process namespace of the sandbox: nsenter would fork, and a signal would not reach the command
  const enter = (argv: readonly string[]): readonly string[] =>
    sandbox.namespaces.enter(argv, ["mnt", "net"]);
  const ip: NicNetwork["ip"] = (...words) => mustRun(enter(["ip", ...words]));
  const sideOf = (name: string): FarSide => {
    const side = sides.get(name);
    if (side === undefined) throw new Error(`the network has no NIC ${name}`);
    return side;
  };
  const makeSide = async (spec: NicSpec): Promise<void> => {
    if (sides.has(spec.name)) return;
    positions.set(spec.name, positions.size);
    sides.set(spec.name, await makeFarSide(sandbox, spec));
  };
  const addNics = async (nics: readonly NicSpec[]): Promise<void> => {
    await Promise.all(nics.map(makeSide));
    for (const spec of nics) {
      const { name } = spec;
      await plug({ spec, far: sideOf(name), position: positions.get(name) ?? 0, enter });
    }
    const isUp = async ({ name }: NicSpec): Promise<boolean> =>
      !/tentative|state (DOWN|LOWER)/.test(await ip("address", "show", name));
    const areUp = async () => (await Promise.all(nics.map(isUp))).every(Boolean);
    await until("the NICs are up", areUp);
  };
  const start: NicNetwork["start"] = (args, { env = {}, around = [] } = {}) =>
    startEc2nic({ args, env, namespace: true, around: [...enter([]), ...around] });
  const farArgv: NicNetwork["farArgv"] = (name, argv) => sideOf(name).enter(argv);
  const far: NicNetwork["far"] = (name, argv) => mustRun(farArgv(name, argv));
  return {
    addNics,
    enter,
    ip,
    start,
    far,
    farArgv,
    run: (argv, options) => command(enter(argv), options),
    ec2nic: (args, options) => start(args, options).result,
    plug: (spec) => addNics([spec]),
    unplug: async (name) => void (await ip("link", "delete", name)),
    carrier: async (name, isOn) => {
      const state = isOn ? "up" : "down";
      await far(name, ["ip", "link", "set", farEnd, state]);
      const shows = `state ${state.toUpperCase()}`; // routes follow together with it
      const look = async () => (await ip("link", "show", name)).includes(shows);
      await until(`${name} shows that its carrier is ${state}`, look);
    },
    simulator: (name) => {
      const { simulator } = sideOf(name);
      if (simulator === null) throw new Error(`nothing answers behind ${name}`);
      return simulator;
    },
    state: () => readState(sandbox, enter),
    [Symbol.asyncDispose]: () => sandbox.stop(),
  };
}
