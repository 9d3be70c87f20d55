import type { Host } from "../host/host.ts";
import { isRunningMachine, pathBelow } from "../host/target.ts";
import { renderJson } from "../output/json.ts";
import { escapeUnprintable } from "../output/text.ts";
import type { InstallPlan } from "./units/model.ts";

/** What a run of `--install` or `--uninstall` did, or would do. */
interface InstallResult {
  readonly plan: InstallPlan;
  /** The executable that units and hooks start; null for `--uninstall`. */
  readonly program: string | null;
  /** `/` for the running machine. For an image, paths are shown below this directory. */
  readonly root: string;
}

/** Prints the result on stdout (`--json`, `--dry-run`), and logs the actions and notes. */
export async function reportInstall(
  host: Pick<Host, "clock" | "log" | "print">,
  { dryRun, json }: { readonly dryRun: boolean; readonly json: boolean },
  result: InstallResult,
): Promise<void> {
  const { plan } = result;
  if (json) await host.print(renderResult(result, dryRun, Math.round(host.clock.now())));
  else if (dryRun) await host.print(describeInstall(result));
  if (dryRun) return;
  if (!json) for (const line of actionLines(result, pastTense)) host.log.info(line);
  for (const note of plan.notes) host.log.warn(note);
  for (const { name, files, commands } of plan.competitors) {
    const problem = `both ec2nic and ${name} configure NICs at hot-plug (${files.join(", ")})`;
    host.log.warn(`${problem}, so disable ${name}`, commands.join(" && "));
  }
  host.log.info(summarize(result));
}

function summarize({ plan, program, root }: InstallResult): string {
  const isChanged = hasChanges(plan);
  const where = isRunningMachine(root) ? "" : ` below ${root}`;
  if (program === null) {
    if (!isChanged) return `nothing to uninstall${where}`;
    return `uninstalled${where}; the files that configure NICs (ec2nic-MAC in their names) are kept`;
  }
  return `${isChanged ? "installed" : "already installed"}${where}; units start ${program}`;
}

/** What `--install` or `--uninstall` would do, and the notes: one line for each. */
function describeInstall(result: InstallResult): string {
  const { plan, program, root } = result;
  const actions = [
    ...actionLines(result, presentTense),
    ...plan.removeDirectories.map((path) => `remove ${pathBelow(root, path)}, if it is empty`),
  ];
  const notes = [
    ...(program === null ? [] : [`units start ${program}`]),
    ...plan.notes,
    ...plan.competitors.flatMap(({ name, files, commands }) => [
      `both ec2nic and ${name} configure NICs at hot-plug (${files.join(", ")})`,
      `these commands disable ${name}:`,
      ...commands.map((command) => `  ${command}`),
    ]),
  ];
  const lines = [...(actions.length === 0 ? ["nothing to do"] : actions), ...notes];
  return escapeUnprintable(`${lines.join("\n")}\n`);
}

const presentTense = { run: "run", write: "write", link: "link", remove: "remove" };
const pastTense = { run: "ran", write: "wrote", link: "linked", remove: "removed" };

function actionLines({ plan, root }: InstallResult, verbs: typeof presentTense): readonly string[] {
  const { stepsBefore, write, links, remove, removeLast, steps } = plan;
  const run = ({ argv }: InstallPlan["steps"][number]) => `${verbs.run} ${argv.join(" ")}`;
  const shown = (path: string): string => pathBelow(root, path);
  return [
    ...stepsBefore.map(run),
    ...write.map(({ path }) => `${verbs.write} ${shown(path)}`),
    ...links.map(({ path, target }) => `${verbs.link} ${shown(path)} to ${target}`),
    ...[...remove, ...removeLast].map((path) => `${verbs.remove} ${shown(path)}`),
    ...steps.map(run),
  ];
}

/** The JSON of every result, with an empty list of NICs and the members of an installation. */
function renderResult(
  { plan, program }: InstallResult,
  dryRun: boolean,
  elapsedMs: number,
): string {
  const { stepsBefore, write, links, remove, removeLast, removeDirectories, steps } = plan;
  const changed = program === null ? "retired" : "configured";
  return renderJson({
    command: "hotplug",
    dryRun,
    elapsedMs,
    outcome: hasChanges(plan) ? changed : "unchanged",
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

function hasChanges(plan: InstallPlan): boolean {
  const { stepsBefore, write, links, remove, removeLast, removeDirectories, steps } = plan;
  const changes = [stepsBefore, write, links, remove, removeLast, removeDirectories, steps];
  return changes.some(({ length }) => length > 0);
}
