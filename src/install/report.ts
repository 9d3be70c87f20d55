import type { InstallPlan } from "./units/model.ts";
import { printable } from "../output/text.ts";
import { renderJson } from "../output/json.ts";

type Verb = "run" | "write" | "link" | "remove";

const done: Readonly<Record<Verb, string>> = {
  run: "ran",
  write: "wrote",
  link: "linked",
  remove: "removed",
};

/** For whom a plan is told. */
export interface InstallPlace {
  /** `/` for the machine itself; else paths are shown as they lie below it. */
  readonly root: string;
  /** What units and hooks start; null: `--uninstall`. */
  readonly program: string | null;
}

/** What `--install` or `--uninstall` would do, a line each, with all that is told of it. */
export function describeInstall(plan: InstallPlan, place: InstallPlace): string {
  const folders = plan.removeFolders.map((path) => `remove ${below(place, path)}, if it is empty`);
  const lines = [...deeds(plan, place, (verb) => verb), ...folders];
  const notes = [
    ...(place.program === null ? [] : [`units start ${place.program}`]),
    ...plan.notes,
    ...plan.competitors.flatMap(({ name, seenBy, commands }) => [
      `${name} is active here, too (${seenBy.join(", ")}); to switch it off:`,
      ...commands.map((command) => `  ${command}`),
    ]),
  ];
  const all = [...(lines.length === 0 ? ["nothing to do"] : lines), ...notes];
  return printable(`${all.join("\n")}\n`);
}

/** What was done, a line each. */
export function installDeeds(plan: InstallPlan, place: InstallPlace): readonly string[] {
  return deeds(plan, place, (verb) => done[verb]);
}

function deeds(
  plan: InstallPlan,
  place: InstallPlace,
  say: (verb: Verb) => string,
): readonly string[] {
  const { before, write, links, remove, removeLast, steps } = plan;
  const run = ({ argv }: InstallPlan["steps"][number]) => `${say("run")} ${argv.join(" ")}`;
  const at = (path: string): string => below(place, path);
  return [
    ...before.map(run),
    ...write.map(({ path }) => `${say("write")} ${at(path)}`),
    ...links.map(({ path, target }) => `${say("link")} ${at(path)} to ${target}`),
    ...[...remove, ...removeLast].map((path) => `${say("remove")} ${at(path)}`),
    ...steps.map(run),
  ];
}

function below({ root }: InstallPlace, path: string): string {
  return `${root.replace(/\/+$/, "")}${path}`;
}

/** A run of `--install` or `--uninstall`, as `--json` tells of it. */
interface InstallResult {
  readonly dryRun: boolean;
  /** What units and hooks start; null: `--uninstall`. */
  readonly program: string | null;
  readonly plan: InstallPlan;
  readonly elapsedMs: number;
}

/** The shape of every result, without NICs; and what else a machine may want to know of it. */
export function renderInstallResult(result: InstallResult): string {
  const { dryRun, program, plan, elapsedMs } = result;
  const { before, write, links, remove, removeLast, removeFolders, steps } = plan;
  return renderJson({
    command: "hotplug",
    dryRun,
    elapsedMs,
    outcome: outcomeOf(result),
    nics: [],
    imds: null,
    program,
    competitors: plan.competitors,
    plan: {
      write,
      links,
      remove: [...remove, ...removeLast],
      removeFolders,
      steps: [...before, ...steps],
      reasons: plan.notes,
    },
  });
}

/** Whether anything is to be done, and which way round. */
export function outcomeOf({
  program,
  plan,
}: Pick<InstallResult, "plan" | "program">): "configured" | "retired" | "unchanged" {
  const { before, write, links, remove, removeLast, removeFolders, steps } = plan;
  const all = [before, write, links, remove, removeLast, removeFolders, steps];
  if (all.every(({ length }) => length === 0)) return "unchanged";
  return program === null ? "retired" : "configured";
}
