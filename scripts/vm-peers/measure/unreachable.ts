import { echoPeriodS } from "./echo-program.ts";
import { type Echo, lostOf } from "./echoes.ts";
import { ownAddresses, primary } from "./enis.ts";

/** How long the primary's IPv4 was not answered, in seconds. */
export function darkS(echoes: readonly Echo[]): number {
  const [address = ""] = ownAddresses(primary);
  return lostOf(echoes, address) * echoPeriodS;
}
