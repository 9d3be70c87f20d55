/**
 * The flags of `bun build` for every program; the path of the runtime is added. The reason of each is
 * in docs/decisions/build-flags.md.
 */
export const buildFlags: readonly string[] = [
  "--compile",
  "--minify",
  "--bytecode",
  "--format=esm",
  "--splitting",
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  "--compile-exec-argv=--disallow-code-generation-from-strings=strict",
];
