import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { leftCgroups, sandboxPrefix } from "../cgroup.ts";
import { command } from "../command.ts";

/** What the sandboxes of a test could leave on this machine, to compare it before and after. */
export interface Leftovers {
  readonly links: string;
  readonly addresses: string;
  readonly rules: string;
  readonly mounts: readonly string[];
  readonly cgroups: readonly string[];
  readonly folders: readonly string[];
  /** Command lines of processes of sandboxes. */
  readonly processes: readonly string[];
}

/** `pid`: the process id of the test; other tests may run at the same time. */
export async function readLeftovers(pid = process.pid): Promise<Leftovers> {
  const own = `${sandboxPrefix}${pid}-`;
  const isOwn = (text: string): boolean => text.includes(own);
  const [links, addresses, rules] = await Promise.all(
    ["link", "address", "rule"].map(async (what) => (await command(["ip", "-brief", what])).stdout),
  );
  const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return {
    links: links ?? "",
    addresses: addresses ?? "",
    rules: rules ?? "",
    mounts: readFileSync("/proc/self/mountinfo", "utf8").split("\n").filter(isOwn),
    cgroups: leftCgroups().filter(isOwn),
    folders: readdirSync(tmpdir()).filter(isOwn),
    processes: processes.map(readCommandLine).filter(isOwn),
  };
}

/** The ids of the processes in a network namespace, `net:[4026532256]`. */
export function processesIn(network: string): readonly string[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && networkOf(name) === network);
}

/** Empty where the process has ended. */
function networkOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return "";
  }
}

function readCommandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}
