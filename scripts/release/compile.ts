import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildFlags } from "./build-flags.ts";
import type { Program } from "./programs.ts";
import { runtimeOf, type Target, thisMachine } from "./targets.ts";

/**
 * Makes the executable `path` of a program for a target, offline; the same bytes in any folder, as
 * the name by which it is compiled, which is in it, is always the program's. Each flag has a reason:
 * docs/decisions/build-flags.md. Throws with what the compiler or the program said.
 */
export function compile(program: Program, target: Target, path: string): void {
  mkdirSync("dist", { recursive: true });
  // a folder of its own: who uses the old one meanwhile still can
  const folder = mkdtempSync("dist/.compile-");
  try {
    const fresh = join(folder, program.name);
    const runtime = `--compile-executable-path=${runtimeOf(target)}`;
    const argv = [process.execPath, "build", ...buildFlags, runtime, program.entry];
    const built = run([...argv, `--outfile=${fresh}`]);
    // a failed bytecode step ends with 0 all the same (Bun 1.4.5): what counts is that the result runs
    const isBuilt = built.code === 0 && existsSync(fresh);
    const trial = isBuilt && runsHere(target) ? run([fresh, program.trial.flag]) : null;
    if (!isBuilt || trial?.stdout.startsWith(program.trial.prints) === false) {
      const said = [built, trial].map((each) => `${each?.stderr ?? ""}${each?.stdout ?? ""}`);
      throw new Error(`${said.join("")}${path} does not run`);
    }
    renameSync(fresh, path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function runsHere({ name }: Target): boolean {
  return name === thisMachine().name;
}

function run(argv: readonly string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...argv], { stdout: "pipe", stderr: "pipe" });
  return { code: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}
