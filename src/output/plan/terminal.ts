import type { ConfigFile, HostState, NetworkPlan, NicResult, Step } from "../../model/plan.ts";
import { diffLines } from "./diff.ts";
import { printable } from "../text.ts";
import { shellWord } from "../../model/text.ts";

const columns = 80;

/**
 * A plan for people to read: a line per NIC, each file with what changes in it, what is removed and
 * run, and the reasons. Wraps prose at 80 columns; a file's own lines stay as they are.
 */
export function describePlan(plan: NetworkPlan, state: HostState): string {
  const before = new Map(state.files.map(({ path, content }) => [path, content]));
  return inParagraphs([
    [planHeadline(plan)],
    plan.nics.map(nicLine),
    ...plan.write.map((file) => writeLines(file, before.get(file.path))),
    plan.remove.map((path) => `remove ${path}`),
    ...plan.steps.map(stepLines),
    why(plan.reasons),
  ]);
}

/** The same of a plan that is commands alone. */
export function describeSteps(steps: readonly Step[], reasons: readonly string[]): string {
  const nothing = steps.length === 0 ? ["nothing to do"] : [];
  return inParagraphs([nothing, ...steps.map(stepLines), why(reasons)]);
}

function inParagraphs(sections: readonly (readonly string[])[]): string {
  const paragraphs = sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
  return printable(`${paragraphs.join("\n\n")}\n`);
}

function why(reasons: readonly string[]): readonly string[] {
  return reasons.length === 0 ? [] : ["why:", ...reasons.flatMap((text) => wrapped(text, "  "))];
}

function nicLine({ mac, name, eni, outcome }: NicResult): string {
  return `  ${outcome.padEnd(10)}  ${mac}  ${(name ?? "-").padEnd(15)}  ${eni ?? "-"}`.trimEnd();
}

function writeLines(file: ConfigFile, before: string | undefined): readonly string[] {
  const mode = file.mode.toString(8).padStart(4, "0");
  if (before === undefined)
    return [`write ${file.path} (new, ${mode})`, ...marked("+", file.content)];
  if (before === file.content) return [`write ${file.path} (same text, mode ${mode})`];
  return [`write ${file.path} (changed, ${mode})`, ...diffLines(before, file.content)];
}

function marked(sign: string, content: string): readonly string[] {
  return content
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => `${sign} ${line}`.trimEnd());
}

function stepLines({ argv, reason }: Step): readonly string[] {
  return [`run ${argv.map(shellWord).join(" ")}`, ...wrapped(reason, "  ")];
}

/** Words over lines of 80 columns, the first behind a dash, the others below it. */
function wrapped(text: string, indent: string): readonly string[] {
  const lines = text.split(" ").reduce<readonly string[]>((done, word) => {
    const last = done.at(-1);
    const longer = last === undefined ? word : `${last} ${word}`;
    const fits = indent.length + 2 + longer.length <= columns;
    return last !== undefined && fits ? [...done.slice(0, -1), longer] : [...done, word];
  }, []);
  return lines.map((line, at) => `${indent}${at === 0 ? "-" : " "} ${line}`);
}

/** What a plan comes to, in a line: `netplan: 1 file to write, 2 commands to run`. */
export function planHeadline({ backend, write, remove, steps }: NetworkPlan): string {
  if (write.length + remove.length + steps.length === 0) return `${backend}: nothing to do`;
  const parts = [
    counted(write.length, "file to write", "files to write"),
    counted(remove.length, "file to remove", "files to remove"),
    counted(steps.length, "command to run", "commands to run"),
  ];
  return `${backend}: ${parts.filter((part) => part !== "").join(", ")}`;
}

function counted(count: number, one: string, many: string): string {
  if (count === 0) return "";
  return `${count} ${count === 1 ? one : many}`;
}

/** What came of a NIC, as a person reads it: `ens6 eni-0a: configured`. */
export function describeNic({ mac, name, eni, outcome, reason }: NicResult): string {
  const who = [name ?? mac, ...(eni === null ? [] : [eni])].join(" ");
  return `${who}: ${outcome}${reason === undefined ? "" : ` (${reason})`}`;
}
