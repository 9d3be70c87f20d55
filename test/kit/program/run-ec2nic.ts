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
  /** A network of its own, in which nothing is reachable that the run does not make there. */
  readonly namespace?: boolean;
  /**
   * A command that runs the binary: `["sh", "-c", 'eval "$("$@")"', "sh"]`. The binary and its
   * arguments follow as the last arguments, so that what is asked stays in `args`.
   */
  readonly around?: readonly string[];
}

export interface RunResult {
  /** As a shell reports it: 128 + n for a signal that nobody caught. */
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
  /** The exit status; `result` comes later where a child of its still holds stdout. */
  readonly exited: Promise<number>;
  readonly result: Promise<RunResult>;
}

/** No run of a test takes so long; one that hangs fails instead of stopping the suite. */
const longestRunMs = 18_000;

/** Runs the built ec2nic to its end. Throws where it could ask an IMDS that is not the test's. */
export function runEc2nic(options: RunOptions): Promise<RunResult> {
  return startEc2nic(options).result;
}

/** The same, for a run that something happens to before its end. */
export function startEc2nic(options: RunOptions): Running {
  const { args, env = {}, namespace = false, around = [], stdin } = options;
  guardEndpoints({ args, env, namespace });
  if (!existsSync(binary)) throw new Error("dist/ec2nic is not there: run bun scripts/build.ts");
  const startMs = performance.now();
  const child = Bun.spawn([...(namespace ? ownNetwork() : []), ...around, binary, ...args], {
    env: { PATH: path, ...env },
    stdin: stdin === undefined ? "ignore" : Buffer.from(stdin),
    stdout: "pipe",
    stderr: "pipe",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  return {
    pid: child.pid,
    kill: (signal) => child.kill(signal),
    exited: child.exited,
    result: finish(child, startMs),
  };
}

async function finish(
  child: Bun.Subprocess<"ignore" | Buffer, "pipe", "pipe">,
  startMs: number,
): Promise<RunResult> {
  const timer = setTimeout(() => child.kill("SIGKILL"), longestRunMs);
  const [stdout, stderr] = await Promise.all([child.stdout.bytes(), child.stderr.text()]);
  await child.exited;
  clearTimeout(timer);
  const elapsedMs = performance.now() - startMs;
  const { signalCode, exitCode } = child;
  const code = signalCode === null ? (exitCode ?? 0) : 128 + numberOf(signalCode);
  return { code, stdout, text: new TextDecoder().decode(stdout), stderr, elapsedMs };
}

function numberOf(signal: NodeJS.Signals | number): number {
  return typeof signal === "number" ? signal : constants.signals[signal];
}

function ownNetwork(): readonly string[] {
  const isRoot = process.getuid?.() === 0;
  return isRoot ? ["unshare", "--net"] : ["unshare", "--user", "--map-root-user", "--net"];
}
