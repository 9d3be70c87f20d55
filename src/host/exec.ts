import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { Failure } from "../exit.ts";
import type { ExecOptions, ExecResult } from "./host.ts";

const pipeGraceMs = 500;

/**
 * Runs a command and waits for it. Codes as a shell gives them: 127 not found, 126 not
 * executable, 128 + n ended by signal n. Throws `OSERR` where the kernel refuses to start it.
 */
export async function exec(
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const stdio = options.stdio === "inherit" ? "inherit" : "pipe";
  let child: ReturnType<typeof startChild> | null = null;
  // before it starts: a signal in between would end us and leave the command alone
  const onSignal = (signal: NodeJS.Signals): void => {
    if (child !== null && typeof child === "object") child.kill(signal);
  };
  const stopForwarding = stdio === "inherit" ? forwardSignals(onSignal) : () => undefined;
  child = startChild(argv, options, stdio);
  if (typeof child === "number") {
    return { code: child, isStarted: false, stdout: "", stderr: "" };
  }
  options.onStart?.(child.pid);
  // a grandchild may hold the pipes open long after the command has ended, or was ended
  const afterGrace = child.exited.then(() => Bun.sleep(pipeGraceMs)).then(() => "");
  const read = (stream: unknown): Promise<string> => readText(stream, options.onText);
  const texts = [child.stdout, child.stderr].map((stream) =>
    Promise.race([read(stream), afterGrace]),
  );
  const [stdout = "", stderr = ""] = await Promise.all(texts);
  await child.exited;
  stopForwarding();
  return { code: exitStatus(child), isStarted: true, stdout, stderr };
}

function startChild(argv: readonly string[], options: ExecOptions, stdio: "inherit" | "pipe") {
  try {
    return Bun.spawn([...argv], {
      stdin: stdio === "inherit" ? "inherit" : "ignore",
      stdout: stdio,
      stderr: stdio,
      env: { ...process.env, ...options.env },
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : "";
    if (code === "ENOENT") return 127;
    if (code === "EACCES" || code === "ENOEXEC") return 126;
    throw new Failure("OSERR", `${argv[0]}: could not be started: ${String(cause)}`, { cause });
  }
}

const forwardedSignals = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2"] as const;

/**
 * What is sent to us is meant for the command, and its status is then ours. What is typed on a
 * terminal (Ctrl-C, Ctrl-\\) reaches the command without our help, for the terminal sends it to the
 * whole foreground group; twice would be once too often.
 */
function forwardSignals(forward: (signal: NodeJS.Signals) => void): () => void {
  const terminalSignals = isForeground() ? ["SIGINT", "SIGQUIT"] : [];
  const onSignal = (signal: NodeJS.Signals): void => {
    if (!terminalSignals.includes(signal)) forward(signal);
  };
  for (const signal of forwardedSignals) process.on(signal, onSignal);
  return () => {
    for (const signal of forwardedSignals) process.off(signal, onSignal);
  };
}

/** Our process group is the terminal's foreground group: fields 5 and 8 of proc_pid_stat(5). */
function isForeground(): boolean {
  try {
    const fields = readFileSync("/proc/self/stat", "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return fields[2] === fields[5];
  } catch {
    return false; // no /proc
  }
}

async function readText(stream: unknown, onText: ExecOptions["onText"]): Promise<string> {
  if (!(stream instanceof ReadableStream)) return "";
  if (onText === undefined) return new Response(stream).text();
  const decoder = new TextDecoder();
  let all = "";
  for await (const chunk of stream) {
    const text = decoder.decode(chunk, { stream: true });
    all += text;
    onText(text);
  }
  return all;
}

function exitStatus(child: Bun.Subprocess): number {
  if (child.signalCode !== null) return 128 + signalNumber(child.signalCode);
  return child.exitCode ?? 1;
}

function signalNumber(signal: NodeJS.Signals | number): number {
  return typeof signal === "number" ? signal : constants.signals[signal];
}
