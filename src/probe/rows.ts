import { isLinkLocalIpv6 } from "../model/ip.ts";
import type { LinkState } from "../model/link.ts";
import type { ProbedKernel, ProbedNic, ProbedWay, Verdict } from "../model/probe.ts";

/** What a look at all NICs has seen. */
export interface SeenNics {
  readonly nics: readonly ProbedNic[];
  readonly kernel: ProbedKernel | null;
  /** What is the matter for others, who do not bind to a NIC; null: nothing. */
  readonly note: Verdict | null;
}

/** A NIC, or the kernel's own routing (`nic` null), as it is told of. */
export interface ProbeRow {
  readonly name: string;
  readonly nic: ProbedNic | null;
  readonly ways: readonly ProbedWay[];
  readonly verdict: Verdict;
}

interface ProbeRows {
  readonly rows: readonly ProbeRow[];
  /** Of these the trouble is told, where they are in any. */
  readonly told: readonly ProbeRow[];
  readonly others: readonly ProbedNic[];
}

/** Who is told of, best first; the kernel's routing only where it adds something, or `verbose`. */
export function probeRows({ nics, kernel, note }: SeenNics, verbose: boolean): ProbeRows {
  const asked = nics.filter(({ rank }) => rank !== null);
  const ofNics: readonly ProbeRow[] = asked.map((nic) => ({ name: nic.link.name, nic, ...nic }));
  const ofKernel = kernel === null ? [] : [{ name: kernelsName, nic: null, ...kernel }];
  const rows = [...ofKernel.filter((row) => verbose || addsTo(ofNics, row)), ...ofNics];
  // what keeps the kernel's routing from IMDS is either the note, or the NICs' own trouble
  const isSaid = note !== null || ofNics.some(isInTrouble);
  const others = nics.filter(({ rank, link }) => rank === null && link.kind !== "loopback");
  return { rows, told: isSaid ? ofNics : rows, others };
}

const kernelsName = "(kernel's routing)";

/** The kernel's routing is worth a row where it comes to something else than the NICs do. */
function addsTo(ofNics: readonly ProbeRow[], kernel: ProbeRow): boolean {
  const asked = ofNics.filter(({ verdict }) => verdict.word !== "not-asked");
  return asked.length === 0 || asked.some(isReaching) !== isReaching(kernel);
}

function isReaching({ verdict }: ProbeRow): boolean {
  return verdict.word === "reached";
}

export function isInTrouble({ verdict: { word } }: ProbeRow): boolean {
  return word !== "reached" && word !== "not-asked";
}

/** Whether IMDS answers, and through what: a sentence. */
export function probeHeadline(rows: readonly ProbeRow[]): string {
  if (rows.length === 0) return "There is no NIC that IMDS could be asked through.";
  const ofNics = rows.filter(({ nic }) => nic !== null);
  const reaching = ofNics.some(isReaching) ? ofNics.filter(isReaching) : rows.filter(isReaching);
  const failing = ofNics.filter(isInTrouble);
  if (reaching.length === 0) return "IMDS is not reached through any NIC.";
  const rest = failing.length === 0 ? "" : `, not through ${namesOf(failing)}`;
  return `IMDS answers through ${namesOf(reaching)}${rest}.`;
}

/** NICs that were not asked, and why; null: there are none. */
export function notAskedLine(others: readonly ProbedNic[]): string | null {
  if (others.length === 0) return null;
  const names = others.map(({ link, reason }) => ({ name: `${link.name} (${reason})` }));
  return `Not asked: ${namesOf(names)}.`;
}

/** A machine may have dozens: JSON has them all. */
const mostNames = 8;

export function namesOf(rows: readonly Pick<ProbeRow, "name">[]): string {
  const names = rows.slice(0, mostNames).map(({ name }) => name);
  const more = rows.length - names.length;
  const rest = more === 1 ? " and 1 other" : ` and ${more} others`;
  return `${names.join(", ")}${more === 0 ? "" : rest}`;
}

/** The endpoints that were asked, once each, in order. */
export function endpointsOf(rows: readonly ProbeRow[]): readonly string[] {
  return [...new Set(rows.flatMap(({ ways }) => ways.map(({ probe }) => probe.endpoint)))];
}

/** The family, as long as that says which of them. */
export function endpointName(endpoint: string, all: readonly string[]): string {
  const family = (text: string) => (text.includes("[") ? "IPv6" : "IPv4");
  const isOnly = all.filter((each) => family(each) === family(endpoint)).length === 1;
  return isOnly ? family(endpoint) : endpoint.replace(/^http:\/\//, "");
}

export function stateOf({ isUp, hasCarrier }: LinkState): string {
  if (!isUp) return "down";
  return hasCarrier ? "up" : "no carrier";
}

/** Those that somebody gave it; link-local IPv6 every NIC has. */
export function givenAddresses({ addresses }: LinkState): readonly string[] {
  const given = addresses.filter(({ address }) => !isLinkLocalIpv6(address));
  return given.map(({ address, isTemporary }) => address + (isTemporary ? " (lease)" : ""));
}

/** More of a NIC, for --verbose. */
export function nicDetails({ link, rank, reason }: ProbedNic): string {
  const what = [link.mac, link.driver, link.busAddress].filter((each) => each !== null);
  return `${what.join(", ")}; rank ${rank}: ${reason}`;
}
