import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { errorMessage, Failure } from "../exit.ts";
import { parseProcStat } from "../model/text.ts";
import { errorCode } from "./errors.ts";
import type { Exec, ExecOptions } from "./host.ts";

/** How long output is still read after the command has ended. */
const pipeGraceMs = 500;

/**
 * Runs a command and waits for its end. `code` is that of a shell: 127 if the command is not found,
 * 126 if it is not executable, 128 + n if signal n ended it. Throws `OSERR` if the kernel refuses
 * to start the command for another reason.
 */
export const exec: Exec = async (argv, options = {}) => {
  const stdio = options.stdio === "inherit" ? "inherit" : "pipe";
  let child: ReturnType<typeof startChild> | null = null;
  // before the start, because a signal without a handler would end only this process
  const onSignal = (signal: NodeJS.Signals): void => {
    if (child !== null && typeof child === "object") child.kill(signal);
  };
  const stopForwarding = stdio === "inherit" ? forwardSignals(onSignal) : () => undefined;
  child = startChild(argv, options, stdio);
  if (typeof child === "number") {
    return { code: child, isStarted: false, stdout: "", stderr: "" };
  }
  options.onStart?.(child.pid);
  // a grandchild can hold the pipes open long after the command has ended
  const afterGrace = child.exited.then(() => Bun.sleep(pipeGraceMs)).then(() => "");
  const texts = [child.stdout, child.stderr].map((stream) =>
    Promise.race([readText(stream, options.onText), afterGrace]),
  );
  const [stdout = "", stderr = ""] = await Promise.all(texts);
  await child.exited;
  stopForwarding();
  return { code: exitStatus(child), isStarted: true, stdout, stderr };
};

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
    const code = errorCode(cause);
    if (code === "ENOENT") return 127;
    if (code === "EACCES" || code === "ENOEXEC") return 126;
    const message = `${argv[0]}: could not be started: ${errorMessage(cause)}`;
    throw new Failure("OSERR", message, { cause });
  }
}

const forwardedSignals = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2"] as const;

/**
 * Forwards the signals of this process to the command; this process then exits with its status.
 * Ctrl-C and Ctrl-\ on a terminal are not forwarded, because the terminal sends them to its whole
 * foreground process group, and the command would get them twice.
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

/** Whether our process group (field 5) is the terminal's foreground group (field 8). */
function isForeground(): boolean {
  try {
    const field = parseProcStat(readFileSync("/proc/self/stat", "utf8"));
    return field(5) === field(8);
  } catch {
    return false; // /proc is not mounted
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

function exitStatus({ signalCode, exitCode }: Bun.Subprocess): number {
  if (signalCode === null) return exitCode ?? 1;
  return 128 + (typeof signalCode === "number" ? signalCode : constants.signals[signalCode]);
}
