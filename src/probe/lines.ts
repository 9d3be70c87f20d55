import { describeMs } from "../model/text.ts";
import type { ProbedWay, Verdict } from "../model/probe.ts";
import { printable } from "../output/text.ts";
import {
  endpointName,
  endpointsOf,
  givenAddresses,
  isInTrouble,
  nicDetails,
  notAskedLine,
  probeHeadline,
  type ProbeRow,
  probeRows,
  type SeenNics,
  stateOf,
} from "./rows.ts";

/**
 * What was seen, for a screen reader, a pipe and grep: no columns, no brackets that mean something,
 * all of a NIC on lines that begin with its name, and no line broken.
 */
export function listProbe(seen: SeenNics, verbose: boolean): string {
  const { rows, told, others } = probeRows(seen, verbose);
  const endpoints = endpointsOf(rows);
  const notAsked = notAskedLine(others);
  const lines = [
    probeHeadline(rows),
    ...rows.flatMap((row) => [
      `${who(row)}: ${factsOf(row, endpoints).join(". ")}.`,
      ...(verbose && row.nic !== null ? [`${who(row)}, more: ${nicDetails(row.nic)}`] : []),
      ...(told.includes(row) && isInTrouble(row) ? troubleLines(who(row), row.verdict) : []),
    ]),
    ...(seen.note === null ? [] : troubleLines("Note", seen.note)),
    ...(notAsked === null ? [] : [notAsked]),
  ];
  return printable(`${lines.join("\n")}\n`);
}

function who({ name, nic }: ProbeRow): string {
  return nic === null ? "The kernel's routing" : `NIC ${name}`;
}

function factsOf({ nic, ways, verdict }: ProbeRow, endpoints: readonly string[]) {
  const asked = ways.flatMap((way) => {
    const name = endpointName(way.probe.endpoint, endpoints);
    const result = resultOf(way, verdict);
    return result === null ? [] : [`${name} ${result}`];
  });
  if (nic === null) return asked;
  return [stateOf(nic.link), ...asked, addressFact(givenAddresses(nic.link))];
}

function resultOf({ probe, verdict: { word } }: ProbedWay, ofNic: Verdict): string | null {
  if (word === "down" || word === "no-carrier") return null;
  if (word === "reached") return `ok, ${describeMs(probe.read?.ms ?? 0)}`;
  return ofNic.word === "reached" ? `${word}, not needed` : word;
}

function addressFact(addresses: readonly string[]): string {
  if (addresses.length === 0) return "No address";
  return `${addresses.length === 1 ? "Address" : "Addresses"} ${addresses.join(", ")}`;
}

function troubleLines(subject: string, { text, mend }: Verdict): readonly string[] {
  return [`${subject}, why: ${text}.`, ...(mend ?? []).map((line) => `${subject}, mend: ${line}`)];
}
