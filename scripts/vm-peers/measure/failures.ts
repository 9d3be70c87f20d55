import { join } from "node:path";
import type { Vm } from "../../../test/kit/vm/vm.ts";
import type { Peer } from "../peers/peer.ts";

const restarts = `
for unit in $(systemctl list-units --all --plain --no-legend "$1" | cut -d' ' -f1); do
  count=$(systemctl show -P NRestarts "$unit" 2>/dev/null)
  [ "\${count:-0}" = 0 ] || echo "$unit was started again $count times"
done
`;

/**
 * At a scenario's end: units that have failed, and services of the peer that systemd had to start
 * again. The guest's journal is kept where somebody asked for it (`JOURNALS`).
 */
export async function failures(vm: Vm, { name, services }: Peer): Promise<readonly string[]> {
  await keepJournal(vm, name);
  const failed = (await vm.failedUnits()).map((unit) => `${unit} failed`);
  const again = (await vm.run(["sh", "-c", restarts, "sh", services])).trim();
  return [...failed, ...(again === "" ? [] : again.split("\n"))];
}

async function keepJournal(vm: Vm, peer: string): Promise<void> {
  const folder = process.env["JOURNALS"] ?? "";
  if (folder === "") return;
  const moment = new Date().toISOString().replaceAll(":", "-").slice(0, 19);
  await Bun.write(join(folder, `${moment}-${peer}.log`), await vm.journal());
}
