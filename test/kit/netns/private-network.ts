import { readlinkSync } from "node:fs";
import type { ExecResult } from "../../../src/host/host.ts";

/** A network namespace of its own, for as long as it is used: nothing in it reaches the machine's. */
export interface PrivateNetwork extends AsyncDisposable {
  /** Runs a command in it. */
  readonly exec: (argv: readonly string[]) => Promise<ExecResult>;
  /** Runs a command of words without blanks in it; throws with what it said when it fails. */
  readonly run: (command: string) => Promise<string>;
}

/** `await using network = await privateNetwork()`: it goes with the end of the block. */
export async function privateNetwork(): Promise<PrivateNetwork> {
  // It holds the namespace, and ends when its stdin does: with this process, too.
  const holder = Bun.spawn(["unshare", "--net", "sh", "-c", "echo here; exec cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const first = await holder.stdout.getReader().read();
  const space = `/proc/${holder.pid}/ns/net`;
  if (first.done || readlinkSync(space) === readlinkSync("/proc/self/ns/net")) {
    throw new Error("unshare --net did not take effect");
  }
  const exec = async (argv: readonly string[]): Promise<ExecResult> => {
    const child = Bun.spawn(["nsenter", `--net=${space}`, "--", ...argv], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const texts = [child.stdout, child.stderr].map((stream) => new Response(stream).text());
    const [stdout = "", stderr = ""] = await Promise.all(texts);
    return { code: await child.exited, isStarted: true, stdout, stderr };
  };
  const run = async (command: string) => {
    const { code, stdout, stderr } = await exec(command.split(" "));
    if (code !== 0) throw new Error(`${command}: ended with ${code}: ${stderr.trim()}`);
    return stdout;
  };
  const dispose = async () => {
    await holder.stdin.end();
    await holder.exited;
  };
  return { exec, run, [Symbol.asyncDispose]: dispose };
}
