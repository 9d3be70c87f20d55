import type { LinkState, Ranking } from "../../model/link.ts";
import { endpointFamily, isBindable } from "../protocol/endpoint.ts";
import { defaultEndpoints, type ImdsSettings } from "../protocol/settings.ts";
import { describePath, type ImdsPath } from "../protocol/path.ts";
import type { Host } from "../../host/host.ts";

export interface PathCandidates {
  /** The paths of one round start at the same time. */
  readonly rounds: readonly (readonly ImdsPath[])[];
  /** Why links and endpoints that a user might expect are not among the paths. */
  readonly exclusions: readonly string[];
}

/** The machine's links, and how the kernel routes packets to the endpoints. */
export interface LinkSurvey extends Ranking {
  /** The link of the kernel's route to the first endpoint; null if there is none, or if unknown. */
  readonly routedLink: string | null;
  /** Endpoints that a route forbids. */
  readonly forbiddenEndpoints: readonly string[];
  /** systemd-imdsd runs, so requests can be sent to it. */
  readonly hasImdsd: boolean;
}

/** The survey of a machine that has no links. */
export const emptyLinkSurvey: LinkSurvey = {
  candidates: [],
  others: [],
  routedLink: null,
  forbiddenEndpoints: [],
  hasImdsd: false,
};

type PathSettings = Pick<ImdsSettings, "endpoints" | "nic" | "dhcp">;

/** The first round needs no survey of links: it is the kernel's routing to the first endpoint. */
export function listFirstRound({ endpoints, nic }: PathSettings): PathCandidates {
  const [first] = endpoints;
  if (nic !== null || first === undefined) return { rounds: [], exclusions: [] };
  return { rounds: [[routedPath(first)]], exclusions: [] };
}

/**
 * All paths, in rounds. Each round has the kernel's routing to one endpoint. From the second round
 * on, a round also has the paths through one NIC, the best NIC first: one path for each endpoint of
 * a family in which the NIC has an address. The NIC that the kernel's routes use comes last.
 * A NIC without an address is left out, because the kernel would use the address of another NIC as
 * the source, and the answer would go there (docs/decisions/device-bound-sockets.md).
 */
export function listCandidates(settings: PathSettings, survey: LinkSurvey): PathCandidates {
  const links = selectLinks(settings, survey);
  const linkPaths = links.map((link) => ({ link, paths: listNicPaths(link, settings, survey) }));
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
      ...(settings.nic === null ? survey.forbiddenEndpoints : []).map(
        (endpoint) => `${endpoint}: not asked through a NIC, because a route forbids it`,
      ),
      ...explainExcludedLinks(settings, survey, linkPaths),
    ],
  };
}

function explainExcludedLinks(
  settings: PathSettings,
  survey: LinkSurvey,
  linkPaths: readonly { readonly link: LinkState; readonly paths: readonly ImdsPath[] }[],
): readonly string[] {
  if (settings.nic !== null && linkPaths.length === 0) return [explainUnknownNic(survey)];
  const families = new Set(settings.endpoints.map(endpointFamily));
  return linkPaths.flatMap(({ link, paths }) => {
    const prefix = settings.nic === null ? `${link.name}: ` : "";
    if (paths.length === 0) return [`${prefix}${explainNoPath(link)}`];
    const coveredFamilies = new Set(paths.map(({ endpoint }) => endpointFamily(endpoint)));
    const lacksIpv4 = settings.nic !== null && families.has("ipv4") && !coveredFamilies.has("ipv4");
    return lacksIpv4 ? ["it has no IPv4 address to send from"] : [];
  });
}

/** Whether a NIC could lead to one of the endpoints. No NIC leads to the machine itself. */
export function isReachableThroughNic(settings: Pick<PathSettings, "endpoints" | "nic">): boolean {
  return settings.nic !== null || settings.endpoints.some(isBindable);
}

function routedPath(endpoint: string): ImdsPath {
  return { endpoint, via: { kind: "routing" } };
}

/** systemd-imdsd sends requests only to the default endpoints. */
function listImdsdPaths(
  { endpoints, nic }: PathSettings,
  { hasImdsd }: LinkSurvey,
): readonly ImdsPath[] {
  const supported = Object.values(defaultEndpoints);
  const defaultEndpoint = endpoints.find((endpoint) => supported.includes(endpoint));
  if (!hasImdsd || nic !== null || defaultEndpoint === undefined) return [];
  return [{ endpoint: defaultEndpoint, via: { kind: "imdsd" } }];
}

/** A NIC from `--interface` is used even if it is not a candidate, such as a bridge. */
function selectLinks(
  { nic }: PathSettings,
  { candidates, others, routedLink }: LinkSurvey,
): readonly LinkState[] {
  if (nic !== null)
    return [...candidates, ...others].map(({ link }) => link).filter(({ name }) => name === nic);
  const links = candidates.map(({ link }) => link);
  // the first round already sent through this link, and had no fast answer
  const routed = links.filter(({ name }) => name === routedLink);
  return [...links.filter(({ name }) => name !== routedLink), ...routed];
}

function listNicPaths(
  link: LinkState,
  { endpoints, nic, dhcp }: PathSettings,
  { forbiddenEndpoints }: LinkSurvey,
): readonly ImdsPath[] {
  const mayLease = dhcp && link.addresses.every(({ family }) => family !== "ipv4");
  if (!link.isUp && !mayLease) return [];
  // a socket that is bound to a NIC bypasses a prohibit route: the administrator does not want that
  const isAllowed = (endpoint: string) =>
    isBindable(endpoint) && !forbiddenEndpoints.includes(endpoint);
  const allowed = endpoints.filter((endpoint) => nic !== null || isAllowed(endpoint));
  return allowed.flatMap((endpoint): readonly ImdsPath[] => {
    const family = endpointFamily(endpoint);
    const hasAddress = link.addresses.some((address) => address.family === family);
    const needsLease = !hasAddress && family === "ipv4" && mayLease;
    return hasAddress || needsLease ? [{ endpoint, via: { kind: "nic", link, needsLease } }] : [];
  });
}

function explainUnknownNic({ candidates, others }: LinkSurvey): string {
  if (candidates.length + others.length === 0) return "there is no NIC in /sys/class/net";
  const names = candidates.map(({ link }) => link.name);
  return `there is no such NIC${names.length === 0 ? "" : `; there are ${names.join(", ")}`}`;
}

function explainNoPath({ isUp, hasCarrier, addresses }: LinkState): string {
  if (!isUp) return "it is down";
  if (!hasCarrier) return "it has no carrier";
  if (addresses.length === 0) return "it has no address to send from";
  return "it has no address of the endpoint's family";
}

const pollMs = 250;

/**
 * Resolves when there is a new path, because a NIC appeared or got an address. Rejects with the
 * reason of `stop` when that signal fires.
 */
export async function waitForNewPath(
  host: Pick<Host, "clock">,
  listCurrent: () => Promise<PathCandidates>,
  stop: AbortSignal,
): Promise<void> {
  const listNames = async () => (await listCurrent()).rounds.flat().map(describePath);
  const knownNames = new Set(await listNames());
  for (;;) {
    await host.clock.sleep(pollMs, stop);
    if ((await listNames()).some((name) => !knownNames.has(name))) return;
  }
}
