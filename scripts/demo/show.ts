const bold = process.stdout.isTTY && !process.env["NO_COLOR"];

/** A step of the demo. */
export function showTitle(text: string): void {
  console.log(bold ? `\n\u001b[1m# ${text}\u001b[0m` : `\n# ${text}`);
}

export interface Shown {
  readonly code: number;
  readonly stdout: string;
}

interface How {
  readonly shownLines?: number;
  /** What runs it: a terminal. */
  readonly around?: readonly string[];
}

/**
 * Shows a command as one would type it, runs it, and shows what it said (stderr too) and its exit
 * status where that is not 0. `program` stands for the first word.
 */
export async function showCommand(
  argv: readonly string[],
  program: string,
  { shownLines = 40, around = [] }: How = {},
): Promise<Shown> {
  console.log(`$ ${argv.map(shellWord).join(" ")}`);
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
  return { code, stdout };
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
