import { readlinkSync } from "node:fs";
import type { ExecResult } from "../../../src/host/host.ts";
import { firstLine } from "../basics/first-line.ts";

/**
 * A network and mount namespace that exists as long as it is used: nothing in it reaches the
 * machine's network.
 */
export interface HeldNamespace extends AsyncDisposable {
  readonly pid: number;
  /** Words before a command, which run the command in it. */
  readonly argv: readonly string[];
  /** Runs a command in it. */
  readonly exec: (argv: readonly string[]) => Promise<ExecResult>;
  /** Runs a command of words without blanks in it. Throws with its stderr where it fails. */
  readonly run: (command: string) => Promise<string>;
  /** Runs a shell script in it. Throws with its stderr where it fails. */
  readonly shell: (script: string) => Promise<string>;
}

/**
 * `await using network = await holdNamespace()`: it ends with the block. `mounts`: commands for its
 * own mounts, which run before everything else. Throws where the namespace is the machine's own.
 */
export async function holdNamespace(mounts: readonly string[] = []): Promise<HeldNamespace> {
  const script = ["set -e", ...mounts, "echo ready", "exec cat"].join("; ");
  // It holds the namespaces, and ends when its stdin is closed, at the latest with this process.
  const holder = Bun.spawn(["unshare", "--net", "--mount", "--", "sh", "-c", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await firstLine(holder.stdout, "unshare");
  if (readlinkSync(`/proc/${holder.pid}/ns/net`) === readlinkSync("/proc/self/ns/net")) {
    throw new Error("unshare --net did not take effect");
  }
  // In a chroot, nsenter without --root enters the mount namespace at the machine's own root.
  const spaces = ["--net", "--mount", "--root", "--wd"];
  const argv = ["nsenter", "--target", String(holder.pid), ...spaces, "--"];
  const exec = async (command: readonly string[]): Promise<ExecResult> => {
    const child = Bun.spawn([...argv, ...command], { stdio: ["ignore", "pipe", "pipe"] });
    const texts = [child.stdout, child.stderr].map((stream) => new Response(stream).text());
    const [stdout = "", stderr = ""] = await Promise.all(texts);
    return { code: await child.exited, isStarted: true, stdout, stderr };
  };
  const mustExec = async (command: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await exec(command);
    if (code === 0) return stdout;
    throw new Error(`${command.join(" ")}: ended with ${code}: ${stderr.trim()}`);
  };
  return {
    pid: holder.pid,
    argv,
    exec,
    run: (command) => mustExec(command.split(" ")),
    shell: (text) => mustExec(["sh", "-ec", text]),
    [Symbol.asyncDispose]: async () => {
      await holder.stdin.end();
      await holder.exited;
    },
  };
}
