import { failedRows, packetTable, type PacketPeers } from "./packets.ts";

/** Ten times what the slowest network needs to settle. */
const settleLimitMs = 60_000;

export interface PacketFailures {
  /** The number of rows of the packet table. */
  readonly rows: number;
  readonly failed: readonly string[];
  /** The failed rows that may not fail. */
  readonly unexpected: readonly string[];
}

/**
 * Whether a row of the packet table fails by design: a packet from the primary to a host in the subnet
 * 10.0.1.0/24 of the second ENI. The primary has no rules, and the main table has that subnet, so the
 * packet leaves through the second ENI and the VPC drops it (docs/decisions/packet-table.md).
 */
export function failsByDesign(row: string): boolean {
  return /^ens5 .* neighbour in 10\.0\.1\.0/.test(row);
}

/**
 * The failed rows of the packet table once the network has settled. After a change, advertisements and
 * duplicate address detection take seconds, and no event shows their end. So the table is read again
 * until only rows fail that may fail.
 */
export async function unexpectedFailures(
  instance: PacketPeers,
  mayFail: (row: string) => boolean = failsByDesign,
): Promise<PacketFailures> {
  const endMs = performance.now() + settleLimitMs;
  for (;;) {
    const table = await packetTable(instance);
    const failed = failedRows(table);
    const unexpected = failed.filter((row) => !mayFail(row));
    if (unexpected.length === 0 || performance.now() > endMs) {
      return { rows: table.length, failed, unexpected };
    }
    await Bun.sleep(1000);
  }
}
