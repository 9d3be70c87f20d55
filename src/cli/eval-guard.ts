import { splitAtDoubleDash } from "./argv-words.ts";

const nonEvalFormats = ["text", "json"];

/**
 * Whether the program probably runs in `eval "$(ec2nic … --format env)"`. If so, a failed run
 * prints `(exit N)`, so that `eval` fails as well, even if the command or the format was wrong. An
 * unneeded `(exit N)` does no harm. `args` is the command line without the program's name.
 */
export function isForEval(args: readonly string[]): boolean {
  const { ownArgs } = splitAtDoubleDash(args);
  return ownArgs.some((word, at) => {
    if (word === "env" || word.endsWith("=env")) return at > 0;
    const value = word === "--format" ? ownArgs[at + 1] : /^--format=(.*)$/.exec(word)?.[1];
    return value !== undefined && !nonEvalFormats.includes(value);
  });
}
