import { familyOf } from "../../model/ip.ts";
import type { Difference, Step } from "../../model/plan.ts";
import type { Route, RoutingPolicyRule } from "../../model/network-config.ts";
import { planDaemonRepair, type ActiveBackend } from "./ask-daemon.ts";
import type { ExpectedKernel } from "./expected-kernel.ts";
import { shortenCidr } from "./rules.ts";

export interface Repair {
  /** In the order in which they can work: an address, then the routes that need it, then rules. */
  readonly steps: readonly Step[];
  /** What is not mended, and why not. */
  readonly reasons: readonly string[];
}

const timeoutMs = 10_000;

/**
 * What mends exactly these differences in the kernel; files are not its matter. The commands are
 * `ip`'s, for whichever daemon is in charge; what only DHCP can give is asked of the daemon, last.
 * Where another was quicker, a step does no harm: daemons take up and drop rules while a NIC comes
 * and goes, and `ip` says so.
 */
export function repairSteps(
  differences: readonly Difference[],
  expected: ExpectedKernel,
  activeBackend: ActiveBackend,
): Repair {
  const daemonRepairs = expected.nics.map((nic) => {
    return { mac: nic.mac, ...planDaemonRepair(nic, differences, activeBackend) };
  });
  const resetMacs = new Set(
    daemonRepairs.filter(({ resetsLink }) => resetsLink).map(({ mac }) => mac),
  );
  return {
    steps: [
      ...differences
        .filter(({ mac }) => mac === null || !resetMacs.has(mac))
        .flatMap(repairStepsFor),
      ...daemonRepairs.flatMap(({ steps }) => steps),
    ],
    reasons: daemonRepairs.flatMap(({ reasons }) => reasons),
  };
}

/** strerror(3) of the kernel's answer, as iproute2 shows it: it is never translated. */
const alreadyDoneMessages = { missing: "File exists", stale: "No such file or directory" } as const;

function repairStepsFor(difference: Difference): readonly Step[] {
  const { mac, text } = difference;
  const doneMessage =
    difference.kind === "rule" ? { alreadyDoneMessage: alreadyDoneMessages[difference.what] } : {};
  return repairArgvs(difference).map((argv) => ({
    argv,
    reason: text,
    mac,
    timeoutMs,
    ...doneMessage,
  }));
}

function repairArgvs(difference: Difference): readonly (readonly string[])[] {
  const { kind, name } = difference;
  if (kind === "rule") {
    const verb = difference.what === "stale" ? "del" : "add";
    return [ruleArgv(verb, difference.rule)];
  }
  // Without a link there is nothing to give an address or a route to.
  if (name === null) return [];
  if (kind === "address" && !difference.isLeased) return addressArgvs(difference, name);
  if (kind === "route") return [routeArgv(difference.route, difference.metric, name)];
  return [];
}

/**
 * As the daemons would have it: no route of its own, and for IPv6 never the source, which the
 * preferred lifetime says (RFC 6724, rule 3). An address in a VPC has one holder, so that duplicate
 * address detection only delays; one that has failed it stays unusable until it is made anew.
 */
function addressArgvs(
  { cidr, what }: { readonly cidr: string; readonly what: "missing" | "wrong" },
  name: string,
): readonly (readonly string[])[] {
  const family = familyOf(cidr);
  const [command, address] = [
    ["ip", `-${family}`, "address"],
    [cidr, "dev", name],
  ];
  const flags = family === 4 ? [] : ["nodad", "preferred_lft", "0"];
  return [
    ...(what === "wrong" ? [[...command, "del", ...address]] : []),
    [...command, "replace", ...address, "noprefixroute", ...flags],
  ];
}

/**
 * `replace` takes the place of the route with the same metric. `static` is the mark that networkd
 * and NetworkManager put on routes of a configuration: as theirs they can take it away again.
 */
function routeArgv(route: Route, metric: number | null, name: string): readonly string[] {
  const { family, destination, gateway, table } = route;
  const replace = ["ip", `-${family}`, "route", "replace", shortenCidr(destination)];
  const via = gateway === null ? [] : ["via", gateway];
  const device = ["dev", name, "table", `${table}`, "proto", "static"];
  return [...replace, ...via, ...device, ...(metric === null ? [] : ["metric", `${metric}`])];
}

/** By its whole text, so that `del` takes no other. */
function ruleArgv(verb: "add" | "del", rule: RoutingPolicyRule): readonly string[] {
  const { family, from, to, table, priority, ignoresDefault } = rule;
  const numbers = ["priority", `${priority}`, "table", `${table}`];
  const selectors = ["from", from, ...(to === null ? [] : ["to", to])];
  const suppress = ignoresDefault ? ["suppress_prefixlength", "0"] : [];
  // What was left over may have been made without it, and `del` would not find it.
  const protocol = verb === "add" ? ["protocol", "static"] : [];
  return ["ip", `-${family}`, "rule", verb, ...numbers, ...selectors, ...suppress, ...protocol];
}
