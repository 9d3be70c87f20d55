import { readFileSync } from "node:fs";
import type { Sandbox } from "./sandbox.ts";
import { sandboxEnvironment } from "./command.ts";
import { until } from "../basics/until.ts";

export interface DaemonOptions {
  readonly argv: readonly string[];
  readonly logFile: string;
  /** Whether it is ready, by its output so far. */
  readonly isUp: (output: string) => boolean;
  readonly stdin?: string;
}

/** Starts a program that ends with the sandbox; returns when it is up. */
export async function startDaemon(sandbox: Sandbox, options: DaemonOptions): Promise<void> {
  const { argv, logFile, isUp, stdin } = options;
  const log = Bun.file(logFile);
  await Bun.write(log, "");
  const child = Bun.spawn([...sandbox.enter(argv)], {
    env: sandboxEnvironment,
    stdin: stdin === undefined ? "ignore" : Buffer.from(stdin),
    stdout: log,
    stderr: log,
  });
  await until(`${argv[0]} is up`, () => {
    const output = readFileSync(logFile, "utf8");
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${output}`);
    return isUp(output);
  });
}
