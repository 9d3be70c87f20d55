import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Sandbox } from "../../machine/sandbox.ts";
import { mustRun } from "../../machine/command.ts";

/** All that a run could leave behind; neighbours come and go by themselves, and are left out. */
export type NetworkState = Readonly<Record<(typeof looks)[number][0] | "processes", string>>;

const looks = [
  ["addresses", ["ip", "-details", "-oneline", "address"]],
  ["routes", ["ip", "-4", "route", "show", "table", "all"]],
  ["routes of IPv6", ["ip", "-6", "route", "show", "table", "all"]],
  ["rules", ["ip", "-4", "rule"]],
  ["rules of IPv6", ["ip", "-6", "rule"]],
  ["resolv.conf", ["sh", "-c", "cat /etc/resolv.conf || true"]],
  ["files", ["find", "/run", "-path", "/run/netns", "-prune", "-o", "-print"]],
] as const;

/** What the instance of the network has now. */
export async function readState(
  sandbox: Sandbox,
  enter: (argv: readonly string[]) => readonly string[],
): Promise<NetworkState> {
  const entries = await Promise.all(
    looks.map(async ([name, argv]) => [name, sorted(await mustRun(enter(argv)))] as const),
  );
  // oxlint-disable-next-line no-unsafe-type-assertion -- the keys are those of the table
  return { ...Object.fromEntries(entries), processes: processesOf(sandbox) } as NetworkState;
}

/** A NIC that comes back has another number, and a place further down. */
function sorted(text: string): string {
  const lines = text.split("\n").map((line) => line.replace(/^\d+: /, "").trim());
  return lines.toSorted().join("\n");
}

/** The command lines of those in the instance's network, and of the network's other processes. */
function processesOf({ pid }: Sandbox): string {
  const namespacesOf = (id: number | string): readonly string[] =>
    ["net", "pid"].map((kind) => readlinkSync(`/proc/${id}/ns/${kind}`));
  const own = namespacesOf(pid);
  const lines = readdirSync("/proc").flatMap((id) => {
    if (!/^\d+$/.test(id)) return [];
    try {
      if (!namespacesOf(id).some((each) => own.includes(each))) return [];
      return [readFileSync(`/proc/${id}/cmdline`, "utf8").replaceAll("\0", " ").trim()];
    } catch {
      return []; // it has just ended
    }
  });
  return lines.toSorted().join("\n");
}
