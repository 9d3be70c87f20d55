/**
 * `make docs`: the man page and the completions, from the definitions of the subcommands:
 * dist/ec2nic.8 and dist/completions/.
 */
import { mkdirSync } from "node:fs";
import { version } from "../package.json";
import { bashCompletion } from "./docs/bash-completion.ts";
import { commandHelps } from "./docs/command-helps.ts";
import { completionModel } from "./docs/completion-model.ts";
import { fishCompletion } from "./docs/fish-completion.ts";
import { manPage } from "./docs/man-page.ts";
import { zshCompletion } from "./docs/zsh-completion.ts";
import { dayOf, sourceEpoch } from "./release/epoch.ts";

const model = completionModel(commandHelps);
const made = {
  "dist/ec2nic.8": manPage(commandHelps, { version, date: dayOf(sourceEpoch()) }),
  "dist/completions/ec2nic.bash": bashCompletion(model),
  "dist/completions/_ec2nic": zshCompletion(model),
  "dist/completions/ec2nic.fish": fishCompletion(model),
};

mkdirSync("dist/completions", { recursive: true });
for (const [path, content] of Object.entries(made)) {
  await Bun.write(path, content);
  process.stdout.write(`${path}\n`);
}
