import type { CommandOptions, Ended } from "./command.ts";
import { until } from "../basics/until.ts";

/** What can be done in a machine by running commands there, whatever the way to run them. */
export interface MachineCommands {
  /** Runs a command in it; killed there at its time limit: 137. */
  readonly exec: (argv: readonly string[], options?: CommandOptions) => Promise<Ended>;
  /** The same; gives stdout, and throws where the command fails. */
  readonly run: (argv: readonly string[], options?: CommandOptions) => Promise<string>;
  readonly systemctl: (...args: readonly string[]) => Promise<Ended>;
  /** Writes a file whole, with the folders above it. Default mode: 0644. */
  readonly write: (path: string, content: string | Uint8Array, mode?: number) => Promise<void>;
  readonly read: (path: string) => Promise<string>;
  readonly remove: (...paths: readonly string[]) => Promise<void>;
  /** What `ip -json ARGS` says. */
  readonly ip: (...args: readonly string[]) => Promise<unknown>;
  /** The journal, of a unit or whole. */
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
      const said = await run(["systemctl", "list-units", "--failed", "--plain", "--no-legend"]);
      return said.split("\n").flatMap((line) => line.split(" ")[0] || []);
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
