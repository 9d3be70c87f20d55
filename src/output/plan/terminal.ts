import type { ConfigFile, HostState, NetworkPlan, NicResult, Step } from "../../model/plan.ts";
import { diffLines, splitLines } from "./diff.ts";
import { escapeUnprintable, wrapWords } from "../text.ts";
import { quoteShellWord } from "../../model/text.ts";

/**
 * A plan for people: one line per NIC, each file with its changes, files to remove, commands to
 * run, and the reasons. Wraps prose at 80 columns, but not the lines of files.
 */
export function describePlan(plan: NetworkPlan, state: HostState): string {
  const before = new Map(state.files.map(({ path, content }) => [path, content]));
  return joinParagraphs([
    [planHeadline(plan)],
    plan.nics.map(nicLine),
    ...plan.write.map((file) => writeLines(file, before.get(file.path))),
    plan.remove.map((path) => `remove ${path}`),
    ...plan.steps.map(stepLines),
    reasonLines(plan.reasons),
  ]);
}

/** Describes a plan that has only commands, like `describePlan`. */
export function describeSteps(steps: readonly Step[], reasons: readonly string[]): string {
  const nothing = steps.length === 0 ? ["nothing to do"] : [];
  return joinParagraphs([nothing, ...steps.map(stepLines), reasonLines(reasons)]);
}

function joinParagraphs(sections: readonly (readonly string[])[]): string {
  const paragraphs = sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
  return escapeUnprintable(`${paragraphs.join("\n\n")}\n`);
}

function reasonLines(reasons: readonly string[]): readonly string[] {
  return reasons.length === 0 ? [] : ["why:", ...reasons.flatMap(listItem)];
}

function nicLine({ mac, name, eni, outcome }: NicResult): string {
  return `  ${outcome.padEnd(10)}  ${mac}  ${(name ?? "-").padEnd(15)}  ${eni ?? "-"}`.trimEnd();
}

function writeLines(file: ConfigFile, before: string | undefined): readonly string[] {
  const mode = file.mode.toString(8).padStart(4, "0");
  if (before === undefined) {
    const lines = splitLines(file.content).map((line) => `+ ${line}`.trimEnd());
    return [`write ${file.path} (new, ${mode})`, ...lines];
  }
  if (before === file.content) return [`write ${file.path} (same text, mode ${mode})`];
  return [`write ${file.path} (changed, ${mode})`, ...diffLines(before, file.content)];
}

function stepLines({ argv, reason }: Step): readonly string[] {
  return [`run ${argv.map(quoteShellWord).join(" ")}`, ...listItem(reason)];
}

/** A list item in lines of at most 80 columns: the first line begins with a dash. */
function listItem(text: string): readonly string[] {
  const [first = "", ...others] = wrapWords(text, "    ");
  return [first.replace("    ", "  - "), ...others];
}

/** A plan in one line: `netplan: 1 file to write, 2 commands to run`. */
export function planHeadline({ backend, write, remove, steps }: NetworkPlan): string {
  if (write.length + remove.length + steps.length === 0) return `${backend}: nothing to do`;
  const parts = [
    formatCount(write.length, "file to write", "files to write"),
    formatCount(remove.length, "file to remove", "files to remove"),
    formatCount(steps.length, "command to run", "commands to run"),
  ];
  return `${backend}: ${parts.filter((part) => part !== "").join(", ")}`;
}

function formatCount(count: number, one: string, many: string): string {
  if (count === 0) return "";
  return `${count} ${count === 1 ? one : many}`;
}

/** A NIC's outcome for people: `ens6 eni-0a: configured`. */
export function describeNic({ mac, name, eni, outcome, reason }: NicResult): string {
  const subject = [name ?? mac, ...(eni === null ? [] : [eni])].join(" ");
  return `${subject}: ${outcome}${reason === undefined ? "" : ` (${reason})`}`;
}
