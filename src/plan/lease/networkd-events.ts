import type { DhcpEvent } from "../../model/dhcp-event.ts";
import type { NetworkdLease } from "../../model/networkd-lease.ts";
import { parseDhcpLease } from "./parse-dhcp-lease.ts";

/**
 * What networkd's leases say, one event for each: it has no hook, and does not say which lease
 * changed. One that it has lost has no file any more: an event without a NIC is there in any case, so
 * that what is left over is looked for. Throws `DATAERR` for a value that is not what it should be.
 */
export function networkdEvents(leases: readonly NetworkdLease[]): readonly DhcpEvent[] {
  const client = "networkd";
  return [
    { kind: "irrelevant", client, why: `networkd: ${leases.length} leases` },
    ...leases.map(({ nic, text }): DhcpEvent => {
      const given = (name: string) => ({ name, text: valueOf(text, name) });
      const lease = parseDhcpLease(client, {
        address: given("ADDRESS"),
        mask: given("NETMASK"),
        routers: given("ROUTER"),
        mtu: given("MTU"),
        seconds: given("LIFETIME"),
      });
      return { kind: "bound", client, nic, lease, why: "networkd: a lease" };
    }),
  ];
}

/** The last one counts, as in systemd's own reader. */
function valueOf(text: string, name: string): string {
  const lines = text.split("\n").filter((line) => line.startsWith(`${name}=`));
  return lines.at(-1)?.slice(name.length + 1) ?? "";
}
