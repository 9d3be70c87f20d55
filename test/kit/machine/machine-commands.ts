import type { CommandOptions, Ended } from "./command.ts";
import { until } from "../basics/until.ts";

/** Operations on a machine that run commands in it. */
export interface MachineCommands {
  /** Runs a command in it. At its time limit the command is killed: 137. */
  readonly exec: (argv: readonly string[], options?: CommandOptions) => Promise<Ended>;
  /** Runs a command and returns its stdout. Throws with its output where it fails. */
  readonly run: (argv: readonly string[], options?: CommandOptions) => Promise<string>;
  readonly systemctl: (...args: readonly string[]) => Promise<Ended>;
  /** Writes a file by a rename, and creates the folders above it. Default mode: 0644. */
  readonly write: (path: string, content: string | Uint8Array, mode?: number) => Promise<void>;
  readonly read: (path: string) => Promise<string>;
  readonly remove: (...paths: readonly string[]) => Promise<void>;
  /** The output of `ip -json ARGS`. */
  readonly ip: (...args: readonly string[]) => Promise<unknown>;
  /** The journal of a unit, or all of it. */
  readonly journal: (unit?: string) => Promise<string>;
  readonly failedUnits: () => Promise<readonly string[]>;
  readonly until: typeof until;
}

export function createMachineCommands(exec: MachineCommands["exec"]): MachineCommands {
  const run = async (argv: readonly string[], options?: CommandOptions): Promise<string> => {
    const { code, stdout, stderr } = await exec(argv, options);
    if (code === 0) return stdout;
    throw new Error(`${argv.join(" ")} ended with ${code}: ${stderr.trim() || stdout.trim()}`);
  };
  return {
    exec,
    run,
    systemctl: (...args) => exec(["systemctl", ...args]),
    write: async (path, content, mode = 0o644) => {
      await run(["sh", "-c", writeScript, "sh", path, mode.toString(8)], { stdin: content });
    },
    read: (path) => run(["cat", path]),
    remove: async (...paths) => void (await run(["rm", "-f", ...paths])),
    ip: async (...args) => JSON.parse((await run(["ip", "-json", ...args])) || "[]"),
    journal: (unit) =>
      run(["journalctl", "--no-pager", "-o", "short-monotonic", ...(unit ? ["-u", unit] : [])]),
    failedUnits: async () => {
      const output = await run(["systemctl", "list-units", "--failed", "--plain", "--no-legend"]);
      return output.split("\n").flatMap((line) => line.split(" ")[0] || []);
    },
    until,
  };
}

const writeScript = `
set -eu
mkdir -p "$(dirname "$1")"
umask 077
cat >"$1.new"
chmod "$2" "$1.new"
mv "$1.new" "$1"
`;
