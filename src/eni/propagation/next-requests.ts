import type { EniKnowledge } from "./knowledge.ts";
import { type EniObservations, unaskedLeaves } from "./observations.ts";
import { requestKey, type EniRequest } from "./request.ts";
import type { AwaitedItem } from "./eni-facts.ts";

/** When each request was last sent, by its key. */
export type LastRequestMs = Readonly<Record<string, number>>;

/** An ENI that is still watched, and what it waits for. */
export interface PendingEni {
  readonly mac: string;
  readonly awaits: AwaitedItem;
}

/** How much more often these are checked: addresses come late, ids and networks rarely do. */
const priorityFactor = 4;
const priorityLeaves = ["local-ipv4s", "ipv6s", "ipv4-prefix", "ipv6-prefix"];

/**
 * The one request of a poll, for the item that an ENI waits for and that was requested the longest
 * time ago. Only one missing item is polled at a time, because all must come anyway.
 */
export function nextAwaitedRequest(
  knowledge: EniKnowledge,
  pending: readonly PendingEni[],
  lastRequestMs: LastRequestMs,
): EniRequest | null {
  const requests = pending.flatMap((eni) => awaitedRequests(knowledge, eni));
  return pickOldest(requests, lastRequestMs);
}

/** A request for something that is known, but may have grown without a change of the listing. */
export function nextCheckRequest(
  knowledge: EniKnowledge,
  pending: readonly PendingEni[],
  lastRequestMs: LastRequestMs,
): EniRequest | null {
  const requests = pending.flatMap(({ mac }): readonly EniRequest[] => {
    const observed = knowledge.observed[mac];
    if (observed?.folder !== "there") return [];
    return [{ target: "folder", mac }, ...leafRequests(mac, listedLeaves(observed))];
  });
  const weightOf = (each: EniRequest) => (hasPriority(each, knowledge) ? priorityFactor : 1);
  return pickOldest(requests, lastRequestMs, weightOf);
}

/** Device number 0 has priority too: it is mostly a late value, and real only on another card. */
function hasPriority(request: EniRequest, { observed }: EniKnowledge): boolean {
  if (request.target === "folder") return true;
  if (request.target !== "leaf") return false;
  if (priorityLeaves.includes(request.name)) return true;
  const { mac, name } = request;
  return name === "device-number" && observed[mac]?.leaves[name]?.value === "0";
}

/** The requests to send at once after answers. `hasChanged`: whether answers changed an ENI. */
export function followUpRequests(
  knowledge: EniKnowledge,
  pending: readonly PendingEni[],
  hasChanged: (mac: string) => boolean,
): readonly EniRequest[] {
  const requests = pending.flatMap((eni): readonly EniRequest[] => {
    const observed = knowledge.observed[eni.mac];
    if (observed === undefined || observed.listedMs === null) return [];
    const { mac } = observed;
    return [
      ...(observed.folder === "unread" ? [{ target: "folder", mac } as const] : []),
      ...leafRequests(mac, unaskedLeaves(observed)),
      ...instanceRequests(knowledge, observed),
      ...(hasChanged(mac) ? awaitedRequests(knowledge, eni) : []),
    ];
  });
  return [...new Map(requests.map((each) => [requestKey(each), each])).values()];
}

/** The requests for what must be known about the instance before the ENI's slot can be judged. */
function instanceRequests(
  { primaryMac, primaryHasCard, primaryDevice }: EniKnowledge,
  { mac, folder, leaves }: EniObservations,
): readonly EniRequest[] {
  if (primaryMac === null) return [{ target: "primary-mac" }];
  if (mac === primaryMac || folder !== "there") return [];
  const isCardUnlisted = leaves["network-card"] === undefined;
  const isZero = leaves["device-number"]?.value === "0";
  return [
    ...(isCardUnlisted && primaryHasCard === null
      ? ([{ target: "primary-folder", mac: primaryMac }] as const)
      : []),
    ...(isZero && primaryDevice === null
      ? ([{ target: "primary-device", mac: primaryMac }] as const)
      : []),
  ];
}

function awaitedRequests(
  { primaryMac }: EniKnowledge,
  { mac, awaits }: PendingEni,
): readonly EniRequest[] {
  if (typeof awaits === "object") return [{ target: "leaf", mac, name: awaits.leaf }];
  if (awaits === "mac-list" || awaits === "primary-mac") return [{ target: awaits }];
  if (awaits === "folder") return [{ target: "folder", mac }];
  if (primaryMac === null) return [{ target: "primary-mac" }];
  return [{ target: "primary-folder", mac: primaryMac }];
}

function listedLeaves({ leaves }: EniObservations): readonly string[] {
  return Object.keys(leaves).filter((name) => leaves[name]?.isListed === true);
}

function leafRequests(mac: string, names: readonly string[]): readonly EniRequest[] {
  return names.map((name) => ({ target: "leaf", mac, name }));
}

function pickOldest(
  requests: readonly EniRequest[],
  lastRequestMs: LastRequestMs,
  weightOf: (request: EniRequest) => number = () => 1,
): EniRequest | null {
  // ages count back from the latest request; an item that was never requested is the oldest
  const newestMs = Math.max(0, ...Object.values(lastRequestMs));
  const age = (request: EniRequest): number => {
    const lastMs = lastRequestMs[requestKey(request)];
    return lastMs === undefined ? Infinity : (newestMs - lastMs) * weightOf(request);
  };
  // Infinity - Infinity is NaN, which cannot be sorted
  return requests.toSorted((a, b) => (age(a) === age(b) ? 0 : age(b) - age(a)))[0] ?? null;
}
