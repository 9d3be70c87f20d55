import type { Failure } from "../exit.ts";
import type { Family } from "./ip.ts";
import type { Route, RoutingPolicyRule } from "./network-config.ts";

/** A file that ec2nic writes. */
export interface ConfigFile {
  /** The absolute path on the target, without `--root`. */
  readonly path: string;
  readonly content: string;
  /** Permission bits: 0600, or what the daemon that reads the file requires. */
  readonly mode: number;
  /** The NIC that the file configures; null for the machine as a whole. */
  readonly mac: string | null;
}

/** A command to run. */
export interface Step {
  readonly argv: readonly string[];
  readonly reason: string;
  /** The NIC that fails if the command fails; null for all NICs that changed. */
  readonly mac: string | null;
  /** After this time the command is ended and counts as failed. */
  readonly timeoutMs: number;
  /** The command rewrites this directory; files with unchanged content keep their inodes. */
  readonly preservesDirectory?: string;
  /** This text on stderr means that another process has already done this; it is not a failure. */
  readonly alreadyDoneMessage?: string;
}

export const backends = ["netplan", "network-manager", "networkd"] as const;
export type Backend = (typeof backends)[number];

/** The daemon that netplan generates configuration for. */
export type NetplanRenderer = "networkd" | "NetworkManager";

/** Everything that a run will do, and why; `--dry-run` prints it. */
export interface NetworkPlan {
  readonly backend: Backend;
  readonly write: readonly ConfigFile[];
  /** Paths on the target. */
  readonly remove: readonly string[];
  readonly steps: readonly Step[];
  /** The reason of each decision, in order. */
  readonly reasons: readonly string[];
  readonly nics: readonly NicResult[];
}

/** Ordered from the worst to the best. */
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

/** The result for one NIC. */
export interface NicResult {
  readonly mac: string;
  readonly name: string | null;
  readonly eni: string | null;
  readonly outcome: NicOutcome;
  /** Absent if the outcome explains itself. */
  readonly reason?: string;
  /** Only for `incomplete`: waiting does not help. */
  readonly isFinal?: true;
}

/** The chosen backend, and the facts that are needed to make it read its files again. */
export interface Activation {
  readonly backend: Backend;
  /** netplan's renderer; null if the backend is not netplan. */
  readonly renderer: NetplanRenderer | null;
  /** `local`: the daemon has not started yet, and will read our files when it starts. */
  readonly stage: "local" | "network";
  /** The daemon runs and accepts commands. */
  readonly isRunning: boolean;
  readonly hasSystemd: boolean;
  /** The uuid of NetworkManager's active profile, by the link's name. */
  readonly activeProfiles: Readonly<Record<string, string>>;
}

/** Whether NetworkManager configures the links, by itself or as netplan's renderer. */
export function usesNetworkManager(activation: Pick<Activation, "backend" | "renderer">): boolean {
  return activation.backend === "network-manager" || activation.renderer === "NetworkManager";
}

/** What commands need to know about a configured NIC. */
export interface ActiveNic {
  readonly mac: string;
  /** The link's name; null if the NIC is not attached. Such a NIC cannot be activated. */
  readonly name: string | null;
  readonly isPrimary: boolean;
}

/** One thing on the machine that differs from the wanted configuration, with the data for a fix. */
export type Difference = DifferenceLocation &
  (
    | { readonly kind: "file"; readonly what: "missing" | "wrong" | "stale" }
    | AddressDifference
    | RouteDifference
    /** `stale`: the rule is ours, but belongs to no ENI. */
    | {
        readonly kind: "rule";
        readonly what: "missing" | "stale";
        readonly rule: RoutingPolicyRule;
      }
    | { readonly kind: "default-route"; readonly what: "missing"; readonly family: Family }
    /** `group`: the group that the link should be in. */
    /** The daemon in charge says that our configuration of the NIC is not in force. */
    | { readonly kind: "daemon"; readonly what: "wrong" }
    | { readonly kind: "link-group"; readonly what: "wrong"; readonly group: number }
  );

interface DifferenceLocation {
  /** The NIC's MAC; null if the difference belongs to no known NIC. */
  readonly mac: string | null;
  /** The link's name; null if there is no link. */
  readonly name: string | null;
  /** What differs, in one line that names the object. */
  readonly text: string;
}

/** `what` is `wrong` if the address exists, but duplicate address detection has failed. */
interface AddressDifference {
  readonly kind: "address";
  readonly what: "missing" | "wrong";
  /** The address with the prefix length that it has or should have. */
  readonly cidr: string;
  /** DHCP gives the address, so only a DHCP client can add it. */
  readonly isLeased: boolean;
}

/**
 * `what` is `wrong` if the machine uses another route to this destination, and `stale` if the route
 * is ours but not needed.
 */
interface RouteDifference {
  readonly kind: "route";
  readonly what: "missing" | "wrong" | "stale";
  readonly route: Route;
  /** The metric of the existing route; null if there is none. */
  readonly metric: number | null;
}

/** The existing files that a plan depends on. */
export interface HostState {
  /** The existing files at all paths that ec2nic can write, with any backend; sorted by path. */
  readonly files: readonly ExistingFile[];
  /** The text of `/etc/ec2nic/unmanaged`; null if there is no such file. */
  readonly unmanaged: string | null;
  /** The text of `/etc/ec2nic/policy`; absent or null if there is no such file. */
  readonly policy?: string | null;
}

export interface ExistingFile {
  /** The path on the target, without `--root`. */
  readonly path: string;
  readonly content: string;
  /** Permission bits; null if the path is no regular file, but for example a symbolic link. */
  readonly mode: number | null;
}

/** A configuration file of another program, or of the admin. */
export interface OtherFile {
  readonly path: string;
  /** Empty for a link to /dev/null, because such a link masks files with this name. */
  readonly content: string;
}

/** `local`: the network daemon has not started yet, so only files are written. */
export const stages = ["local", "network"] as const;
export type Stage = (typeof stages)[number];

export interface ApplyResult {
  /** The plan's NICs with their outcomes. */
  readonly nics: readonly NicResult[];
  /** The failure that the run must end with; null if everything succeeded. */
  readonly failure: Failure | null;
  /** When everything was activated and the verification began, on `Clock.now`. */
  readonly activatedMs: number;
}
