import { version } from "../../package.json";
import { bashCompletion } from "./bash-completion.ts";
import { commandHelps } from "./command-helps.ts";
import { completionModel } from "./completion-model.ts";
import { fishCompletion } from "./fish-completion.ts";
import { manPage } from "./man-page.ts";
import { zshCompletion } from "./zsh-completion.ts";

/** The man page, with `date` as its date, and the completions. */
export function docTexts(date: string) {
  const model = completionModel(commandHelps);
  return {
    man: manPage(commandHelps, { version, date }),
    bash: bashCompletion(model),
    zsh: zshCompletion(model),
    fish: fishCompletion(model),
  } as const;
}

/** Their paths in a checkout and in a release. */
export const docPaths = {
  man: "dist/ec2nic.8",
  bash: "dist/completions/ec2nic.bash",
  zsh: "dist/completions/_ec2nic",
  fish: "dist/completions/ec2nic.fish",
} as const satisfies Record<keyof ReturnType<typeof docTexts>, string>;

/** Writes the texts and returns their paths. */
export async function writeDocs(texts: ReturnType<typeof docTexts>): Promise<readonly string[]> {
  const written = [
    [docPaths.man, texts.man],
    [docPaths.bash, texts.bash],
    [docPaths.zsh, texts.zsh],
    [docPaths.fish, texts.fish],
  ] as const;
  // Bun.write creates missing folders
  for (const [path, text] of written) await Bun.write(path, text);
  return written.map(([path]) => path);
}
