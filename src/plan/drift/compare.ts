import { hostCidr, isLinkLocalIpv6 } from "../../model/ip.ts";
import type { Difference } from "../../model/plan.ts";
import { type KernelRoute, type KernelState, mainDefaultRoutes } from "../../model/kernel-state.ts";
import type { Route } from "../../model/network-config.ts";
import type { ExpectedAddress, ExpectedKernel, ExpectedNic } from "./expected-kernel.ts";
import { describeRule, isSameRule, shortenCidr, findStaleRules } from "./rules.ts";

/**
 * The differences between the kernel and what is expected: addresses, routes and rules of each NIC,
 * in the order in which they can be repaired. Additions of other programs count if they conflict.
 */
export function checkKernel(expected: ExpectedKernel, kernel: KernelState): readonly Difference[] {
  return [
    ...expected.nics.flatMap((nic) => [
      ...compareLinkGroup(nic, kernel),
      ...nic.addresses.flatMap((address) => compareAddress(nic, address, kernel) ?? []),
      ...nic.routes.flatMap((route) => compareRoute(nic, route, kernel) ?? []),
      ...staleThrowRoutes(nic, kernel),
      ...missingRules(nic, kernel),
      ...missingDefaults(nic, kernel),
    ]),
    ...findStaleRules(expected, kernel),
  ];
}

function compareLinkGroup(
  { mac, name, linkGroup }: ExpectedNic,
  { links }: KernelState,
): readonly Difference[] {
  const link = links.find((each) => each.name === name);
  if (linkGroup === null || link === undefined || link.group === linkGroup) return [];
  const text = `${name}: its link is in group ${link.group ?? "unknown"}, not ${linkGroup}`;
  return [{ kind: "link-group", what: "wrong", mac, name, text, group: linkGroup }];
}

/** While duplicate address detection runs, an address is tentative, which is no difference. */
function compareAddress(
  { mac, name }: ExpectedNic,
  { cidr, isLeased }: ExpectedAddress,
  { addresses }: KernelState,
): Difference | null {
  const holders = addresses.filter(({ address }) => hostCidr(address) === cidr);
  const found = holders.find(({ link }) => link === name);
  const subject = `${name}: address ${shortenCidr(cidr)}`;
  if (found === undefined) {
    const elsewhere = holders.map(({ link }) => `${link} has it`).join(", ");
    const text = `${subject} is missing${elsewhere === "" ? "" : ` (${elsewhere})`}`;
    return { kind: "address", what: "missing", mac, name, text, cidr, isLeased };
  }
  if (!found.isDuplicate) return null;
  const text = `${subject} is not usable, because duplicate address detection failed`;
  const existing = `${found.address}/${found.prefixLength}`;
  return { kind: "address", what: "wrong", mac, name, text, cidr: existing, isLeased };
}

/** If there are several routes to a destination, the kernel uses those with the lowest metric. */
function compareRoute(
  { mac, name }: ExpectedNic,
  route: Route,
  { routes }: KernelState,
): Difference | null {
  const { family, destination, table } = route;
  const existing = routes.filter(
    (each) => each.family === family && each.destination === destination && each.table === table,
  );
  const metric = Math.min(...existing.map((each) => each.metric));
  const used = existing.filter((each) => each.metric === metric);
  const wrong = used.find((each) => !isSameHop(each, route, name));
  const location = { kind: "route", mac, name, route } as const;
  const subject = `${name}: route ${shortenCidr(destination)}`;
  const expectedHop = describeHop({ ...route, link: name });
  if (used.length === 0) {
    const text = `${subject} ${expectedHop} in table ${table} is missing`;
    return { ...location, what: "missing", text, metric: null };
  }
  if (wrong === undefined) return null;
  const actualHop = describeHop(wrong);
  const text = `${subject} in table ${table} goes ${actualHop}, not ${expectedHop}`;
  return { ...location, what: "wrong", text, metric };
}

/** A route via an advertised router is accepted in place of one via the VPC's fixed router. */
function isSameHop(existing: KernelRoute, route: Route, name: string): boolean {
  if (route.type === "throw") return existing.type === "throw";
  if (existing.link !== name) return false;
  if (existing.gateway === route.gateway) return true;
  return route.prefersAdvertised && existing.gateway !== null && isLinkLocalIpv6(existing.gateway);
}

function describeHop({ type, gateway, link }: Pick<KernelRoute, "type" | "gateway" | "link">) {
  if (type === "throw") return "to the next rule (throw)";
  if (link === null) return "to no NIC (packets are dropped)";
  return gateway === null ? `dev ${link}` : `via ${gateway} dev ${link}`;
}

/**
 * Routes of type `throw` that the NIC's table does not need any more, for example for a bridge that
 * is gone. With such a route, packets would leave through the primary.
 */
function staleThrowRoutes(
  { mac, name, table, routes }: ExpectedNic,
  kernel: KernelState,
): readonly Difference[] {
  return kernel.routes
    .filter((each) => each.table === table && each.type === "throw")
    .filter(({ destination }) => !routes.some((route) => route.destination === destination))
    .map(({ family, destination, metric }): Difference => {
      const hop = { type: "throw", gateway: null, prefersAdvertised: false } as const;
      const route = { family, destination, table, ...hop };
      const text = `${name}: route ${shortenCidr(destination)} to the next rule (throw) in table ${table} is left over`;
      return { kind: "route", what: "stale", mac, name, text, route, metric };
    });
}

function missingRules({ mac, name, rules }: ExpectedNic, kernel: KernelState) {
  return rules
    .filter((rule) => !kernel.rules.some((other) => other.isPlain && isSameRule(other, rule)))
    .map((rule): Difference => {
      const text = `${name}: ${describeRule(rule)} is missing`;
      return { kind: "rule", what: "missing", mac, name, text, rule };
    });
}

function missingDefaults({ mac, name, defaultRouteFamilies }: ExpectedNic, kernel: KernelState) {
  return defaultRouteFamilies
    .filter((family) => !mainDefaultRoutes(kernel, family).some(({ link }) => link === name))
    .map((family): Difference => {
      const text = `${name}: no IPv${family} default route leads out through it`;
      return { kind: "default-route", what: "missing", mac, name, text, family };
    });
}
