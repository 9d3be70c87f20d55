import { quoteShellWord } from "../../src/model/text.ts";

const bold = process.stdout.isTTY && !process.env["NO_COLOR"];

/** Prints the heading of a step of the demo. */
export function showTitle(text: string): void {
  console.log(bold ? `\n\u001b[1m# ${text}\u001b[0m` : `\n# ${text}`);
}

interface ShowOptions {
  /** The most lines of output that are printed. */
  readonly shownLines?: number;
  /** The command that runs it, for instance in a terminal. */
  readonly around?: readonly string[];
}

/**
 * Prints a command as a person would type it, runs it, and prints its output (stdout and stderr) and
 * its exit status where that is not 0. `program` is the path that is run as the first word.
 */
export async function showCommand(
  argv: readonly string[],
  program: string,
  { shownLines = 40, around = [] }: ShowOptions = {},
): Promise<{ readonly code: number }> {
  console.log(`$ ${argv.map(quoteShellWord).join(" ")}`);
  const child = Bun.spawn([...around, program, ...argv.slice(1)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  const code = await child.exited;
  const lines = `${stderr}${stdout}`.trimEnd().split("\n");
  console.log(lines.slice(0, shownLines).join("\n"));
  if (lines.length > shownLines) console.log(`… ${lines.length - shownLines} more lines`);
  if (code !== 0) console.log(`[exit status ${code}]`);
  return { code };
}
