import type { LinkAddress, LinkState } from "../../model/link.ts";
import { familyOf, isBindable } from "../protocol/endpoint.ts";
import { defaultEndpoints, type ImdsSettings } from "../protocol/settings.ts";
import type { Ranked } from "./transports.ts";
import { nameOfWay, type Way } from "../protocol/path.ts";
import type { Host } from "../../host/host.ts";

/** Who may start in a race: heat after heat, each of ways that start together. */
export interface LineUp {
  readonly heats: readonly (readonly Way[])[];
  /** Why a link that might be expected has no way in it, for each such link. */
  readonly absent: readonly string[];
}

type Wish = Pick<ImdsSettings, "endpoints" | "nic" | "dhcp">;

/** Before any link is looked at: the kernel's own routing, unless one NIC alone is wished for. */
export function firstHeat({ endpoints, nic }: Wish): LineUp {
  const [first] = endpoints;
  if (nic !== null || first === undefined) return { heats: [], absent: [] };
  return { heats: [[byRouting(first)]], absent: [] };
}

/**
 * Every way, in the order they start: the kernel's own routing to each endpoint; from the second
 * heat on a NIC beside it, best first, over every endpoint of a family in which it has an address;
 * the NIC that the kernel takes by itself comes last.
 * A NIC without one takes no part: the kernel would borrow another NIC's, and the answer would go
 * there (facts of the kernel: docs/decisions/device-bound-sockets.md).
 */
export function lineUp(wish: Wish, ranking: Ranked): LineUp {
  const entries = linksFor(wish, ranking).map((link) => ({
    link,
    ways: waysThrough(link, wish, ranking),
  }));
  const nics = entries.filter(({ ways }) => ways.length > 0);
  const [first, ...others] = wish.nic === null ? wish.endpoints.map(byRouting) : [];
  const [second, ...more] = others.map((way) => [way]);
  const beside = [[...(second ?? []), ...guarded(wish, ranking)], ...more];
  const rounds = Math.max(beside.length, nics.length);
  const later = Array.from({ length: rounds }, (_, at) => {
    return [...(beside[at] ?? []), ...(nics[at]?.ways ?? [])];
  });
  return {
    heats: [first === undefined ? [] : [first], ...later].filter(({ length }) => length > 0),
    absent: [...forbiddenIn(wish, ranking), ...absentIn(wish, ranking, entries)],
  };
}

interface Entry {
  readonly link: LinkState;
  readonly ways: readonly Way[];
}

function absentIn(wish: Wish, ranking: Ranked, entries: readonly Entry[]): readonly string[] {
  if (wish.nic !== null && entries.length === 0) return [unknown(ranking)];
  const families = new Set(wish.endpoints.map(familyOf));
  return entries.flatMap(({ link, ways }) => {
    const who = wish.nic === null ? `${link.name}: ` : "";
    if (ways.length === 0) return [`${who}${whyNot(link)}`];
    const asked = new Set(ways.map(({ endpoint }) => familyOf(endpoint)));
    const isMissed = wish.nic !== null && families.has("ipv4") && !asked.has("ipv4");
    return isMissed ? ["it has no IPv4 address to ask from"] : [];
  });
}

function forbiddenIn({ nic }: Wish, { forbidden }: Ranked): readonly string[] {
  if (nic !== null) return [];
  return forbidden.map(
    (endpoint) => `${endpoint}: not asked through a nic, for a route forbids it`,
  );
}

/** Whether any NIC could lead to the endpoints at all: none leads to the machine itself. */
export function isReachedByNics({ endpoints, nic }: Pick<Wish, "endpoints" | "nic">): boolean {
  return nic !== null || endpoints.some((endpoint) => isBindable(endpoint));
}

function byRouting(endpoint: string): Way {
  return { endpoint, through: { kind: "routing" } };
}

/** systemd-imdsd knows the usual service only. */
function guarded({ endpoints, nic }: Wish, { hasImdsd }: Ranked): readonly Way[] {
  const usual = endpoints.find((endpoint) => Object.values(defaultEndpoints).includes(endpoint));
  if (!hasImdsd || nic !== null || usual === undefined) return [];
  return [{ endpoint: usual, through: { kind: "imdsd" } }];
}

/** A NIC that is named is taken, whatever it is: who names a bridge means it. */
function linksFor({ nic }: Wish, ranking: Ranked): readonly LinkState[] {
  const { candidates, others, routed } = ranking;
  if (nic === null) {
    // what is asked by routing already, and is slow or silent, has no need to be asked again soon
    const isRouted = ({ link }: { readonly link: LinkState }) => link.name === routed;
    const isOther = (each: { readonly link: LinkState }) => !isRouted(each);
    const inTurn = [...candidates.filter(isOther), ...candidates.filter(isRouted)];
    return inTurn.map(({ link }) => link);
  }
  return [...candidates, ...others].map(({ link }) => link).filter(({ name }) => name === nic);
}

function waysThrough(
  link: LinkState,
  { endpoints, nic, dhcp }: Wish,
  { forbidden }: Ranked,
): readonly Way[] {
  const mayLease = dhcp && !link.addresses.some(isIpv4);
  if (!link.isUp && !mayLease) return [];
  // a socket bound to a NIC might slip past a prohibit route: who set it up did not mean that
  const isAllowed = (endpoint: string) => isBindable(endpoint) && !forbidden.includes(endpoint);
  return endpoints
    .filter((endpoint) => nic !== null || isAllowed(endpoint))
    .flatMap((endpoint): readonly Way[] => {
      const family = familyOf(endpoint);
      const isOwn = link.addresses.some((address) => address.family === family);
      const needsLease = !isOwn && family === "ipv4" && mayLease;
      if (!isOwn && !needsLease) return [];
      return [{ endpoint, through: { kind: "nic", link, needsLease } }];
    });
}

function isIpv4({ family }: LinkAddress): boolean {
  return family === "ipv4";
}

function unknown({ candidates, others }: Ranked): string {
  if (candidates.length + others.length === 0) return "no nic at all is seen in /sys/class/net";
  const names = candidates.map(({ link }) => link.name);
  return `there is no such nic${names.length === 0 ? "" : `; there are ${names.join(", ")}`}`;
}

function whyNot({ isUp, hasCarrier, addresses }: LinkState): string {
  if (!isUp) return "it is down";
  if (!hasCarrier) return "it has no carrier";
  if (addresses.length === 0) return "it has no address to ask from";
  return "it has no address of the endpoint's family";
}

const lookAgainMs = 250;

/**
 * Resolves as soon as there is a way that was not there when it was called: a NIC that appeared, or
 * got an address. Rejects with the signal's reason.
 */
export async function newcomer(
  host: Pick<Host, "clock">,
  present: () => Promise<LineUp>,
  stop: AbortSignal,
): Promise<void> {
  const known = new Set(namesOf(await present()));
  for (;;) {
    await host.clock.sleep(lookAgainMs, stop);
    const names = namesOf(await present());
    if (names.some((name) => !known.has(name))) return;
  }
}

function namesOf({ heats }: LineUp): readonly string[] {
  return heats.flat().map(nameOfWay);
}
