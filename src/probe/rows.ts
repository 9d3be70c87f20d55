import { isLinkLocalIpv6 } from "../model/ip.ts";
import type { LinkState } from "../model/link.ts";
import type { ProbedNic, ProbedPath, Verdict } from "../model/probe.ts";
import { formatMs } from "../model/text.ts";
import type { ProbeResult } from "./probe-nics.ts";

export type ProbeResults = Omit<ProbeResult, "elapsedMs">;

/** One row of the output: a NIC, or the kernel's own routing (`nic` is null). */
export interface ProbeRow {
  readonly name: string;
  readonly nic: ProbedNic | null;
  readonly paths: readonly ProbedPath[];
  readonly verdict: Verdict;
}

export interface ProbeRows {
  readonly headline: string;
  readonly rows: readonly ProbeRow[];
  /** The rows whose problem is explained. */
  readonly failing: readonly ProbeRow[];
  /** The endpoints that were probed, once each, in order. */
  readonly endpoints: readonly string[];
  /** The NICs that were not probed, and why: a line; empty: there are none. */
  readonly notAsked: readonly string[];
}

/** The rows, best first. The kernel's routing has one only if it adds information, or if `verbose`. */
export function probeRows({ nics, kernel, note }: ProbeResults, verbose: boolean): ProbeRows {
  const asked = nics.filter(({ rank }) => rank !== null);
  const nicRows: readonly ProbeRow[] = asked.map((nic) => ({ name: nic.link.name, nic, ...nic }));
  const kernelRows = kernel === null ? [] : [{ name: kernelRowName, nic: null, ...kernel }];
  const rows = [...kernelRows.filter((row) => verbose || isDifferent(nicRows, row)), ...nicRows];
  // a problem of the kernel's routing is explained by the note, or by the problems of the NICs
  const isExplained = note !== null || nicRows.some(hasProblem);
  const failing = (isExplained ? nicRows : rows).filter(hasProblem);
  const paths = rows.flatMap((row) => row.paths);
  const endpoints = [...new Set(paths.map(({ probe }) => probe.endpoint))];
  const notAsked = describeNotAsked(nics);
  return { headline: describeReach(rows), rows, failing, endpoints, notAsked };
}

const kernelRowName = "kernel routing";

/** The result of the kernel's routing differs from that of the NICs. */
function isDifferent(nicRows: readonly ProbeRow[], kernel: ProbeRow): boolean {
  const asked = nicRows.filter(({ verdict }) => verdict.word !== "not-asked");
  return asked.length === 0 || asked.some(reachesImds) !== reachesImds(kernel);
}

function reachesImds({ verdict }: ProbeRow): boolean {
  return verdict.word === "reached";
}

function hasProblem({ verdict: { word } }: ProbeRow): boolean {
  return word !== "reached" && word !== "not-asked";
}

/** A sentence: whether IMDS answers, and through which NICs. */
function describeReach(rows: readonly ProbeRow[]): string {
  if (rows.length === 0) return "There is no NIC through which IMDS could be reached.";
  const nicRows = rows.filter(({ nic }) => nic !== null);
  const reaching = (nicRows.some(reachesImds) ? nicRows : rows).filter(reachesImds);
  const failing = nicRows.filter(hasProblem);
  if (reaching.length === 0) return "No NIC reaches IMDS.";
  const remainder = failing.length === 0 ? "" : `, not through ${joinNames(failing)}`;
  return `IMDS answers through ${joinNames(reaching)}${remainder}.`;
}

function describeNotAsked(nics: readonly ProbedNic[]): readonly string[] {
  const notAsked = nics.filter(({ rank, link }) => rank === null && link.kind !== "loopback");
  const names = notAsked.map(({ link, reason }) => ({ name: `${link.name} (${reason})` }));
  return names.length === 0 ? [] : [`Not asked: ${joinNames(names)}.`];
}

/** A machine may have dozens of NICs; JSON lists all of them. */
const maxNames = 8;

export function joinNames(rows: readonly Pick<ProbeRow, "name">[]): string {
  const names = rows.slice(0, maxNames).map(({ name }) => name);
  const more = rows.length - names.length;
  const remainder = more === 1 ? " and 1 other" : ` and ${more} others`;
  return `${names.join(", ")}${more === 0 ? "" : remainder}`;
}

/** The family, if only one endpoint has it; else the address. */
export function shortEndpoint(endpoint: string, all: readonly string[]): string {
  const family = (text: string) => (text.includes("[") ? "IPv6" : "IPv4");
  const isOnly = all.filter((each) => family(each) === family(endpoint)).length === 1;
  return isOnly ? family(endpoint) : endpoint.replace(/^http:\/\//, "");
}

/**
 * The result of a path; null: its link is down or has no carrier. `unneeded` marks a word that is no
 * problem, because the NIC reaches IMDS over another endpoint.
 */
export function pathResult(
  { probe, verdict: { word } }: ProbedPath,
  nicVerdict: Verdict,
  unneeded: (word: string) => string,
): string | null {
  if (word === "down" || word === "no-carrier") return null;
  if (word === "reached") return `ok, ${formatMs(probe.read?.ms ?? 0)}`;
  return nicVerdict.word === "reached" ? unneeded(word) : word;
}

export function formatLinkState({ isUp, hasCarrier }: LinkState): string {
  if (!isUp) return "down";
  return hasCarrier ? "up" : "no carrier";
}

/** Without link-local IPv6 addresses, which every NIC has. */
export function assignedAddresses({ addresses }: LinkState): readonly string[] {
  const assigned = addresses.filter(({ address }) => !isLinkLocalIpv6(address));
  return assigned.map(({ address, isTemporary }) => address + (isTemporary ? " (lease)" : ""));
}

/** More about a NIC, for --verbose. */
export function nicDetails({ link, rank, reason }: ProbedNic): string {
  const hardware = [link.mac, link.driver, link.busAddress].filter((each) => each !== null);
  return `${hardware.join(", ")}; rank ${rank}: ${reason}`;
}
