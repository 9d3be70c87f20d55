import { describeMs } from "../model/text.ts";
import type { ProbedWay, Verdict } from "../model/probe.ts";
import { listProbe } from "./lines.ts";
import { printable, tableLines, usualColumns, wrapWords } from "../output/text.ts";
import {
  endpointName,
  endpointsOf,
  givenAddresses,
  isInTrouble,
  namesOf,
  nicDetails,
  notAskedLine,
  probeHeadline,
  type ProbeRow,
  probeRows,
  type SeenNics,
  stateOf,
} from "./rows.ts";

interface ProbeWish {
  readonly verbose: boolean;
  /** Of the terminal; null: there is none, or who reads it wants no table. */
  readonly columns: number | null;
}

/**
 * What was seen, for a tired person: whether IMDS answers and through what; a row per NIC; below
 * them each NIC in trouble with what is the matter and, indented, what to paste. 80 columns, or
 * fewer; where a table does not fit into them, or nobody looks at it, a line for each fact.
 */
export function describeProbe(seen: SeenNics, { verbose, columns }: ProbeWish): string {
  if (columns === null) return listProbe(seen, verbose);
  const width = Math.min(columns, usualColumns);
  const { rows, told, others } = probeRows(seen, verbose);
  const lines = rows.length === 0 ? [] : table(rows, verbose, width);
  if (lines === null) return listProbe(seen, verbose);
  const { note } = seen;
  const notAsked = notAskedLine(others);
  const sections = [
    wrapWords(probeHeadline(rows), "", width),
    lines,
    ...troubles(told).map((trouble) => troubleLines(trouble, width)),
    note === null ? [] : troubleLines({ names: "note", verdict: note }, width),
    notAsked === null ? [] : wrapWords(notAsked, "", width),
  ];
  const paragraphs = sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
  return printable(`${paragraphs.join("\n\n")}\n`);
}

/** null: it does not fit. */
function table(
  rows: readonly ProbeRow[],
  verbose: boolean,
  width: number,
): readonly string[] | null {
  const endpoints = endpointsOf(rows);
  const names = endpoints.map((each) => endpointName(each, endpoints));
  const lines = tableLines([
    ["NIC", "STATE", ...names, "ADDRESSES"],
    ...rows.map(({ name, nic, ways, verdict }) => [
      name,
      nic === null ? "-" : stateOf(nic.link),
      ...endpoints.map((endpoint) =>
        cell(
          ways.find(({ probe }) => probe.endpoint === endpoint),
          verdict,
        ),
      ),
      nic === null ? "" : givenAddresses(nic.link).join(", "),
    ]),
  ]);
  const [head = "", ...body] = lines;
  const indent = " ".repeat(head.lastIndexOf("ADDRESSES"));
  const all = [
    head,
    ...body.flatMap((line, at) => [
      ...wrapAddresses(line, indent, width),
      ...(verbose ? moreLines(rows[at], width) : []),
    ]),
  ];
  return all.every((line) => line.length <= width) ? all : null;
}

/** The last column goes on below itself. */
function wrapAddresses(line: string, indent: string, width: number): readonly string[] {
  const addresses = line.slice(indent.length);
  if (addresses === "") return [line];
  const [first = "", ...others] = wrapWords(addresses, indent, width);
  return [`${line.slice(0, indent.length)}${first.trimStart()}`, ...others];
}

function moreLines(row: ProbeRow | undefined, width: number): readonly string[] {
  if (row === undefined || row.nic === null) return [];
  return wrapWords(nicDetails(row.nic), "    ", width);
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

interface Trouble {
  readonly names: string;
  readonly verdict: Verdict;
}

/** What is the matter with several NICs in the same words, and is mended alike, is told once. */
function troubles(rows: readonly ProbeRow[]): readonly Trouble[] {
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
function troubleLines({ names, verdict }: Trouble, width: number): readonly string[] {
  const said = wrapWords(`${names}: ${verdict.text}.`, "", width);
  return [...said, ...(verdict.mend ?? []).map((line) => `    ${line}`)];
}
