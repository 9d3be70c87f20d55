import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { makeCgroup } from "./cgroup.ts";
import { command, type CommandOptions, type Ended, mustRun } from "./command.ts";
import { firstLine } from "../basics/first-line.ts";
import { holdNamespaces, type Namespaces } from "./namespaces.ts";

/**
 * Namespaces (network, mounts, processes, IPC, host name) of the bench's own, in which everything
 * else of it lives: the VPC, its daemons, and the machines.
 */
export interface Sandbox {
  /** Process id, as this machine counts, of the process that everything hangs off. */
  readonly pid: number;
  /** A folder that the bench and the test both see; goes with the bench. */
  readonly folder: string;
  /** A folder on a tmpfs that only processes of the bench see. */
  readonly scratch: string;
  readonly cgroup: string;
  /** An argv that runs a command in all of the bench's namespaces. */
  readonly enter: (argv: readonly string[]) => readonly string[];
  /** An argv that runs a command in the bench's network only: quick, for what ends by itself. */
  readonly enterNetwork: (argv: readonly string[]) => readonly string[];
  readonly namespaces: Namespaces;
  readonly run: (argv: readonly string[], options?: CommandOptions) => Promise<string>;
  readonly try: (argv: readonly string[], options?: CommandOptions) => Promise<Ended>;
  /** Ends every process of the bench; returns when namespaces, mounts and cgroups are gone. */
  readonly stop: () => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/**
 * The first process of the bench. It lives as long as its stdin, whose other end the test holds:
 * whatever way the test ends, the kernel closes that end, this process ends, and the kernel kills
 * all others of its process namespace, and of those nested in it.
 * https://man7.org/linux/man-pages/man7/pid_namespaces.7.html
 *
 * In /proc/self/stat the kernel gives a process's number as the namespace counts that mounted /proc:
 * here the machine's own. It stays mounted, since the number of a machine's PID 1 is read there too.
 */
const firstProcess = `
set -eu
read -r pid _ </proc/self/stat
mount -t tmpfs -o mode=0700 tmpfs "$1"
ip link set lo up
echo "$pid"
exec >/dev/null
cat >/dev/null || true
`;

/**
 * Outside of the namespaces, so that it is there when they are gone: takes away what the kernel
 * leaves. SIGINT and SIGTERM are not for it: the end of the test is its signal.
 */
const lastProcess = `
trap '' HUP INT TERM
folder=$1 cgroup=$2; shift 2
"$@"
rm -rf --one-file-system "$folder"
find "$cgroup" -depth -type d -exec rmdir {} \\;
`;

const namespaces = ["--mount", "--net", "--pid", "--ipc", "--uts"] as const;

/** Makes the namespaces. Throws where they are not private. */
export async function startSandbox(): Promise<Sandbox> {
  const folder = mkdtempSync(join(tmpdir(), "ec2nic-bench-"));
  const scratch = join(folder, "scratch");
  await mustRun(["mkdir", scratch]);
  const cgroup = makeCgroup(basename(folder).slice(-6));
  const unshare = ["unshare", ...namespaces, "--propagation=private", "--fork", "--kill-child"];
  const first = [...unshare, "--", "sh", "-c", firstProcess, "ec2nic-bench", scratch];
  const last = ["sh", "-c", lastProcess, "ec2nic-bench", folder, cgroup, ...first];
  const child = Bun.spawn(last, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const end = async (): Promise<void> => {
    await child.stdin.end();
    await child.exited;
  };
  try {
    const pid = Number(await firstLine(child.stdout, "the bench's first process"));
    return createSandbox({ pid, folder, scratch, cgroup }, end);
  } catch (error) {
    await end();
    throw error;
  }
}

function createSandbox(
  facts: Pick<Sandbox, "pid" | "folder" | "scratch" | "cgroup">,
  end: () => Promise<void>,
): Sandbox {
  const openNamespaces = holdNamespaces(facts.pid, ["mnt", "net", "pid", "ipc", "uts"], null);
  const enterNetwork = (argv: readonly string[]): readonly string[] =>
    openNamespaces.enter(argv, ["net"]);
  const stop = async (): Promise<void> => {
    openNamespaces.close();
    await end();
  };
  return {
    ...facts,
    namespaces: openNamespaces,
    enter: (argv) => openNamespaces.enter(argv),
    enterNetwork,
    run: (argv, options) => mustRun(enterNetwork(argv), options),
    try: (argv, options) => command(enterNetwork(argv), options),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
