import { isLinkLocalIpv6 } from "../net/address.ts";
import { describeMs } from "../net/duration.ts";
import type { LinkState } from "../net/link-state.ts";
import type { ProbedKernel, ProbedNic, ProbedWay } from "../net/probed-nic.ts";
import type { Verdict } from "../net/verdict.ts";
import { printable } from "./printable.ts";
import { tableLines } from "./table-lines.ts";
import { wrapWords } from "./wrap-words.ts";

interface Seen {
  readonly nics: readonly ProbedNic[];
  readonly kernel: ProbedKernel | null;
  /** What is the matter for others, who do not bind to a NIC; null: nothing. */
  readonly note: Verdict | null;
}

/**
 * What was seen, for a tired person: whether IMDS answers and through what; a row per NIC; below
 * them each NIC in trouble with what is the matter and, indented, what to paste. 80 columns.
 */
export function describeProbe(seen: Seen, { verbose }: { verbose: boolean }): string {
  const { nics, kernel, note } = seen;
  const asked = nics.filter(({ rank }) => rank !== null);
  const ofNics: readonly Row[] = asked.map((nic) => ({ name: nic.link.name, nic, ...nic }));
  const ofKernel = kernel === null ? [] : [{ name: kernelsName, nic: null, ...kernel }];
  const rows = [...ofKernel.filter((row) => verbose || addsTo(ofNics, row)), ...ofNics];
  // what keeps the kernel's routing from IMDS is either the note, or the NICs' own trouble
  const isSaid = note !== null || ofNics.some(isInTrouble);
  const told = isSaid ? ofNics : rows;
  const others = nics.filter(({ rank }) => rank === null);
  const sections = [
    headline(rows),
    rows.length === 0 ? [] : table(rows, verbose),
    ...troubles(told).map(troubleLines),
    note === null ? [] : troubleLines({ names: "note", verdict: note }),
    otherLines(others),
  ];
  const paragraphs = sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
  return printable(`${paragraphs.join("\n\n")}\n`);
}

const kernelsName = "(kernel's routing)";

interface Row {
  readonly name: string;
  readonly nic: ProbedNic | null;
  readonly ways: readonly ProbedWay[];
  readonly verdict: Verdict;
}

/** The kernel's routing is worth a row where it comes to something else than the NICs do. */
function addsTo(ofNics: readonly Row[], kernel: Row): boolean {
  const asked = ofNics.filter(({ verdict }) => verdict.word !== "not-asked");
  return asked.length === 0 || asked.some(isReaching) !== isReaching(kernel);
}

function isReaching({ verdict }: Row): boolean {
  return verdict.word === "reached";
}

function isInTrouble({ verdict: { word } }: Row): boolean {
  return word !== "reached" && word !== "not-asked";
}

function headline(rows: readonly Row[]): readonly string[] {
  if (rows.length === 0) return ["There is no NIC that IMDS could be asked through."];
  const ofNics = rows.filter(({ nic }) => nic !== null);
  const reaching = ofNics.some(isReaching) ? ofNics.filter(isReaching) : rows.filter(isReaching);
  const failing = ofNics.filter(isInTrouble);
  if (reaching.length === 0) return wrapWords("IMDS is not reached through any NIC.");
  const rest = failing.length === 0 ? "" : `, not through ${namesOf(failing)}`;
  return wrapWords(`IMDS answers through ${namesOf(reaching)}${rest}.`);
}

/** A machine may have dozens: JSON has them all. */
const mostNames = 8;

function namesOf(rows: readonly Pick<Row, "name">[]): string {
  const names = rows.slice(0, mostNames).map(({ name }) => name);
  const more = rows.length - names.length;
  const rest = more === 1 ? " and 1 other" : ` and ${more} others`;
  return `${names.join(", ")}${more === 0 ? "" : rest}`;
}

function table(rows: readonly Row[], verbose: boolean): readonly string[] {
  const endpoints = [...new Set(rows.flatMap(({ ways }) => ways.map(endpointOf)))];
  const lines = tableLines([
    ["NIC", "STATE", ...endpoints.map((each) => columnName(each, endpoints)), "ADDRESSES"],
    ...rows.map(({ name, nic, ways, verdict }) => [
      name,
      nic === null ? "-" : stateOf(nic.link),
      ...endpoints.map((endpoint) =>
        cell(
          ways.find((way) => endpointOf(way) === endpoint),
          verdict,
        ),
      ),
      nic === null ? "" : addressesOf(nic.link),
    ]),
  ]);
  if (!verbose) return lines;
  const [head = "", ...body] = lines;
  return [head, ...body.flatMap((line, at) => [line, ...moreOf(rows[at]?.nic ?? null)])];
}

function endpointOf({ probe }: ProbedWay): string {
  return probe.endpoint;
}

/** The family, as long as that says which of them. */
function columnName(endpoint: string, all: readonly string[]): string {
  const family = (text: string) => (text.includes("[") ? "IPv6" : "IPv4");
  const isOnly = all.filter((each) => family(each) === family(endpoint)).length === 1;
  return isOnly ? family(endpoint) : endpoint.replace(/^http:\/\//, "");
}

function stateOf({ isUp, hasCarrier }: LinkState): string {
  if (!isUp) return "down";
  return hasCarrier ? "up" : "no carrier";
}

/** In brackets what needs nobody's care, since IMDS is reached over the other endpoint. */
function cell(way: ProbedWay | undefined, ofNic: Verdict): string {
  if (way === undefined || way.verdict.word === "down" || way.verdict.word === "no-carrier") {
    return "-";
  }
  const { word } = way.verdict;
  if (word === "reached") return `ok, ${describeMs(way.probe.read?.ms ?? 0)}`;
  return ofNic.word === "reached" ? `(${word})` : word;
}

/** Those that somebody gave it; link-local IPv6 every NIC has. */
function addressesOf({ addresses }: LinkState): string {
  const given = addresses.filter(({ address }) => !isLinkLocalIpv6(address));
  const shown = given.map(({ address, isTemporary }) => address + (isTemporary ? " (lease)" : ""));
  return shown.join(", ");
}

function moreOf(nic: ProbedNic | null): readonly string[] {
  if (nic === null) return [];
  const { mac, driver, busAddress } = nic.link;
  const what = [mac, driver, busAddress].filter((each) => each !== null).join(", ");
  return wrapWords(`${what}; rank ${nic.rank}: ${nic.reason}`, "    ");
}

interface Trouble {
  readonly names: string;
  readonly verdict: Verdict;
}

/** What is the matter with several NICs in the same words, and is mended alike, is told once. */
function troubles(rows: readonly Row[]): readonly Trouble[] {
  const inTrouble = rows.filter(isInTrouble);
  const groups = Map.groupBy(inTrouble, ({ verdict: { text, mend } }) =>
    [text, ...(mend ?? [])].join("\n"),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : { names: namesOf(group), verdict: first.verdict };
  });
}

/** What is to be pasted is never broken into lines. */
function troubleLines({ names, verdict: { text, mend } }: Trouble): readonly string[] {
  return [...wrapWords(`${names}: ${text}.`), ...(mend ?? []).map((line) => `    ${line}`)];
}

function otherLines(others: readonly ProbedNic[]): readonly string[] {
  const told = others.filter(({ link }) => link.kind !== "loopback");
  if (told.length === 0) return [];
  const names = told.map(({ link, reason }) => ({ name: `${link.name} (${reason})` }));
  return wrapWords(`Not asked: ${namesOf(names)}.`);
}
