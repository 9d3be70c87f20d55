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
  const rows: readonly Row[] = [
    ...(kernel === null ? [] : [{ name: kernelsName, nic: null, ...kernel }]),
    ...asked.map((nic) => ({ name: nic.link.name, nic, ...nic })),
  ];
  const others = nics.filter(({ rank }) => rank === null);
  const sections = [
    headline(rows),
    rows.length === 0 ? [] : table(rows, verbose),
    ...troubles(rows).map(troubleLines),
    note === null ? [] : troubleLines({ names: ["note"], verdict: note }),
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

function headline(rows: readonly Row[]): readonly string[] {
  if (rows.length === 0) return ["There is no NIC that IMDS could be asked through."];
  const names = (isReached: boolean) =>
    rows
      .filter(({ verdict }) => verdict.word !== "not-asked")
      .filter(({ verdict }) => (verdict.word === "reached") === isReached)
      .map(({ name }) => name)
      .join(", ");
  const [reaching, failing] = [names(true), names(false)];
  if (reaching === "") return wrapWords("IMDS is not reached through any NIC.");
  const rest = failing === "" ? "" : `, not through ${failing}`;
  return wrapWords(`IMDS answers through ${reaching}${rest}.`);
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
  const given = addresses.filter(({ address }) => !/^fe[89ab]/.test(address));
  return given.map(({ address }) => address).join(", ");
}

function moreOf(nic: ProbedNic | null): readonly string[] {
  if (nic === null) return [];
  const { mac, driver, busAddress } = nic.link;
  const what = [mac, driver, busAddress].filter((each) => each !== null).join(", ");
  return wrapWords(`${what}; rank ${nic.rank}: ${nic.reason}`, "    ");
}

interface Trouble {
  readonly names: readonly string[];
  readonly verdict: Verdict;
}

/** What is the matter with several NICs in the same words, and is mended alike, is told once. */
function troubles(rows: readonly Row[]): readonly Trouble[] {
  const inTrouble = rows.filter(
    ({ verdict: { word } }) => word !== "reached" && word !== "not-asked",
  );
  const groups = Map.groupBy(inTrouble, ({ verdict: { text, mend } }) =>
    [text, ...(mend ?? [])].join("\n"),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined
      ? []
      : { names: group.map(({ name }) => name), verdict: first.verdict };
  });
}

/** What is to be pasted is never broken into lines. */
function troubleLines({ names, verdict: { text, mend } }: Trouble): readonly string[] {
  return [
    ...wrapWords(`${names.join(", ")}: ${text}.`),
    ...(mend ?? []).map((line) => `    ${line}`),
  ];
}

function otherLines(others: readonly ProbedNic[]): readonly string[] {
  const told = others.filter(({ link }) => link.kind !== "loopback");
  if (told.length === 0) return [];
  const names = told.map(({ link, reason }) => `${link.name} (${reason})`);
  return wrapWords(`Not asked: ${names.join(", ")}.`);
}
