import { join } from "node:path";
import { temporaryFolder } from "../basics/temporary-folder.ts";
import { mark, setPrompt, typeIntoShell } from "./type-into-shell.ts";

/** Writes each match that zsh offers to a file, too. */
const setUp = (folder: string, out: string): string => `
fpath=(${folder} $fpath); autoload -Uz compinit; compinit -u -d ${out}.dump
setopt no_beep; ${setPrompt}; PROMPT=$PS1
compadd() {
  if [[ \${*[1,(i)--]} == *' -'[OAD]' '* || $1 == -[OAD] ]]; then builtin compadd "$@"; return; fi
  local -a hits; builtin compadd -A hits "$@"; print -l -- $hits >>${out}
  builtin compadd "$@"
}
mark() { print -- '${mark}' >>${out}; BUFFER= }
zle -N mark; bindkey '^T' mark; bindkey '^I' list-choices
`;

/** The completions that a real, interactive zsh offers at the end of each line, sorted. */
export async function completeInZsh(
  completions: string,
  lines: readonly string[],
  cwd: string,
): Promise<readonly (readonly string[])[]> {
  using folder = temporaryFolder();
  const out = join(folder.path, "matches");
  await Bun.write(join(folder.path, ".zshrc"), setUp(completions, out));
  const done = await typeIntoShell({
    shell: "zsh -d -i",
    cwd,
    env: { ZDOTDIR: folder.path },
    keys: lines.map((line) => `${line}\t\u0014`),
    out,
  });
  return done.map((matches) => [...new Set(matches)].toSorted());
}
