import * as v from "valibot";
import type { Machine } from "../machine.ts";

const shown = v.array(
  v.object({
    addr_info: v.optional(
      v.array(v.object({ local: v.optional(v.string()), tentative: v.optional(v.boolean()) })),
      [],
    ),
  }),
);

/** Waits until a machine has usable addresses: IPv6 needs a second for duplicate detection. */
export async function untilAddresses(
  machine: Pick<Machine, "ip" | "until">,
  addresses: readonly string[],
  timeoutMs = 120_000,
): Promise<void> {
  const look = async (): Promise<boolean> => {
    const links = v.parse(shown, await machine.ip("address"));
    const usable = links
      .flatMap(({ addr_info }) => addr_info)
      .filter(({ tentative }) => tentative !== true)
      .map(({ local }) => local);
    const missing = addresses.filter((address) => !usable.includes(address));
    if (missing.length === 0) return true;
    throw new Error(`${missing.join(", ")} missing`);
  };
  await machine.until(`the machine has ${addresses.join(", ")}`, look, timeoutMs);
}
