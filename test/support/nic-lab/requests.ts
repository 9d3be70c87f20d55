import * as v from "valibot";
import type { NicLab } from "./nic-lab.ts";

/** How many requests the IMDS behind a NIC has seen. */
export async function requests(lab: NicLab, nic: string): Promise<number> {
  const counts = await lab.simulator(nic).look("counts");
  return v.parse(v.object({ requests: v.number() }), counts).requests;
}
