import { existsSync } from "node:fs";
import { until } from "../basics/until.ts";

export interface ShellInput {
  /** The interactive shell; it runs on its own terminal. */
  readonly shell: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** The inputs; each is typed after the shell has written its result for the one before. */
  readonly keys: readonly string[];
  /** The file with the results, each ended by a line of `mark`. */
  readonly out: string;
}

export const mark = "=";
const prompt = "READY>";

/** Sets the prompt that is awaited. The backslash keeps this text itself from looking like the prompt. */
export const setPrompt = `PS1=READY\\>`;

/** The lines that the shell wrote for each input. Throws where one takes longer than a minute. */
export async function typeIntoShell(typing: ShellInput): Promise<readonly (readonly string[])[]> {
  const { shell, cwd, env, keys, out } = typing;
  const child = Bun.spawn(["script", "-qec", shell, "/dev/null"], {
    cwd,
    env: { PATH: process.env["PATH"], TERM: "dumb", LANG: "C.UTF-8", ...env },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  let shown = "";
  const reading = (async () => {
    for await (const chunk of child.stdout) shown += new TextDecoder().decode(chunk);
  })();
  try {
    const isPrompted = () => shown.includes(prompt);
    await until(`${shell} prompts`, isPrompted).catch((error: unknown) => explain(error, shown));
    for (const [at, each] of keys.entries()) {
      void child.stdin.write(each);
      await child.stdin.flush();
      const isAnswered = async () => (await answers(out)).length > at;
      await until(each, isAnswered).catch((error: unknown) => explain(error, shown));
    }
    return await answers(out);
  } finally {
    child.kill("SIGKILL");
    await Promise.all([child.exited, reading]);
  }
}

async function answers(out: string): Promise<readonly (readonly string[])[]> {
  const text = existsSync(out) ? await Bun.file(out).text() : "";
  const parts = text.split(`${mark}\n`).slice(0, -1);
  return parts.map((part) => part.split("\n").filter((line) => line !== ""));
}

function explain(error: unknown, shown: string): never {
  throw new Error(`the shell has shown ${JSON.stringify(shown)}`, { cause: error });
}
