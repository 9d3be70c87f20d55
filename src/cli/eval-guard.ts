import { splitAtDoubleDash } from "./argv-words.ts";

const nonEvalFormats = ["text", "json"];

/**
 * Whether the caller is most likely `eval "$(ec2nic … --format env)"`: stdout of a failed run must
 * then end the script, even if the command or the format itself is wrong. An unneeded `(exit N)`
 * does no harm elsewhere. `args`: the command line after the program's name.
 */
export function isForEval(args: readonly string[]): boolean {
  const { ownArgs } = splitAtDoubleDash(args);
  return ownArgs.some((word, at) => {
    if (word === "env" || word.endsWith("=env")) return at > 0;
    const value = word === "--format" ? ownArgs[at + 1] : /^--format=(.*)$/.exec(word)?.[1];
    return value !== undefined && !nonEvalFormats.includes(value);
  });
}
