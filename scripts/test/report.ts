import { availableParallelism } from "node:os";
import { type FailedTest, failedTests } from "./failed-tests.ts";
import type { Part } from "./parts.ts";

/** How many groups of test files run at the same time: most of them wait for a part of their time. */
export const atOnce = Math.min(2, availableParallelism());

/** One process of a part, and what it printed on stderr, where `bun test` reports. */
export interface Step {
  readonly part: string;
  readonly code: number;
  readonly output: string;
  readonly ms: number;
}

/** What the machine has, for the announcement. */
export interface Here {
  readonly isRoot: boolean;
  /** The Debian packages of missing programs. */
  readonly missing: readonly string[];
  readonly canInstall: boolean;
  /** How many root file systems must be built. */
  readonly rootsToBuild: number;
}

/** What is printed before anything runs: the parts, their times and needs, and what is installed. */
export function announce(parts: readonly Part[], here: Here): string {
  const all = parts.map(({ seconds }) => seconds);
  const seconds = Math.max(...all, all.reduce((sum, each) => sum + each, 0) / atOnce);
  const rooted = parts.filter(({ needsRoot = false }) => needsRoot).map(({ name }) => name);
  const { isRoot, missing, canInstall, rootsToBuild } = here;
  return [
    `about ${roughly(seconds)} where the machine does nothing else:`,
    ...parts.map(describePart),
    ...(isRoot || rooted.length === 0
      ? []
      : [`without root, the tests of ${rooted.join(", ")} are skipped`]),
    ...(missing.length === 0
      ? []
      : [`${canInstall ? "installs" : "not installed (tests are skipped)"}: ${missing.join(" ")}`]),
    ...(rootsToBuild === 0
      ? []
      : [`builds ${rootsToBuild} root file systems, half a minute each, and keeps them`]),
  ].join("\n");
}

function describePart({ name, seconds, what, needsRoot = false }: Part): string {
  const root = needsRoot ? " (needs root)" : "";
  return `  ${name.padEnd(10)} ${roughly(seconds).padStart(6)}  ${what}${root}`;
}

function roughly(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The tests of one process. A failure that is no failed test counts as one, such as a crash. */
export function countTests({ code, output }: Pick<Step, "code" | "output">): Counts {
  const count = (word: string): number =>
    Number(new RegExp(`^\\s*(\\d+) ${word}$`, "m").exec(output)?.[1] ?? "0");
  const failed = Math.max(count("fail"), failedTests(output).length);
  const isBroken = code !== 0 && (failed === 0 || !isComplete(output));
  return {
    passed: count("pass"),
    failed: failed + (isBroken ? 1 : 0),
    skipped: count("skip"),
  };
}

/** Whether a report has its last line, and no error outside of tests. */
function isComplete(output: string): boolean {
  return /^Ran \d+ tests? /m.test(output) && !/^ *\d+ errors?$/m.test(output);
}

/** The end of the report: a table of the parts, then one line with all counts. */
export function summarize(steps: readonly Step[]): { readonly text: string; readonly ok: boolean } {
  const names = [...new Set(steps.map(({ part }) => part))];
  const rows = names.map((name) => ({ name, ...total(steps.filter(({ part }) => part === name)) }));
  const all = total(steps);
  const line = (name: string, ...cells: readonly string[]): string =>
    [name.padEnd(10), ...cells.map((cell) => cell.padStart(8))].join("");
  const table = rows.map(({ name, passed, failed, skipped, ms }) =>
    line(name, ...[passed, failed, skipped].map(String), `${Math.round(ms / 1000)} s`),
  );
  const { passed, failed, skipped } = all;
  return {
    text: [
      line("part", "passed", "failed", "skipped", "time"),
      ...table,
      `${passed} passed, ${failed} failed, ${skipped} skipped`,
    ].join("\n"),
    // a run in which no test ran has shown nothing
    ok: failed === 0 && (passed > 0 || names.every((name) => name === "style")),
  };
}

function total(steps: readonly Step[]): Counts & { readonly ms: number } {
  const counts = steps.map(countTests);
  const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0);
  return {
    passed: sum(counts.map(({ passed }) => passed)),
    failed: sum(counts.map(({ failed }) => failed)),
    skipped: sum(counts.map(({ skipped }) => skipped)),
    ms: sum(steps.map(({ ms }) => ms)),
  };
}

/** The failed tests of all processes. */
export function allFailed(steps: readonly Step[]): readonly FailedTest[] {
  return steps.flatMap(({ output }) => failedTests(output));
}
