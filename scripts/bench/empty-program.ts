import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../shared/run.ts";
import { buildFlags } from "../release/build-flags.ts";

/**
 * An empty program, built with the flags of ec2nic: no program that Bun builds can start faster.
 * `using empty = emptyProgram()` removes it at the end of the block.
 */
export function emptyProgram(): Disposable & { readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), "ec2nic-empty-"));
  const [source, path] = [join(folder, "empty.ts"), join(folder, "empty")];
  run("sh", "-c", 'echo "export {};" >"$1"', "sh", source);
  const runtime = `--compile-executable-path=${process.execPath}`;
  run(process.execPath, "build", ...buildFlags, runtime, source, `--outfile=${path}`);
  run(path); // the build exits with 0 also where its bytecode step failed
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}
