import type { ConfigFile, HostState, NetworkPlan, NicResult, Step } from "../../model/plan.ts";
import { diffLines, splitLines } from "./diff.ts";
import { planHeadline } from "./terminal.ts";
import { escapeUnprintable } from "../text.ts";
import { quoteShellWord } from "../../model/text.ts";

/**
 * A plan for a screen reader (`--plain`): words instead of the signs and columns of `describePlan`,
 * one line per fact, no wrapping.
 */
export function listPlan(plan: NetworkPlan, state: HostState): string {
  const before = new Map(state.files.map(({ path, content }) => [path, content]));
  return joinLines([
    planHeadline(plan),
    ...plan.nics.map(nicLine),
    ...plan.write.flatMap((file) => writeLines(file, before.get(file.path))),
    ...plan.remove.map((path) => `remove ${path}`),
    ...plan.steps.flatMap(stepLines),
    ...plan.reasons.map((reason) => `why: ${reason}`),
  ]);
}

/** The same for a plan that has only commands. */
export function listSteps(steps: readonly Step[], reasons: readonly string[]): string {
  const lines = steps.length === 0 ? ["nothing to do"] : steps.flatMap(stepLines);
  return joinLines([...lines, ...reasons.map((reason) => `why: ${reason}`)]);
}

function joinLines(lines: readonly string[]): string {
  return escapeUnprintable(`${lines.join("\n")}\n`);
}

function nicLine({ mac, name, eni, outcome }: NicResult): string {
  const subject = name === null ? `MAC ${mac}` : `NIC ${name}, MAC ${mac}`;
  return `${subject}${eni === null ? "" : `, ENI ${eni}`}: ${outcome}`;
}

function writeLines(file: ConfigFile, before: string | undefined): readonly string[] {
  const mode = `mode ${file.mode.toString(8).padStart(4, "0")}`;
  if (before === undefined) {
    const lines = splitLines(file.content).map((line) => `added: ${line}`.trimEnd());
    return [`write ${file.path}, new, ${mode}`, ...lines];
  }
  if (before === file.content) return [`write ${file.path}, same text, ${mode}`];
  const changes = diffLines(before, file.content).map(describeChange);
  return [`write ${file.path}, changed, ${mode}`, ...changes];
}

const changeWords: Readonly<Record<string, string>> = { "+": "added", "-": "removed", " ": "kept" };

function describeChange(line: string): string {
  const word = changeWords[line.charAt(0)];
  return word === undefined ? "unchanged lines" : `${word}: ${line.slice(2)}`.trimEnd();
}

function stepLines({ argv, reason }: Step): readonly string[] {
  return [`run ${argv.map(quoteShellWord).join(" ")}`, `because: ${reason}`];
}
