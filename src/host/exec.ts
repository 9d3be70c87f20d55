import { constants } from "node:os";
import { isatty } from "node:tty";
import { Failure } from "../exit.ts";
import type { ExecOptions, ExecResult } from "./host.ts";

/**
 * Runs a command and waits for it. Codes as a shell gives them: 127 not found, 126 not
 * executable, 128 + n ended by signal n. Throws `OSERR` where the kernel refuses to start it.
 */
export async function exec(
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const stdio = options.stdio === "inherit" ? "inherit" : "pipe";
  let child: ReturnType<typeof start> | null = null;
  // before it starts: a signal in between would end us and leave the command alone
  const hand = (signal: NodeJS.Signals): void => {
    if (child !== null && typeof child === "object") child.kill(signal);
  };
  const stopForwarding = stdio === "inherit" ? forwardSignals(hand) : () => undefined;
  child = start(argv, options, stdio);
  if (typeof child === "number") return { code: child, stdout: "", stderr: "" };
  const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  await child.exited;
  stopForwarding();
  return { code: statusOf(child), stdout, stderr };
}

function start(argv: readonly string[], options: ExecOptions, stdio: "inherit" | "pipe") {
  try {
    return Bun.spawn([...argv], {
      stdin: stdio === "inherit" ? "inherit" : "ignore",
      stdout: stdio,
      stderr: stdio,
      env: { ...process.env, ...options.env },
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : "";
    if (code === "ENOENT") return 127;
    if (code === "EACCES" || code === "ENOEXEC") return 126;
    throw new Failure("OSERR", `${argv[0]}: could not be started: ${String(cause)}`, { cause });
  }
}

/**
 * What ends us ends the command, and its status is then ours. Ctrl-C reaches it without our help:
 * the terminal sends it to the whole foreground group, and twice would be once too often.
 */
function forwardSignals(forward: (signal: NodeJS.Signals) => void): () => void {
  const signals = (["SIGTERM", "SIGHUP", "SIGINT"] as const).filter(
    (signal) => signal !== "SIGINT" || !isatty(0),
  );
  for (const signal of signals) process.on(signal, forward);
  return () => {
    for (const signal of signals) process.off(signal, forward);
  };
}

async function textOf(stream: unknown): Promise<string> {
  return stream instanceof ReadableStream ? new Response(stream).text() : "";
}

function statusOf(child: Bun.Subprocess): number {
  if (child.signalCode !== null) return 128 + numberOf(child.signalCode);
  return child.exitCode ?? 1;
}

function numberOf(signal: NodeJS.Signals | number): number {
  return typeof signal === "number" ? signal : constants.signals[signal];
}
