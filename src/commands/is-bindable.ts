import { familyOf, isLoopback } from "../imds/endpoint.ts";

/** A NIC can lead there: it is an address (only the kernel knows names), and not this machine's. */
export function isBindable(endpoint: string): boolean {
  return familyOf(endpoint) !== null && !isLoopback(endpoint);
}
