import { failedRows, packetTable, type PacketPeers } from "./packets.ts";

const looks = 4;

/**
 * The packet table's failed rows once the network has settled: after a change, advertisements and
 * duplicate address detection take seconds, and nobody says when they are over. So rows that fail
 * though they should not are looked at again, a few times; `isKnown` are those that always fail.
 */
export async function settledFailures(
  instance: PacketPeers,
  isKnown: (row: string) => boolean,
): Promise<{ readonly rows: number; readonly failed: readonly string[] }> {
  for (let look = 1; ; look += 1) {
    const table = await packetTable(instance);
    const failed = failedRows(table);
    if (look === looks || failed.every(isKnown)) return { rows: table.length, failed };
    await Bun.sleep(1000);
  }
}
