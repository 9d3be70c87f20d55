import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { makeCgroup, sandboxPrefix } from "./cgroup.ts";
import { command, type CommandOptions, type Ended, mustRun } from "./command.ts";
import { firstLine } from "../basics/first-line.ts";
import { holdNamespaces, type Namespaces } from "./namespaces.ts";

/**
 * Separate namespaces (network, mounts, processes, IPC, host name) in which the VPC, its daemons and
 * the machines of a test run.
 */
export interface Sandbox {
  /** The process id of its first process, in the namespace of this machine. */
  readonly pid: number;
  /** A folder that the sandbox and the test both see; removed with the sandbox. */
  readonly folder: string;
  /** A folder on a tmpfs that only processes of the sandbox see. */
  readonly scratch: string;
  readonly cgroup: string;
  /** An argv that runs a command in all namespaces of the sandbox. */
  readonly enter: (argv: readonly string[]) => readonly string[];
  /** An argv that runs a command in the network of the sandbox only; faster, for commands that end by themselves. */
  readonly enterNetwork: (argv: readonly string[]) => readonly string[];
  readonly namespaces: Namespaces;
  readonly run: (argv: readonly string[], options?: CommandOptions) => Promise<string>;
  readonly try: (argv: readonly string[], options?: CommandOptions) => Promise<Ended>;
  /** Ends every process of the sandbox; returns when namespaces, mounts and cgroups are gone. */
  readonly stop: () => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/**
 * The first process of the sandbox. It runs until its stdin is closed, whose other end the test has:
 * when the test ends for any reason, the kernel closes that end, this process ends, and the kernel
 * kills all other processes of its process namespace and of nested ones.
 * https://man7.org/linux/man-pages/man7/pid_namespaces.7.html
 *
 * /proc/self/stat has the process id in the namespace that mounted /proc: here that of this machine.
 * It stays mounted, since the process id of a machine's PID 1 is read there, too.
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
 * It runs outside of the namespaces, so that it still runs when they are gone, and removes what the
 * kernel leaves. It ignores SIGINT and SIGTERM: it ends after the test.
 */
const lastProcess = `
trap '' HUP INT TERM
folder=$1 cgroup=$2; shift 2
"$@"
rm -rf --one-file-system "$folder"
find "$cgroup" -depth -type d -exec rmdir {} \\;
`;

const namespaces = ["--mount", "--net", "--pid", "--ipc", "--uts"] as const;

/** Creates the namespaces. Throws where they are not private. */
export async function startSandbox(): Promise<Sandbox> {
  const folder = mkdtempSync(join(tmpdir(), `${sandboxPrefix}${process.pid}-`));
  const scratch = join(folder, "scratch");
  await mustRun(["mkdir", scratch]);
  const cgroup = makeCgroup(basename(folder).slice(-6));
  const unshare = ["unshare", ...namespaces, "--propagation=private", "--fork", "--kill-child"];
  const first = [...unshare, "--", "sh", "-c", firstProcess, "ec2nic-sandbox", scratch];
  const last = ["sh", "-c", lastProcess, "ec2nic-sandbox", folder, cgroup, ...first];
  const child = Bun.spawn(last, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const end = async (): Promise<void> => {
    await child.stdin.end();
    await child.exited;
  };
  try {
    const pid = Number(await firstLine(child.stdout, "the first process of the sandbox"));
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
