import type { InstallPlan } from "../net/installation.ts";
import { printable } from "./printable.ts";

/** What `--install` or `--uninstall` does or did, a line each; ends with a newline. */
export function describeInstall(plan: InstallPlan): string {
  const { before, write, links, remove, removeFolders, steps, notes, competitors } = plan;
  const lines = [
    ...before.map(({ argv }) => `run ${argv.join(" ")}`),
    ...write.map(({ path }) => `write ${path}`),
    ...links.map(({ path, target }) => `link ${path} -> ${target}`),
    ...remove.map((path) => `remove ${path}`),
    ...removeFolders.map((path) => `remove ${path}, if it is empty`),
    ...steps.map(({ argv }) => `run ${argv.join(" ")}`),
  ];
  const rest = [
    ...notes,
    ...competitors.flatMap(({ name, seenBy, commands }) => [
      `${name} is active here, too (${seenBy.join(", ")}); to switch it off:`,
      ...commands.map((command) => `  ${command}`),
    ]),
  ];
  const all = [...(lines.length === 0 ? ["nothing to do"] : lines), ...rest];
  return printable(`${all.join("\n")}\n`);
}
