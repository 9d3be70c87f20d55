/** How a command ended. */
export interface Ended {
  /** 137: it was killed, at its time limit or by a test. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** Default: none (/dev/null). */
  readonly stdin?: string | Uint8Array;
  /** Default `defaultLimitMs`; then the command is killed. */
  readonly timeoutMs?: number;
  /** Default: `sandboxEnvironment`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Ends a command that hangs: ten times what the slowest one needs on a machine without other work. */
export const defaultLimitMs = 200_000;

/** The whole environment of commands in a sandbox: they inherit nothing from the test. */
export const sandboxEnvironment = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  LANG: "C.UTF-8",
} as const;

/** Runs a command to its end. */
export async function command(
  argv: readonly string[],
  { stdin, timeoutMs = defaultLimitMs, env = sandboxEnvironment }: CommandOptions = {},
): Promise<Ended> {
  const child = Bun.spawn([...argv], {
    env,
    stdin: stdin === undefined ? "ignore" : Buffer.from(stdin),
    stdout: "pipe",
    stderr: "pipe",
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  await child.exited;
  clearTimeout(timer);
  return { code: child.exitCode ?? 137, stdout, stderr };
}

/** Runs a command and returns its stdout. Throws with its output where it fails. */
export async function mustRun(
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await command(argv, options);
  if (code === 0) return stdout;
  const output = (stderr.trim() || stdout.trim()).slice(0, 2000);
  throw new Error(`${argv.join(" ")} ended with ${code}: ${output}`);
}
