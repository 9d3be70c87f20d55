import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../test/kit/basics/run.ts";
import { buildFlags } from "../release/build-flags.ts";

/** What no program of Bun's can start faster than; built as ours is. Goes with `using`. */
export function emptyProgram(): Disposable & { readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), "ec2nic-empty-"));
  const [source, path] = [join(folder, "empty.ts"), join(folder, "empty")];
  run("sh", "-c", 'echo "export {};" >"$1"', "sh", source);
  const runtime = `--compile-executable-path=${process.execPath}`;
  run(process.execPath, "build", ...buildFlags, runtime, source, `--outfile=${path}`);
  run(path); // a failed bytecode step ends with 0 all the same
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}
