import { existsSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { guardEndpoints } from "./endpoint-guard.ts";

export const repository = join(import.meta.dir, "../../..");
export const binary = join(repository, "dist/ec2nic");

const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface RunOptions {
  readonly args: readonly string[];
  /** The whole environment beside PATH, which it may set too; nothing is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Default: none (/dev/null). */
  readonly stdin?: string | Uint8Array;
  /** Whether the run has its own network namespace, which is empty. */
  readonly namespace?: boolean;
  /**
   * A command that runs the binary: `["sh", "-c", 'eval "$("$@")"', "sh"]`. The binary and its
   * arguments follow as the last arguments, so that `args` has what is checked.
   */
  readonly around?: readonly string[];
}

export interface RunResult {
  /** As a shell reports it: 128 + n for an uncaught signal. */
  readonly code: number;
  readonly stdout: Uint8Array;
  /** stdout as UTF-8. */
  readonly text: string;
  readonly stderr: string;
  readonly elapsedMs: number;
}

export interface Running {
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly pid: number;
  /** What it has written to stdout and stderr so far. */
  readonly output: () => string;
  /** The exit status; `result` comes later where a child process still has stdout. */
  readonly exited: Promise<number>;
  readonly result: Promise<RunResult>;
}

/** Kills a run that hangs, so that it fails and does not stop the suite: before `testLimitMs`. */
const longestRunMs = 100_000;

/** Runs the built ec2nic to its end. Throws where it could ask the real IMDS. */
export function runEc2nic(options: RunOptions): Promise<RunResult> {
  return startEc2nic(options).result;
}

/** Starts the built ec2nic. Throws where it could ask the real IMDS. */
export function startEc2nic(options: RunOptions): Running {
  const { args, env = {}, namespace = false, around = [], stdin } = options;
  guardEndpoints({ args, env, namespace });
  if (!existsSync(binary)) throw new Error("dist/ec2nic does not exist: run make build");
  const startMs = performance.now();
  const child = Bun.spawn([...(namespace ? ownNetwork() : []), ...around, binary, ...args], {
    env: { PATH: path, ...env },
    stdin: stdin === undefined ? "ignore" : Buffer.from(stdin),
    stdout: "pipe",
    stderr: "pipe",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  let output = "";
  const onText = (text: string): void => void (output += text);
  return {
    pid: child.pid,
    kill: (signal) => child.kill(signal),
    output: () => output,
    exited: child.exited,
    result: finish(child, startMs, onText),
  };
}

async function finish(
  child: Bun.Subprocess<"ignore" | Buffer, "pipe", "pipe">,
  startMs: number,
  onText: (text: string) => void,
): Promise<RunResult> {
  const timer = setTimeout(() => child.kill("SIGKILL"), longestRunMs);
  const [stdout, stderr] = await Promise.all([
    readAll(child.stdout, onText),
    readAll(child.stderr, onText),
  ]);
  await child.exited;
  clearTimeout(timer);
  const elapsedMs = performance.now() - startMs;
  const { signalCode, exitCode } = child;
  const code = signalCode === null ? (exitCode ?? 0) : 128 + numberOf(signalCode);
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, stdout, text: decode(stdout), stderr: decode(stderr), elapsedMs };
}

/** Reads a stream to its end; `onText` gets each part of it as soon as it arrives. */
async function readAll(
  stream: ReadableStream<Uint8Array>,
  onText: (text: string) => void,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    chunks.push(chunk);
    onText(decoder.decode(chunk, { stream: true }));
  }
  return Buffer.concat(chunks);
}

function numberOf(signal: NodeJS.Signals | number): number {
  return typeof signal === "number" ? signal : constants.signals[signal];
}

function ownNetwork(): readonly string[] {
  const isRoot = process.getuid?.() === 0;
  return isRoot ? ["unshare", "--net"] : ["unshare", "--user", "--map-root-user", "--net"];
}
