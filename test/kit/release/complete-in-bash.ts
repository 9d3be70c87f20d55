import { join } from "node:path";
import { temporaryFolder } from "../basics/temporary-folder.ts";
import { mark, setPrompt, typeIntoShell } from "./type-into-shell.ts";

/** M-* inserts every completion into the line (readline's `insert-completions`); C-t writes the line to a file. */
const setUp = (script: string, out: string): string => `
source ${script}; ${setPrompt}
bind -x '"\\C-t": printf "%s\\n${mark}\\n" "$READLINE_LINE" >>${out}'
`;

/**
 * Asks a real, interactive bash for all completions at the end of each line. Returns the lines with
 * the inserted words.
 */
export async function completeInBash(
  script: string,
  lines: readonly string[],
  cwd: string,
): Promise<readonly string[]> {
  using folder = temporaryFolder();
  const out = join(folder.path, "lines");
  const rc = join(folder.path, "rc");
  await Bun.write(rc, setUp(script, out));
  const done = await typeIntoShell({
    shell: `bash --noprofile --rcfile ${rc} -i`,
    cwd,
    env: { HISTFILE: "", INPUTRC: "/nowhere" },
    keys: lines.map((line) => `\u0015${line}\u001b*\u0014`),
    out,
  });
  return done.map(([line = ""]) => line);
}
