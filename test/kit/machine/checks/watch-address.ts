import type { Machine } from "../machine.ts";

const logFile = "/run/address-changes";

/** Records from now on when the kernel removes and adds an address of a NIC. */
export async function watchAddress(
  machine: Pick<Machine, "run" | "read">,
  nic: string,
  address: string,
): Promise<{ readonly missingMs: () => Promise<readonly number[]> }> {
  const script = `ip -ts monitor address dev "$1" >${logFile} 2>&1 </dev/null & sleep 0.2`;
  await machine.run(["sh", "-c", script, "sh", nic]);
  return { missingMs: async () => absences(await machine.read(logFile), address) };
}

/**
 * How long an address was not usable, each time in milliseconds: from its removal until the end of
 * duplicate detection. `output`: lines of `ip -ts monitor address`,
 * `[2026-11-21T15:49:16.525074] Deleted 3: ens6    inet6 2001:db8::10/128 scope global dynamic`.
 */
export function absences(output: string, address: string): readonly number[] {
  const changes = output.split("\n").flatMap((line) => {
    const [, time, rest] = /^\[([\d.T:-]+)\] (.*)$/.exec(line) ?? [];
    if (time === undefined || rest?.includes(` ${address}/`) !== true) return [];
    const isThere = !rest.startsWith("Deleted") && !rest.includes(" tentative");
    return [{ atMs: Date.parse(`${time.slice(0, 23)}Z`), isThere }];
  });
  return changes.flatMap(({ atMs, isThere }, at) => {
    const isStart = !isThere && changes[at - 1]?.isThere !== false;
    if (!isStart) return [];
    const back = changes.slice(at).find((each) => each.isThere);
    return [(back?.atMs ?? Infinity) - atMs];
  });
}
