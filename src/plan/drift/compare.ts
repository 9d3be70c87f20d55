import { hostCidr, isLinkLocalIpv6 } from "../../model/ip.ts";
import type { Difference } from "../../model/plan.ts";
import { type KernelRoute, type KernelState, mainTable } from "../../model/kernel-state.ts";
import type { Route } from "../../model/network-config.ts";
import type { ExpectedAddress, ExpectedKernel, ExpectedNic } from "./expected-kernel.ts";
import { describeRule, isSameRule, shortened, staleRules } from "./rules.ts";

/**
 * Where the kernel is not as it must be, NIC by NIC: addresses, routes, rules, in the order in which
 * they can be mended. What others made is not looked at, unless it stands in the way.
 */
export function checkKernel(expected: ExpectedKernel, kernel: KernelState): readonly Difference[] {
  return [
    ...expected.nics.flatMap((nic) => [
      ...nic.addresses.flatMap((address) => checkAddress(nic, address, kernel) ?? []),
      ...nic.routes.flatMap((route) => checkRoute(nic, route, kernel) ?? []),
      ...missingRules(nic, kernel),
      ...missingDefaults(nic, kernel),
    ]),
    ...staleRules(expected, kernel),
  ];
}

/** An address that is still being checked for duplicates is on its way, and no difference. */
function checkAddress(
  { mac, name }: ExpectedNic,
  { cidr, isLeased }: ExpectedAddress,
  { addresses }: KernelState,
): Difference | null {
  const holders = addresses.filter(({ address }) => hostCidr(address) === cidr);
  const found = holders.find(({ link }) => link === name);
  const shown = `${name}: address ${shortened(cidr)}`;
  if (found === undefined) {
    const elsewhere = holders.map(({ link }) => link).join(" and ");
    const text = `${shown} is missing${elsewhere === "" ? "" : ` (${elsewhere} has it)`}`;
    return { kind: "address", what: "missing", mac, name, text, cidr, isLeased };
  }
  if (!found.isDuplicate) return null;
  const text = `${shown} is not usable: duplicate address detection failed`;
  const standing = `${found.address}/${found.prefixLength}`;
  return { kind: "address", what: "wrong", mac, name, text, cidr: standing, isLeased };
}

/** Of several routes to one destination the kernel takes the lowest metric; equal ones share. */
function checkRoute(
  { mac, name }: ExpectedNic,
  route: Route,
  { routes }: KernelState,
): Difference | null {
  const { family, destination, table } = route;
  const standing = routes.filter(
    (each) => each.family === family && each.destination === destination && each.table === table,
  );
  const metric = Math.min(...standing.map((each) => each.metric));
  const used = standing.filter((each) => each.metric === metric);
  const wrong = used.find((each) => !isSameWay(each, route, name));
  const place = { kind: "route", mac, name, route } as const;
  const shown = `${name}: route ${shortened(destination)}`;
  if (used.length === 0) {
    const text = `${shown} ${way(route.gateway, name)} in table ${table} is missing`;
    return { ...place, what: "missing", text, metric: null };
  }
  if (wrong === undefined) return null;
  const [is, should] = [way(wrong.gateway, wrong.link), way(route.gateway, name)];
  const text = `${shown} in table ${table} goes ${is}, not ${should}`;
  return { ...place, what: "wrong", text, metric };
}

/** The routers that advertise themselves on a link are as good as the one that is always there. */
function isSameWay(standing: KernelRoute, route: Route, name: string): boolean {
  if (standing.link !== name) return false;
  if (standing.gateway === route.gateway) return true;
  return route.prefersAdvertised && standing.gateway !== null && isLinkLocalIpv6(standing.gateway);
}

function way(gateway: string | null, link: string | null): string {
  if (link === null) return "nowhere";
  return gateway === null ? `dev ${link}` : `via ${gateway} dev ${link}`;
}

function missingRules({ mac, name, rules }: ExpectedNic, kernel: KernelState) {
  return rules
    .filter((rule) => !kernel.rules.some((other) => other.isPlain && isSameRule(other, rule)))
    .map((rule): Difference => {
      const text = `${name}: ${describeRule(rule)} is missing`;
      return { kind: "rule", what: "missing", mac, name, text, rule };
    });
}

function missingDefaults({ mac, name, defaults }: ExpectedNic, { routes }: KernelState) {
  const standing = routes.filter(
    ({ table, link, destination }) =>
      table === mainTable && link === name && /^(?:0\.0\.0\.0|::)\/0$/.test(destination),
  );
  return defaults
    .filter((family) => !standing.some((route) => route.family === family))
    .map((family): Difference => {
      const text = `${name}: no IPv${family} default route leads out through it`;
      return { kind: "default-route", what: "missing", mac, name, text, family };
    });
}
