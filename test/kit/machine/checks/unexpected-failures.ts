import type { PacketPeers } from "./packets.ts";
import { settledFailures } from "./settled-table.ts";

/**
 * Whether a row of the packet table fails by design: a packet from the primary to a host in the subnet
 * 10.0.1.0/24 of the second ENI. The primary has no rules, and the main table has that subnet, so the
 * packet leaves through the second ENI and the VPC drops it (docs/decisions/primary-without-rules.md).
 */
export function failsByDesign(row: string): boolean {
  return /^ens5 .* neighbour in 10\.0\.1\.0/.test(row);
}

/** The rows of the packet table that fail once the network has settled, and may not fail. */
export async function unexpectedFailures(
  instance: PacketPeers,
  isExpected: (row: string) => boolean = failsByDesign,
): Promise<{
  readonly rows: number;
  readonly failed: readonly string[];
  readonly unexpected: readonly string[];
}> {
  const { rows, failed } = await settledFailures(instance, isExpected);
  return { rows, failed, unexpected: failed.filter((row) => !isExpected(row)) };
}
