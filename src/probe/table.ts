import type { Verdict } from "../model/probe.ts";
import { listProbe } from "./plain.ts";
import { escapeUnprintable, tableLines, defaultColumns, wrapWords } from "../output/text.ts";
import {
  shortEndpoint,
  assignedAddresses,
  joinNames,
  nicDetails,
  pathResult,
  type ProbeRow,
  type ProbeRows,
  probeRows,
  type ProbeResults,
  formatLinkState,
} from "./rows.ts";

interface TableOptions {
  readonly verbose: boolean;
  /** The width of the terminal; null if there is no terminal, or if the user wants no table. */
  readonly columns: number | null;
}

/**
 * The result as a table of at most 80 columns: a headline, one row per NIC, then the note on kernel
 * routing, then the cause for each NIC that does not reach IMDS, and, indented, the commands that fix
 * the cause. The commands to try first are first. If `columns` is
 * null or the table does not fit, the result has one line per fact (`listProbe`).
 */
export function describeProbe(results: ProbeResults, { verbose, columns }: TableOptions): string {
  if (columns === null) return listProbe(results, verbose);
  const width = Math.min(columns, defaultColumns);
  const view = probeRows(results, verbose);
  const lines = view.rows.length === 0 ? [] : renderTable(view, verbose, width);
  if (lines === null) return listProbe(results, verbose);
  const { note } = results;
  const sections = [
    wrapWords(view.headline, "", width),
    lines,
    note === null ? [] : problemLines({ names: "note", verdict: note }, width),
    ...groupProblems(view.failing).map((problem) => problemLines(problem, width)),
    view.notProbed.flatMap((line) => wrapWords(line, "", width)),
  ];
  const paragraphs = sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
  return escapeUnprintable(`${paragraphs.join("\n\n")}\n`);
}

/** The lines of the table; null if the table does not fit. */
function renderTable(view: ProbeRows, verbose: boolean, width: number): readonly string[] | null {
  const { rows, endpoints } = view;
  const names = endpoints.map((each) => shortEndpoint(each, endpoints));
  const [head = "", ...body] = tableLines([
    ["NIC", "STATE", ...names, "ADDRESSES"],
    ...rows.map((row) => [
      row.name,
      row.nic === null ? "-" : formatLinkState(row.nic.link),
      ...endpoints.map((endpoint) => formatCell(row, endpoint)),
      row.nic === null ? "" : assignedAddresses(row.nic.link).join(", "),
    ]),
  ]);
  const indent = " ".repeat(head.lastIndexOf("ADDRESSES"));
  const all = [
    head,
    ...body.flatMap((line, index) => {
      const nic = verbose ? rows[index]?.nic : null;
      const details = nic ? wrapWords(nicDetails(nic), "    ", width) : [];
      return [...wrapAddresses(line, indent, width), ...details];
    }),
  ];
  return all.every((line) => line.length <= width) ? all : null;
}

/** Addresses that do not fit continue on the next lines, in the same column. */
function wrapAddresses(line: string, indent: string, width: number): readonly string[] {
  const addresses = line.slice(indent.length);
  if (addresses === "") return [line];
  const [first = "", ...more] = wrapWords(addresses, indent, width);
  return [`${line.slice(0, indent.length)}${first.trimStart()}`, ...more];
}

/** A word in brackets is not a problem, because the NIC reaches IMDS over another endpoint. */
function formatCell({ paths, verdict }: ProbeRow, endpoint: string): string {
  const path = paths.find(({ probe }) => probe.endpoint === endpoint);
  if (path === undefined) return "-";
  return pathResult(path, verdict, (word) => `(${word})`) ?? "-";
}

interface Problem {
  readonly names: string;
  readonly verdict: Verdict;
}

/** NICs with the same text and the same fix become one problem. */
function groupProblems(failing: readonly ProbeRow[]): readonly Problem[] {
  const groups = Map.groupBy(failing, ({ verdict: { text, fix } }) =>
    [text, ...(fix ?? [])].join("\n"),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : { names: joinNames(group), verdict: first.verdict };
  });
}

/** A sentence is wrapped, but a command is not, so that it can be copied. */
function problemLines({ names, verdict }: Problem, width: number): readonly string[] {
  const sentence = wrapWords(`${names}: ${verdict.text}.`, "", width);
  return [...sentence, ...(verdict.fix ?? []).map((line) => `    ${line}`)];
}
