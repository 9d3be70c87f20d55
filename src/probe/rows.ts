import { isLinkLocalIpv6 } from "../model/ip.ts";
import type { LinkState } from "../model/link.ts";
import type { ProbedNic, ProbedPath, Verdict } from "../model/probe.ts";
import { formatMs } from "../model/text.ts";
import { orderProblems } from "./diagnose/order.ts";
import type { ProbeResult } from "./probe-nics.ts";

export type ProbeResults = Omit<ProbeResult, "elapsedMs">;

/** One row of the output: a NIC, or (`nic` is null) the path that the kernel's routing chooses. */
export interface ProbeRow {
  readonly name: string;
  readonly nic: ProbedNic | null;
  readonly paths: readonly ProbedPath[];
  readonly verdict: Verdict;
}

export interface ProbeRows {
  readonly headline: string;
  readonly rows: readonly ProbeRow[];
  /** The rows with a problem that the output explains; the fix to try first is first. */
  readonly failing: readonly ProbeRow[];
  /** The endpoints that were probed, in order and without duplicates. */
  readonly endpoints: readonly string[];
  /** One line about the NICs that were not probed; empty if there are no such NICs. */
  readonly notProbed: readonly string[];
}

/** The rows, best first. Kernel routing has a row if its result differs or `verbose` is true. */
export function probeRows({ nics, kernel, note }: ProbeResults, verbose: boolean): ProbeRows {
  const asked = nics.filter(({ rank }) => rank !== null);
  const nicRows: readonly ProbeRow[] = asked.map((nic) => ({ name: nic.link.name, nic, ...nic }));
  const kernelRows = kernel === null ? [] : [{ name: kernelRowName, nic: null, ...kernel }];
  const rows = [...kernelRows.filter((row) => verbose || isDifferent(nicRows, row)), ...nicRows];
  // the note, or the problems of the NICs, explain a problem of kernel routing
  const isExplained = note !== null || nicRows.some(hasProblem);
  const failing = orderProblems((isExplained ? nicRows : rows).filter(hasProblem));
  const paths = rows.flatMap((row) => row.paths);
  const endpoints = [...new Set(paths.map(({ probe }) => probe.endpoint))];
  return {
    headline: describeReach(rows),
    rows,
    failing,
    endpoints,
    notProbed: describeUnprobed(nics),
  };
}

/** Commands that fix a problem, and the NIC whose problem it is; null for kernel routing. */
export interface OrderedFix {
  readonly nic: string | null;
  readonly commands: readonly string[];
}

/**
 * All fixes that the output offers. The one to try first is first, and each command is listed once.
 */
export function orderFixes(results: ProbeResults): readonly OrderedFix[] {
  const { failing } = probeRows(results, true);
  const note = results.note === null ? [] : [{ name: "", nic: null, verdict: results.note }];
  const listed = new Set<string>();
  return [...note, ...failing].flatMap(({ nic, verdict: { fix } }) => {
    const commands = (fix ?? []).filter((command) => !listed.has(command));
    for (const command of commands) listed.add(command);
    return commands.length === 0 ? [] : { nic: nic?.link.name ?? null, commands };
  });
}

const kernelRowName = "kernel routing";

/** Whether the result of kernel routing differs from that of the NICs. */
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

/** A sentence that says whether IMDS answers, and through which NICs. */
function describeReach(rows: readonly ProbeRow[]): string {
  if (rows.length === 0) return "There is no NIC through which IMDS could be reached.";
  const nicRows = rows.filter(({ nic }) => nic !== null);
  const reaching = (nicRows.some(reachesImds) ? nicRows : rows).filter(reachesImds);
  const failing = nicRows.filter(hasProblem);
  if (reaching.length === 0) return "No NIC reaches IMDS.";
  const remainder = failing.length === 0 ? "" : `, not through ${joinNames(failing)}`;
  return `IMDS answers through ${joinNames(reaching)}${remainder}.`;
}

function describeUnprobed(nics: readonly ProbedNic[]): readonly string[] {
  const unprobed = nics.filter(({ rank, link }) => rank === null && link.kind !== "loopback");
  const names = unprobed.map(({ link, reason }) => ({ name: `${link.name} (${reason})` }));
  return names.length === 0 ? [] : [`Not probed: ${joinNames(names)}.`];
}

/** A limit for machines with dozens of NICs. The JSON has all names. */
const maxNames = 8;

/** The names as a list; those beyond `maxNames` are only counted. */
export function joinNames(rows: readonly Pick<ProbeRow, "name">[]): string {
  const names = rows.slice(0, maxNames).map(({ name }) => name);
  const more = rows.length - names.length;
  const remainder = more === 1 ? " and 1 other" : ` and ${more} others`;
  return `${names.join(", ")}${more === 0 ? "" : remainder}`;
}

/** The family of an endpoint, or its address if another endpoint has the same family. */
export function shortEndpoint(endpoint: string, all: readonly string[]): string {
  const family = (text: string) => (text.includes("[") ? "IPv6" : "IPv4");
  const isOnly = all.filter((each) => family(each) === family(endpoint)).length === 1;
  return isOnly ? family(endpoint) : endpoint.replace(/^http:\/\//, "");
}

/**
 * The result of a path; null if the link of the path is down or has no carrier. `unneeded` marks a
 * word that is not a problem, because the NIC reaches IMDS over another endpoint.
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

/** The state of a link in one or two words. */
export function formatLinkState({ isUp, hasCarrier }: LinkState): string {
  if (!isUp) return "down";
  return hasCarrier ? "up" : "no carrier";
}

/** The addresses of a link without the link-local IPv6 addresses, which every NIC has. */
export function assignedAddresses({ addresses }: LinkState): readonly string[] {
  const assigned = addresses.filter(({ address }) => !isLinkLocalIpv6(address));
  return assigned.map(({ address, isTemporary }) => address + (isTemporary ? " (lease)" : ""));
}

/** The facts about a NIC that only --verbose prints. */
export function nicDetails({ link, rank, reason }: ProbedNic): string {
  const hardware = [link.mac, link.driver, link.busAddress].filter((each) => each !== null);
  return `${hardware.join(", ")}; rank ${rank}: ${reason}`;
}
