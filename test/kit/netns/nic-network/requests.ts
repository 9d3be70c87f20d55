import * as v from "valibot";
import type { NicNetwork } from "./nic-network.ts";

/** How many requests the IMDS behind a NIC has received. */
export async function requests(network: NicNetwork, nic: string): Promise<number> {
  const counts = await network.simulator(nic).look("counts");
  return v.parse(v.object({ requests: v.number() }), counts).requests;
}
