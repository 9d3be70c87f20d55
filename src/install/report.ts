import { pathBelow } from "../host/target.ts";
import type { InstallPlan } from "./units/model.ts";
import { escapeUnprintable } from "../output/text.ts";
import { renderJson } from "../output/json.ts";

type Verb = "run" | "write" | "link" | "remove";

const pastTense: Readonly<Record<Verb, string>> = {
  run: "ran",
  write: "wrote",
  link: "linked",
  remove: "removed",
};

/** For whom a plan is told. */
export interface InstallLocation {
  /** `/` for the machine itself; else paths are shown as they lie below it. */
  readonly root: string;
  /** What units and hooks start; null: `--uninstall`. */
  readonly program: string | null;
}

/** What `--install` or `--uninstall` would do, a line each, with all that is told of it. */
export function describeInstall(plan: InstallPlan, location: InstallLocation): string {
  const folders = plan.removeDirectories.map(
    (path) => `remove ${pathBelowLocation(location, path)}, if it is empty`,
  );
  const lines = [...actionLines(plan, location, (verb) => verb), ...folders];
  const notes = [
    ...(location.program === null ? [] : [`units start ${location.program}`]),
    ...plan.notes,
    ...plan.competitors.flatMap(({ name, files, commands }) => [
      `${name} is active here, too (${files.join(", ")}); to switch it off:`,
      ...commands.map((command) => `  ${command}`),
    ]),
  ];
  const all = [...(lines.length === 0 ? ["nothing to do"] : lines), ...notes];
  return escapeUnprintable(`${all.join("\n")}\n`);
}

/** What was done, a line each. */
export function describeInstallActions(
  plan: InstallPlan,
  location: InstallLocation,
): readonly string[] {
  return actionLines(plan, location, (verb) => pastTense[verb]);
}

function actionLines(
  plan: InstallPlan,
  location: InstallLocation,
  formatVerb: (verb: Verb) => string,
): readonly string[] {
  const { stepsBefore, write, links, remove, removeLast, steps } = plan;
  const run = ({ argv }: InstallPlan["steps"][number]) => `${formatVerb("run")} ${argv.join(" ")}`;
  const shownPath = (path: string): string => pathBelowLocation(location, path);
  return [
    ...stepsBefore.map(run),
    ...write.map(({ path }) => `${formatVerb("write")} ${shownPath(path)}`),
    ...links.map(({ path, target }) => `${formatVerb("link")} ${shownPath(path)} to ${target}`),
    ...[...remove, ...removeLast].map((path) => `${formatVerb("remove")} ${shownPath(path)}`),
    ...steps.map(run),
  ];
}

function pathBelowLocation({ root }: InstallLocation, path: string): string {
  return pathBelow(root, path);
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
  const { stepsBefore, write, links, remove, removeLast, removeDirectories, steps } = plan;
  return renderJson({
    command: "hotplug",
    dryRun,
    elapsedMs,
    outcome: installOutcome(result),
    nics: [],
    imds: null,
    program,
    competitors: plan.competitors,
    plan: {
      write,
      links,
      remove: [...remove, ...removeLast],
      removeDirectories,
      steps: [...stepsBefore, ...steps],
      reasons: plan.notes,
    },
  });
}

/** Whether anything is to be done, and which way round. */
export function installOutcome({
  program,
  plan,
}: Pick<InstallResult, "plan" | "program">): "configured" | "retired" | "unchanged" {
  const { stepsBefore, write, links, remove, removeLast, removeDirectories, steps } = plan;
  const all = [stepsBefore, write, links, remove, removeLast, removeDirectories, steps];
  if (all.every(({ length }) => length === 0)) return "unchanged";
  return program === null ? "retired" : "configured";
}
