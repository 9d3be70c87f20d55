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
 * The failed rows of the packet table once the network has settled. After a change, advertisements and
 * duplicate address detection take seconds, and no event shows their end. So the table is read again
 * until only rows fail that may fail; with the files of ec2nic, none.
 */
export async function unexpectedFailures(
  instance: PacketPeers,
  mayFail: (row: string) => boolean = () => false,
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
