import type { Verdict } from "../model/probe.ts";
import { escapeUnprintable } from "../output/text.ts";
import {
  shortEndpoint,
  assignedAddresses,
  nicDetails,
  pathResult,
  type ProbeRow,
  probeRows,
  type ProbeResults,
  formatLinkState,
} from "./rows.ts";

/**
 * The result for a screen reader, a pipe and grep. Each line has one fact and is not wrapped. There
 * are no columns and no words in brackets. Every line about a NIC begins with the name of the NIC.
 */
export function listProbe(results: ProbeResults, verbose: boolean): string {
  const { headline, rows, failing, endpoints, notProbed } = probeRows(results, verbose);
  const ordered = [...rows.filter((row) => !failing.includes(row)), ...failing];
  const lines = [
    headline,
    ...(results.note === null ? [] : problemLines("Note", results.note)),
    ...ordered.flatMap((row) => [
      `${rowSubject(row)}: ${rowFacts(row, endpoints).join(". ")}.`,
      ...(verbose && row.nic !== null ? [`${rowSubject(row)}, more: ${nicDetails(row.nic)}`] : []),
      ...(failing.includes(row) ? problemLines(rowSubject(row), row.verdict) : []),
    ]),
    ...notProbed,
  ];
  return escapeUnprintable(`${lines.join("\n")}\n`);
}

function rowSubject({ name, nic }: ProbeRow): string {
  return nic === null ? "Kernel routing" : `NIC ${name}`;
}

function rowFacts({ nic, paths, verdict }: ProbeRow, endpoints: readonly string[]) {
  const endpointFacts = paths.flatMap((path) => {
    const name = shortEndpoint(path.probe.endpoint, endpoints);
    const result = pathResult(path, verdict, (word) => `${word}, not needed`);
    return result === null ? [] : [`${name} ${result}`];
  });
  if (nic === null) return endpointFacts;
  return [formatLinkState(nic.link), ...endpointFacts, addressFact(assignedAddresses(nic.link))];
}

function addressFact(addresses: readonly string[]): string {
  if (addresses.length === 0) return "No address";
  return `${addresses.length === 1 ? "Address" : "Addresses"} ${addresses.join(", ")}`;
}

function problemLines(subject: string, { text, fix }: Verdict): readonly string[] {
  return [`${subject}, why: ${text}.`, ...(fix ?? []).map((line) => `${subject}, fix: ${line}`)];
}
