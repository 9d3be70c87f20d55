import type { Difference } from "../../model/difference.ts";
import type { Step } from "../../model/network-plan.ts";

/**
 * What a run has put right in the kernel without a change of any file, a line each: such a NIC is
 * "unchanged", and yet somebody should know.
 */
export function mendedLines(
  differences: readonly Difference[],
  steps: readonly Step[],
): readonly string[] {
  const mended = differences.filter(({ text }) => steps.some(({ reason }) => reason === text));
  return mended.map(({ text }) => `mended: ${text}`);
}
