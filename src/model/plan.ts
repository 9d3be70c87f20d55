import type { Failure } from "../exit.ts";
import type { Family } from "./ip.ts";
import type { Route, RoutingPolicyRule } from "./network-config.ts";

/** A file of ours, whole. */
export interface ConfigFile {
  /** Absolute, as on the machine; `--root` is put in front when it is written. */
  readonly path: string;
  readonly content: string;
  /** Permission bits: 0600, or what the daemon that reads it needs. */
  readonly mode: number;
  /** The NIC it configures; null: for the machine as a whole. */
  readonly mac: string | null;
}

/** A command to run. */
export interface Step {
  readonly argv: readonly string[];
  readonly reason: string;
  /** The NIC it is for: its failure is that NIC's alone; null: for all that changed. */
  readonly mac: string | null;
  /** After this it is ended and counts as failed. */
  readonly timeoutMs: number;
  /** A directory whose files it rewrites: files with unchanged content keep their inodes. */
  readonly preservesDirectory?: string;
  /** Text on stderr which means that another process has already done this: not a failure. */
  readonly alreadyDoneMessage?: string;
}

export const backends = ["netplan", "network-manager", "networkd"] as const;

export type Backend = (typeof backends)[number];

/** Whom netplan writes for. */
export type NetplanRenderer = "networkd" | "NetworkManager";

/** Everything that will be done to the machine, and why; printing it is `--dry-run`. */
export interface NetworkPlan {
  readonly backend: Backend;
  readonly write: readonly ConfigFile[];
  /** Paths, as on the machine. */
  readonly remove: readonly string[];
  readonly steps: readonly Step[];
  /** How each decision came about, in order. */
  readonly reasons: readonly string[];
  readonly nics: readonly NicResult[];
}

/** The worst first. */
export const nicOutcomes = [
  "failed",
  "incomplete",
  "configured",
  "retired",
  "unchanged",
  "kept",
  "skipped",
] as const;

export type NicOutcome = (typeof nicOutcomes)[number];

/** One NIC's line in the result. */
export interface NicResult {
  readonly mac: string;
  readonly name: string | null;
  readonly eni: string | null;
  readonly outcome: NicOutcome;
  /** Why, where the outcome does not say it all. */
  readonly reason?: string;
}

/** Who is in charge here, and what it takes to make it read its files again. */
export interface Activation {
  readonly backend: Backend;
  /** null: the backend is not netplan. */
  readonly renderer: NetplanRenderer | null;
  /** `local`: the daemon is still to be started, and will read our files by itself. */
  readonly stage: "local" | "network";
  /** The daemon in charge answers. */
  readonly isRunning: boolean;
  readonly hasSystemd: boolean;
  /** Link's name → uuid of the profile that is up on it, as far as NetworkManager says. */
  readonly activeProfiles: Readonly<Record<string, string>>;
}

/** Whether NetworkManager configures the links, by itself or as netplan's renderer. */
export function usesNetworkManager({
  backend,
  renderer,
}: Pick<Activation, "backend" | "renderer">): boolean {
  return backend === "network-manager" || renderer === "NetworkManager";
}

/** A configured NIC, as far as a command has to name it. */
export interface ActiveNic {
  readonly mac: string;
  /** null: it is not here, and there is nothing to activate. */
  readonly name: string | null;
  readonly isPrimary: boolean;
}

/** One thing on the machine that is not as it should be, with what it takes to fix it. */
export type Difference = DifferenceLocation &
  (FileDifference | AddressDifference | RouteDifference | RuleDifference | DefaultRouteDifference);

interface DifferenceLocation {
  /** null: of no NIC that is known now. */
  readonly mac: string | null;
  /** The link's name, where there is one. */
  readonly name: string | null;
  /** What is wrong, in a line that names the object. */
  readonly text: string;
}

/** A file of ours; `stale`: one that should not be there. */
interface FileDifference {
  readonly kind: "file";
  readonly what: "missing" | "wrong" | "stale";
}

/** `wrong`: it is there, and duplicate address detection has failed. */
interface AddressDifference {
  readonly kind: "address";
  readonly what: "missing" | "wrong";
  /** With the prefix length that it has or should have. */
  readonly cidr: string;
  /** DHCP hands it out: no one else can put it there. */
  readonly isLeased: boolean;
}

/** `wrong`: packets take another way to this destination. */
interface RouteDifference {
  readonly kind: "route";
  readonly what: "missing" | "wrong";
  readonly route: Route;
  /** Of the route that stands in its place; null: none does. */
  readonly metric: number | null;
}

/** `stale`: one of ours that belongs to no ENI any more. */
interface RuleDifference {
  readonly kind: "rule";
  readonly what: "missing" | "stale";
  readonly rule: RoutingPolicyRule;
}

interface DefaultRouteDifference {
  readonly kind: "default-route";
  readonly what: "missing";
  readonly family: Family;
}

/** What lies on the machine now, as far as a plan depends on it. */
export interface HostState {
  /** Files in the places that are ours, of every backend, sorted by path. */
  readonly files: readonly ExistingFile[];
  /** The text of `/etc/ec2nic/unmanaged`; null where there is none. */
  readonly unmanaged: string | null;
}

export interface ExistingFile {
  /** As on the machine, without `--root`. */
  readonly path: string;
  readonly content: string;
  /** Permission bits; null for what is no plain file (a symbolic link, say). */
  readonly mode: number | null;
}

/** Configuration of somebody else's, as it lies on the machine. */
export interface OtherFile {
  readonly path: string;
  /** Whole; "" for a link to /dev/null, which masks a name. */
  readonly content: string;
}

/** `local`: the network daemon is not up yet, so files are all there is to do. */
export const stages = ["local", "network"] as const;
export type Stage = (typeof stages)[number];

export interface ApplyResult {
  /** The plan's NICs, with what came of them. */
  readonly nics: readonly NicResult[];
  /** What the run ends with, when everything else has been done; null where all went well. */
  readonly failure: Failure | null;
  /** When it was written and activated, on `Clock.now`, and the look whether it holds began. */
  readonly activatedMs: number;
}
