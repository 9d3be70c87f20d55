import { sandboxEnvironment } from "../command.ts";
import type { Machine } from "../machine.ts";

/** A run of the binary in a machine. */
export interface RunInMachine {
  readonly argv: readonly string[];
  /** 137: it was killed. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
}

/** Starts several runs at the same moment, as udev's units do; returns the results in order. */
export async function runsAtOnce(
  machine: Pick<Machine, "enter">,
  argvs: readonly (readonly string[])[],
): Promise<readonly RunInMachine[]> {
  const started = argvs.map((argv) => startHeld(machine, argv));
  await Promise.all(started.map(({ ready }) => ready));
  return Promise.all(started.map(({ go }) => go()));
}

/** Entering a machine takes longer than the first steps of a run, so each waits inside for `go`. */
function startHeld({ enter }: Pick<Machine, "enter">, argv: readonly string[]) {
  const held = ["sh", "-c", 'echo >&2; read -r _; exec "$@"', "sh", ...argv];
  const child = Bun.spawn([...enter(held)], {
    env: sandboxEnvironment,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const reader = child.stderr.getReader();
  const ready = reader.read();
  const go = async (): Promise<RunInMachine> => {
    const startMs = performance.now();
    await child.stdin.write("\n");
    await child.stdin.end();
    const [stdout, stderr, code] = [child.stdout.text(), restOf(reader), await child.exited];
    const elapsedMs = Math.round(performance.now() - startMs);
    return { argv, code, stdout: await stdout, stderr: await stderr, elapsedMs };
  };
  return { ready, go };
}

interface Reader {
  readonly read: () => Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
}

async function restOf(reader: Reader): Promise<string> {
  const decoder = new TextDecoder();
  const parts: string[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return parts.join("");
    parts.push(decoder.decode(value, { stream: true }));
  }
}

/** How often the runs ran each command: `running CMD (…)` in their verbose logs. */
export function stepsRun(
  runs: readonly Pick<RunInMachine, "stderr">[],
): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { stderr } of runs) {
    for (const [, argv = ""] of stderr.matchAll(/running (.+?) \(/g)) {
      const name = nameOf(argv);
      counts[name] = (counts[name] ?? 0) + 1;
    }
  }
  return counts;
}

/** The command without the names of its objects. */
function nameOf(argv: string): string {
  const words = argv.split(" ").filter((word) => !word.startsWith("-") && !/^[/\d]/.test(word));
  return words.slice(0, words[0] === "ip" ? 3 : words[0] === "nmcli" ? 3 : 2).join(" ");
}
