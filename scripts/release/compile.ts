import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildFlags } from "./build-flags.ts";
import type { Program } from "./programs.ts";
import { runtimeOf, type Target, thisMachine } from "./targets.ts";

/**
 * Compiles a program for a target into the executable `path`, offline. The bytes do not depend on the
 * folder: the executable contains the name under which it is compiled, and that is always the
 * program's name. Throws with the output of the compiler or of the program where the executable does
 * not work.
 */
export function compile(program: Program, target: Target, path: string): void {
  mkdirSync("dist", { recursive: true });
  // in a new folder, so that the old executable can be used meanwhile
  const folder = mkdtempSync("dist/.compile-");
  try {
    const built = join(folder, program.name);
    const runtime = `--compile-executable-path=${runtimeOf(target)}`;
    const argv = [process.execPath, "build", ...buildFlags, runtime, program.entry];
    const build = run([...argv, `--outfile=${built}`]);
    // the build exits with 0 also where its bytecode step failed (Bun 1.4.5): so the result is run
    const isBuilt = build.code === 0 && existsSync(built);
    const check = isBuilt && runsHere(target) ? run([built, program.check.flag]) : null;
    if (!isBuilt || check?.stdout.startsWith(program.check.prints) === false) {
      const output = [build, check].map((each) => `${each?.stderr ?? ""}${each?.stdout ?? ""}`);
      throw new Error(`${output.join("")}${path} cannot be built or does not run`);
    }
    renameSync(built, path);
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
