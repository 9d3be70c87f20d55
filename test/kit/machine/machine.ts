import { existsSync } from "node:fs";
import { binary as builtBinary } from "../program/run-ec2nic.ts";
import type { Sandbox } from "./sandbox.ts";
import { bootScript } from "./boot-script.ts";
import { cgroupName, isEmptyCgroup, killCgroup, removeCgroup } from "./cgroup.ts";
import { command, type CommandOptions, defaultLimitMs, type Ended } from "./command.ts";
import { createMachineCommands, type MachineCommands } from "./machine-commands.ts";
import { firstLine } from "../basics/first-line.ts";
import { holdNamespaces, namespaceKinds, type Namespaces } from "./namespaces.ts";
import { prepare, type Preparation, writeFiles } from "./prepare.ts";
import { rootFileSystem, type Suite } from "./root-file-system.ts";
import { until } from "../basics/until.ts";

export interface MachineOptions extends Preparation {
  /** Default: bookworm. */
  readonly suite?: Suite;
  /** Packages besides those of every machine. */
  readonly packages?: readonly string[];
  /** Becomes /usr/local/bin/ec2nic; default: dist/ec2nic where it is built; null: none. */
  readonly binary?: string | null;
  /** Called when the network of the machine exists and nothing runs in it yet: to add NICs. */
  readonly beforeBoot?: (machine: Machine) => Promise<void>;
  /** The disk of a stopped machine, with what it wrote; only `files` are added. */
  readonly disk?: string;
  /** Default true; false: returns when systemd is started, before it has booted. */
  readonly awaitBoot?: boolean;
}

/** A Debian with systemd as PID 1, in its own namespaces and with its own root file system. */
export interface Machine extends MachineCommands {
  /** The process id of its PID 1 in the namespace of this computer. */
  readonly pid: number;
  /** From the start of systemd until the boot was complete. */
  readonly bootMs: number;
  /** Its writable layer, for a later machine in the same sandbox. */
  readonly disk: string;
  /** An argv that runs a command in it, with stdin, stdout and stderr. */
  readonly enter: (argv: readonly string[]) => readonly string[];
  /** An argv that runs a program of the machine in the network of the VPC. */
  readonly enterNetworkOf: (sandbox: Sandbox, argv: readonly string[]) => readonly string[];
  readonly execInNetworkOf: (
    sandbox: Sandbox,
    argv: readonly string[],
    options?: CommandOptions,
  ) => Promise<Ended>;
  /** Kills it, like a power cut; returns when all its processes have ended. */
  readonly stop: () => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/**
 * Runs before each command: it checks for a file that only the root of a test machine has, and moves
 * the command into a control group beside systemd's, as a login session has one.
 */
const isMachine = `
[ -e /.ec2nic-machine ] || { echo "this is not a test machine: refused" >&2; exit 125; }
exec "$@"
`;

const inside = `
[ -e /.ec2nic-machine ] || { echo "this is not a test machine: refused" >&2; exit 125; }
[ -d /sys/fs/cgroup/exec ] || mkdir -p /sys/fs/cgroup/exec
echo 0 >/sys/fs/cgroup/exec/cgroup.procs
exec "$@"
`;

const unshare = [
  "unshare",
  "--mount",
  "--net",
  "--pid",
  "--ipc",
  "--uts",
  "--cgroup",
  "--propagation=private",
  "--fork",
  "--kill-child",
  "--",
] as const;

/** How long it may take to enter a machine, beside the limit of the command that runs there. */
const enterLimitMs = 60_000;

let machines = 0;

/** Boots a machine in the sandbox. Its NICs are those that `beforeBoot` adds. */
export async function startMachine(
  sandbox: Sandbox,
  options: MachineOptions = {},
): Promise<Machine> {
  const root = await rootFileSystem(options.suite ?? "bookworm", options.packages);
  const binary = options.binary === undefined ? builtBinaryIfThere() : options.binary;
  machines += 1;
  const name = options.disk ?? `machine-${machines}`;
  const join = 'mkdir -p "$1" && echo 0 >"$1/cgroup.procs" && shift && exec "$@"';
  const cgroup = `${sandbox.cgroup}/${name}`;
  const layer = `${sandbox.scratch}/${name}`;
  const boot = ["sh", "-c", bootScript, name, root, layer, binary ?? ""];
  const joined = ["sh", "-c", join, "sh", cgroup, ...unshare, ...boot];
  const child = Bun.spawn([...sandbox.enter(joined)], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: Bun.file(`${sandbox.folder}/${name}.log`),
  });
  const end = async (): Promise<void> => {
    killCgroup(cgroup);
    await child.exited;
    // Its PID 1 is killed together with the process that waits for it, and may end a little later.
    await until(`${cgroup} is empty`, () => isEmptyCgroup(cgroup));
    removeCgroup(cgroup);
  };
  try {
    const pid = Number(await firstLine(child.stdout, name));
    const held = holdNamespaces(pid, namespaceKinds, cgroupName(cgroup));
    const made = { ...createMachine(pid, held, end), disk: name };
    if (options.disk === undefined) await prepare(made, options);
    else await writeFiles(made, options.files ?? {});
    await options.beforeBoot?.(made);
    const startMs = performance.now();
    await child.stdin.write("go\n");
    await child.stdin.end();
    if (options.awaitBoot !== false) await untilBooted(made);
    return { ...made, bootMs: performance.now() - startMs };
  } catch (error) {
    const log = await Bun.file(`${sandbox.folder}/${name}.log`).text();
    await end();
    throw new Error(`${name} did not boot: ${log}`, { cause: error });
  }
}

function createMachine(
  pid: number,
  held: Namespaces,
  end: () => Promise<void>,
): Omit<Machine, "disk"> {
  const enter = (argv: readonly string[]): readonly string[] =>
    held.enter(["sh", "-c", inside, "sh", ...argv]);
  const stop = async (): Promise<void> => {
    held.close();
    await end();
  };
  const enterNetworkOf: Machine["enterNetworkOf"] = ({ namespaces }, argv) => {
    const both = [...held.options(["mnt"]), ...namespaces.options(["net", "pid"])];
    return ["nsenter", ...both, "--", "sh", "-c", isMachine, "sh", ...argv];
  };
  const limited = (
    wrap: (argv: readonly string[]) => readonly string[],
    argv: readonly string[],
    options: CommandOptions,
  ): Promise<Ended> => {
    const { timeoutMs = defaultLimitMs } = options;
    const timed = ["timeout", "--signal=KILL", String(timeoutMs / 1000), ...argv];
    return command(wrap(timed), { ...options, timeoutMs: timeoutMs + enterLimitMs });
  };
  return {
    pid,
    bootMs: 0,
    enter,
    enterNetworkOf,
    execInNetworkOf: (sandbox, argv, options = {}) =>
      limited((timed) => enterNetworkOf(sandbox, timed), argv, options),
    ...createMachineCommands((argv, options = {}) => limited(enter, argv, options)),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Ten times what the slowest boot needs; a unit that waits for a device (90 s) is seen by `bootMs`. */
const bootLimitMs = 120_000;

/** Waits until systemd is `running`, or `degraded` where a unit failed. */
async function untilBooted(machine: Machine): Promise<void> {
  const look = async (): Promise<boolean> => {
    const { stdout, stderr } = await machine.systemctl("is-system-running");
    if (/^(?:running|degraded)/.test(stdout)) return true;
    throw new Error(`systemctl is-system-running: ${stdout.trim()} ${stderr.trim()}`);
  };
  await until("the machine has booted", look, bootLimitMs);
}

function builtBinaryIfThere(): string | null {
  return existsSync(builtBinary) ? builtBinary : null;
}
