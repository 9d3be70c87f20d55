import { join } from "node:path";
import type { Vm } from "../../../test/kit/vm/vm.ts";
import type { Peer } from "../peers/peer.ts";

const restarts = `
for unit in $(systemctl list-units --all --plain --no-legend "$1" | cut -d' ' -f1); do
  count=$(systemctl show -P NRestarts "$unit" 2>/dev/null)
  [ "\${count:-0}" = 0 ] || echo "$unit was restarted $count times"
done
`;

/**
 * The units that have failed at a scenario's end, and services of the program that systemd had to
 * restart. Also writes the guest's journal into the folder `JOURNALS`, where that is set.
 */
export async function failures(vm: Vm, { name, services }: Peer): Promise<readonly string[]> {
  await saveJournal(vm, name);
  const failed = (await vm.failedUnits()).map((unit) => `${unit} failed`);
  const restarted = (await vm.run(["sh", "-c", restarts, "sh", services])).trim();
  return [...failed, ...(restarted === "" ? [] : restarted.split("\n"))];
}

async function saveJournal(vm: Vm, peer: string): Promise<void> {
  const folder = process.env["JOURNALS"] ?? "";
  if (folder === "") return;
  const moment = new Date().toISOString().replaceAll(":", "-").slice(0, 19);
  await Bun.write(join(folder, `${moment}-${peer}.log`), await vm.journal());
}
