import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Sandbox } from "../../machine/sandbox.ts";
import { mustRun } from "../../machine/command.ts";

/** Everything that a run could leave, without neighbours, which the kernel changes by itself. */
export type NetworkState = Readonly<Record<(typeof commands)[number][0] | "processes", string>>;

const commands = [
  ["addresses", ["ip", "-details", "-oneline", "address"]],
  ["routes", ["ip", "-4", "route", "show", "table", "all"]],
  ["routes of IPv6", ["ip", "-6", "route", "show", "table", "all"]],
  ["rules", ["ip", "-4", "rule"]],
  ["rules of IPv6", ["ip", "-6", "rule"]],
  ["resolv.conf", ["sh", "-c", "cat /etc/resolv.conf || true"]],
  ["files", ["find", "/run", "-path", "/run/netns", "-prune", "-o", "-print"]],
] as const;

/** Reads the state of the instance. */
export async function readState(
  sandbox: Sandbox,
  enter: (argv: readonly string[]) => readonly string[],
): Promise<NetworkState> {
  const entries = await Promise.all(
    commands.map(async ([name, argv]) => [name, sorted(await mustRun(enter(argv)))] as const),
  );
  // oxlint-disable-next-line no-unsafe-type-assertion -- the keys are those of the table
  return { ...Object.fromEntries(entries), processes: processesOf(sandbox) } as NetworkState;
}

/** Sorted lines without interface numbers, which change when a NIC is added again. */
function sorted(text: string): string {
  const lines = text.split("\n").map((line) => line.replace(/^\d+: /, "").trim());
  return lines.toSorted().join("\n");
}

/** The command lines of all processes in the network or the process namespace of the sandbox. */
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
