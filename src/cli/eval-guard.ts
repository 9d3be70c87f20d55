const nonEvalFormats = ["text", "json"];

/**
 * Whether the caller is most likely `eval "$(ec2nic … --format env)"`: then what a failure prints
 * must end the script, also where the command or the format itself is what is wrong. A stray
 * `(exit N)` harms nobody else. `args`: the command line behind the program's name.
 */
export function isForEval(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const ownArgs = end < 0 ? args : args.slice(0, end);
  return ownArgs.some((word, at) => {
    if (word === "env" || word.endsWith("=env")) return at > 0;
    const value = word === "--format" ? ownArgs[at + 1] : /^--format=(.*)$/.exec(word)?.[1];
    return value !== undefined && !nonEvalFormats.includes(value);
  });
}
