import type { LinkAddress, LinkState } from "../../model/link.ts";
import { endpointFamily, isBindable } from "../protocol/endpoint.ts";
import { defaultEndpoints, type ImdsSettings } from "../protocol/settings.ts";
import type { LinkSurvey } from "./transports.ts";
import { describePath, type ImdsPath } from "../protocol/path.ts";
import type { Host } from "../../host/host.ts";

/** Who may start in a race: heat after heat, each of ways that start together. */
export interface PathCandidates {
  readonly rounds: readonly (readonly ImdsPath[])[];
  /** Why a link that might be expected has no way in it, for each such link. */
  readonly exclusions: readonly string[];
}

type PathSettings = Pick<ImdsSettings, "endpoints" | "nic" | "dhcp">;

/** Before any link is looked at: the kernel's own routing, unless one NIC alone is wished for. */
export function listFirstRound({ endpoints, nic }: PathSettings): PathCandidates {
  const [first] = endpoints;
  if (nic !== null || first === undefined) return { rounds: [], exclusions: [] };
  return { rounds: [[routedPath(first)]], exclusions: [] };
}

/**
 * Every way, in the order they start: the kernel's own routing to each endpoint; from the second
 * heat on a NIC beside it, best first, over every endpoint of a family in which it has an address;
 * the NIC that the kernel takes by itself comes last.
 * A NIC without one takes no part: the kernel would borrow another NIC's, and the answer would go
 * there (facts of the kernel: docs/decisions/device-bound-sockets.md).
 */
export function listCandidates(settings: PathSettings, survey: LinkSurvey): PathCandidates {
  const linkPaths = selectLinks(settings, survey).map((link) => ({
    link,
    paths: listPathsThroughLink(link, settings, survey),
  }));
  const usable = linkPaths.filter(({ paths }) => paths.length > 0);
  const [first, ...others] = settings.nic === null ? settings.endpoints.map(routedPath) : [];
  const [second, ...more] = others.map((path) => [path]);
  const nonNicRounds = [[...(second ?? []), ...listImdsdPaths(settings, survey)], ...more];
  const roundCount = Math.max(nonNicRounds.length, usable.length);
  const laterRounds = Array.from({ length: roundCount }, (_, at) => {
    return [...(nonNicRounds[at] ?? []), ...(usable[at]?.paths ?? [])];
  });
  return {
    rounds: [first === undefined ? [] : [first], ...laterRounds].filter(({ length }) => length > 0),
    exclusions: [
      ...explainForbiddenEndpoints(settings, survey),
      ...explainExcludedLinks(settings, survey, linkPaths),
    ],
  };
}

interface LinkPaths {
  readonly link: LinkState;
  readonly paths: readonly ImdsPath[];
}

function explainExcludedLinks(
  settings: PathSettings,
  survey: LinkSurvey,
  linkPaths: readonly LinkPaths[],
): readonly string[] {
  if (settings.nic !== null && linkPaths.length === 0) return [explainUnknownNic(survey)];
  const families = new Set(settings.endpoints.map(endpointFamily));
  return linkPaths.flatMap(({ link, paths }) => {
    const prefix = settings.nic === null ? `${link.name}: ` : "";
    if (paths.length === 0) return [`${prefix}${explainNoPath(link)}`];
    const coveredFamilies = new Set(paths.map(({ endpoint }) => endpointFamily(endpoint)));
    const lacksIpv4 = settings.nic !== null && families.has("ipv4") && !coveredFamilies.has("ipv4");
    return lacksIpv4 ? ["it has no IPv4 address to ask from"] : [];
  });
}

function explainForbiddenEndpoints(
  { nic }: PathSettings,
  { forbiddenEndpoints }: LinkSurvey,
): readonly string[] {
  if (nic !== null) return [];
  return forbiddenEndpoints.map(
    (endpoint) => `${endpoint}: not asked through a nic, for a route forbids it`,
  );
}

/** Whether any NIC could lead to the endpoints at all: none leads to the machine itself. */
export function isReachableThroughNic({
  endpoints,
  nic,
}: Pick<PathSettings, "endpoints" | "nic">): boolean {
  return nic !== null || endpoints.some((endpoint) => isBindable(endpoint));
}

function routedPath(endpoint: string): ImdsPath {
  return { endpoint, via: { kind: "routing" } };
}

/** systemd-imdsd knows the usual service only. */
function listImdsdPaths(
  { endpoints, nic }: PathSettings,
  { hasImdsd }: LinkSurvey,
): readonly ImdsPath[] {
  const defaultEndpoint = endpoints.find((endpoint) =>
    Object.values(defaultEndpoints).includes(endpoint),
  );
  if (!hasImdsd || nic !== null || defaultEndpoint === undefined) return [];
  return [{ endpoint: defaultEndpoint, via: { kind: "imdsd" } }];
}

/** A NIC that is named is taken, whatever it is: who names a bridge means it. */
function selectLinks({ nic }: PathSettings, survey: LinkSurvey): readonly LinkState[] {
  const { candidates, others, routedLink } = survey;
  if (nic === null) {
    // what is asked by routing already, and is slow or silent, has no need to be asked again soon
    const isRouted = ({ link }: { readonly link: LinkState }) => link.name === routedLink;
    const isNotRouted = (each: { readonly link: LinkState }) => !isRouted(each);
    const ordered = [...candidates.filter(isNotRouted), ...candidates.filter(isRouted)];
    return ordered.map(({ link }) => link);
  }
  return [...candidates, ...others].map(({ link }) => link).filter(({ name }) => name === nic);
}

function listPathsThroughLink(
  link: LinkState,
  { endpoints, nic, dhcp }: PathSettings,
  { forbiddenEndpoints }: LinkSurvey,
): readonly ImdsPath[] {
  const mayLease = dhcp && !link.addresses.some(isIpv4);
  if (!link.isUp && !mayLease) return [];
  // a socket bound to a NIC might slip past a prohibit route: who set it up did not mean that
  const isAllowed = (endpoint: string) =>
    isBindable(endpoint) && !forbiddenEndpoints.includes(endpoint);
  return endpoints
    .filter((endpoint) => nic !== null || isAllowed(endpoint))
    .flatMap((endpoint): readonly ImdsPath[] => {
      const family = endpointFamily(endpoint);
      const hasAddress = link.addresses.some((address) => address.family === family);
      const needsLease = !hasAddress && family === "ipv4" && mayLease;
      if (!hasAddress && !needsLease) return [];
      return [{ endpoint, via: { kind: "nic", link, needsLease } }];
    });
}

function isIpv4({ family }: LinkAddress): boolean {
  return family === "ipv4";
}

function explainUnknownNic({ candidates, others }: LinkSurvey): string {
  if (candidates.length + others.length === 0) return "no nic at all is seen in /sys/class/net";
  const names = candidates.map(({ link }) => link.name);
  return `there is no such nic${names.length === 0 ? "" : `; there are ${names.join(", ")}`}`;
}

function explainNoPath({ isUp, hasCarrier, addresses }: LinkState): string {
  if (!isUp) return "it is down";
  if (!hasCarrier) return "it has no carrier";
  if (addresses.length === 0) return "it has no address to ask from";
  return "it has no address of the endpoint's family";
}

const pollMs = 250;

/**
 * Resolves as soon as there is a way that was not there when it was called: a NIC that appeared, or
 * got an address. Rejects with the signal's reason.
 */
export async function waitForNewPath(
  host: Pick<Host, "clock">,
  listCurrent: () => Promise<PathCandidates>,
  stop: AbortSignal,
): Promise<void> {
  const knownNames = new Set(pathNames(await listCurrent()));
  for (;;) {
    await host.clock.sleep(pollMs, stop);
    const names = pathNames(await listCurrent());
    if (names.some((name) => !knownNames.has(name))) return;
  }
}

function pathNames({ rounds }: PathCandidates): readonly string[] {
  return rounds.flat().map(describePath);
}
