import { readlinkSync } from "node:fs";

/** A network and mount namespace, for as long as it is used. */
export interface HeldNamespace extends AsyncDisposable {
  readonly pid: number;
  /** Runs a command in it, when put in front. */
  readonly argv: readonly string[];
  /** Runs a shell script in it; throws with what it said when it fails. */
  readonly shell: (script: string) => Promise<string>;
}

/** `mounts`: commands for its own mounts, before anything else runs there. */
export async function heldNamespace(mounts: readonly string[]): Promise<HeldNamespace> {
  const script = ["set -e", ...mounts, "echo here", "exec cat"].join("; ");
  // it holds the namespaces, and ends when its stdin does: with this process, too
  const holder = Bun.spawn(["unshare", "--net", "--mount", "--", "sh", "-c", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const first = await holder.stdout.getReader().read();
  const space = `/proc/${holder.pid}/ns/net`;
  if (first.done || readlinkSync(space) === readlinkSync("/proc/self/ns/net")) {
    throw new Error("unshare --net did not take effect");
  }
  // in a chroot, a mount namespace that is entered without --root is the whole machine's
  const spaces = ["--net", "--mount", "--root", "--wd"];
  const argv = ["nsenter", "--target", String(holder.pid), ...spaces, "--"];
  const shell = async (text: string): Promise<string> => {
    const child = Bun.spawn([...argv, "sh", "-ec", text], { stdio: ["ignore", "pipe", "pipe"] });
    const texts = [child.stdout, child.stderr].map((stream) => new Response(stream).text());
    const [stdout = "", stderr = ""] = await Promise.all(texts);
    if ((await child.exited) !== 0) throw new Error(`${text}: ${stderr.trim()}`);
    return stdout;
  };
  const dispose = async () => {
    await holder.stdin.end();
    await holder.exited;
  };
  return { pid: holder.pid, argv, shell, [Symbol.asyncDispose]: dispose };
}
