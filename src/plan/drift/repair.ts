import { familyOf } from "../../model/ip.ts";
import type { Difference, Step } from "../../model/plan.ts";
import type { RoutingPolicyRule } from "../../model/network-config.ts";
import { planDaemonRepair, type ActiveBackend } from "./ask-daemon.ts";
import type { ExpectedKernel } from "./expected-kernel.ts";
import { shortenCidr } from "./rules.ts";

export interface Repair {
  /** In the order in which they must run: addresses, then the routes that need them, then rules. */
  readonly steps: readonly Step[];
  /** Says what is not repaired, and why not. */
  readonly reasons: readonly string[];
}

const timeoutMs = 10_000;

/**
 * The commands that repair exactly these differences in the kernel; files are not considered. They
 * are `ip` commands, whichever daemon is in charge. The last commands make the daemon restore what
 * only DHCP can give. A command that comes too late does no harm: if a daemon has already added or
 * removed a rule, `ip` reports that the rule exists, or that it does not exist.
 */
export function repairSteps(
  differences: readonly Difference[],
  expected: ExpectedKernel,
  activeBackend: ActiveBackend,
): Repair {
  const daemonRepairs = expected.nics.map((nic) => {
    return { mac: nic.mac, ...planDaemonRepair(nic, differences, activeBackend) };
  });
  const resetMacs = daemonRepairs.filter(({ resetsLink }) => resetsLink).map(({ mac }) => mac);
  const others = differences.filter(({ mac }) => mac === null || !resetMacs.includes(mac));
  return {
    steps: [...others.flatMap(repairStepsFor), ...daemonRepairs.flatMap(({ steps }) => steps)],
    reasons: daemonRepairs.flatMap(({ reasons }) => reasons),
  };
}

/** The kernel's errors as iproute2 prints them (strerror(3)); iproute2 never translates them. */
const alreadyDoneMessages = {
  rule: { missing: "File exists", stale: "No such file or directory" },
  route: { missing: "", wrong: "", stale: "No such process" },
} as const;

function repairStepsFor(difference: Difference): readonly Step[] {
  const { mac, text: reason } = difference;
  const message = findAlreadyDoneMessage(difference);
  const done = message === "" ? {} : { alreadyDoneMessage: message };
  return repairArgvs(difference).map((argv) => ({ argv, reason, mac, timeoutMs, ...done }));
}

function findAlreadyDoneMessage(difference: Difference): string {
  if (difference.kind === "rule") return alreadyDoneMessages.rule[difference.what];
  return difference.kind === "route" ? alreadyDoneMessages.route[difference.what] : "";
}

type Argv = Step["argv"];

function repairArgvs(difference: Difference): readonly Argv[] {
  const { kind, name } = difference;
  if (kind === "rule") {
    const verb = difference.what === "stale" ? "del" : "add";
    return [ruleArgv(verb, difference.rule)];
  }
  // Without a link, neither an address nor a route can be added.
  if (name === null) return [];
  if (kind === "address" && !difference.isLeased) return addressArgvs(difference, name);
  if (kind === "link-group") {
    return [["ip", "link", "set", "dev", name, "group", `${difference.group}`]];
  }
  if (kind === "route") return [routeArgv(difference, name)];
  return [];
}

type RouteDifference = Extract<Difference, { readonly kind: "route" }>;
type AddressDifference = Extract<Difference, { readonly kind: "address" }>;

/**
 * Adds the address as the daemons do: without a prefix route, and for IPv6 with preferred lifetime
 * 0, so that it is never the source (RFC 6724, rule 3). In a VPC only one ENI has an address, so no
 * duplicate address detection is needed. An address that failed it is removed and added again.
 */
function addressArgvs({ cidr, what }: AddressDifference, name: string): readonly Argv[] {
  const family = familyOf(cidr);
  const command = ["ip", `-${family}`, "address"];
  const address = [cidr, "dev", name];
  const flags = family === 4 ? [] : ["nodad", "preferred_lft", "0"];
  return [
    ...(what === "wrong" ? [[...command, "del", ...address]] : []),
    [...command, "replace", ...address, "noprefixroute", ...flags],
  ];
}

/**
 * `replace` replaces the route with the same metric. networkd and NetworkManager mark the routes of
 * their configuration with protocol `static`; our route gets this mark so that they can remove it.
 */
function routeArgv({ what, route, metric }: RouteDifference, name: string): readonly string[] {
  const { family, type, destination, gateway, table } = route;
  const isThrow = type === "throw";
  const verb = what === "stale" ? "del" : "replace";
  const command = ["ip", `-${family}`, "route", verb, ...(isThrow ? ["throw"] : [])];
  const via = gateway === null ? [] : ["via", gateway];
  const device = isThrow ? [] : ["dev", name];
  const protocol = what === "stale" ? [] : ["proto", "static"];
  const numbers = ["table", `${table}`, ...protocol];
  const end = metric === null ? [] : ["metric", `${metric}`];
  return [...command, shortenCidr(destination), ...via, ...device, ...numbers, ...end];
}

/** A rule's command, with all selectors, so that `del` deletes no other rule. */
function ruleArgv(verb: "add" | "del", rule: RoutingPolicyRule): readonly string[] {
  const { family, from, to, table, priority, suppressPrefixLength, suppressGroup } = rule;
  const numbers = ["priority", `${priority}`, "table", `${table}`];
  const selectors = ["from", from, ...(to === null ? [] : ["to", to])];
  const suppress = [
    ...(suppressPrefixLength === null ? [] : ["suppress_prefixlength", `${suppressPrefixLength}`]),
    ...(suppressGroup === null ? [] : ["suppress_ifgroup", `${suppressGroup}`]),
  ];
  // `del` with a protocol would not find a rule that was added without protocol `static`.
  const protocol = verb === "add" ? ["protocol", "static"] : [];
  return ["ip", `-${family}`, "rule", verb, ...numbers, ...selectors, ...suppress, ...protocol];
}
