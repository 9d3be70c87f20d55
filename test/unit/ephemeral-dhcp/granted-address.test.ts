import { expect, test } from "bun:test";
import { dhclient } from "../../../src/ephemeral-dhcp/clients/dhclient.ts";
import { dhcpcd } from "../../../src/ephemeral-dhcp/clients/dhcpcd.ts";
import type { Program } from "../../../src/ephemeral-dhcp/clients/program.ts";
import { parseGrantedAddress } from "../../../src/ephemeral-dhcp/clients/run-program.ts";
import { udhcpc } from "../../../src/ephemeral-dhcp/clients/udhcpc.ts";

/** The output of udhcpc 1.35, dhclient 4.4.3 and dhcpcd 9.4.1 with a dnsmasq. */
const output: Readonly<Record<Program["name"], readonly string[]>> = {
  udhcpc: [
    "udhcpc: started, v1.35.0",
    "udhcpc: broadcasting discover",
    "udhcpc: broadcasting select for 10.0.0.92, server 10.0.0.1",
    "udhcpc: lease of 10.0.0.92 obtained from 10.0.0.1, lease time 3600",
  ],
  dhclient: [
    "can't create /run/ec2nic/none/leases: No such file or directory",
    "Listening on LPF/eth0/06:a1:00:00:00:05",
    "DHCPDISCOVER on eth0 to 255.255.255.255 port 67 interval 5",
    "DHCPOFFER of 10.0.0.92 from 10.0.0.1",
    "DHCPREQUEST for 10.0.0.92 on eth0 to 255.255.255.255 port 67",
    "DHCPACK of 10.0.0.92 from 10.0.0.1",
    "bound to 10.0.0.92 -- renewal in 1453 seconds.",
  ],
  dhcpcd: [
    "dhcpcd-9.4.1 starting",
    "eth0: soliciting a DHCP lease",
    "eth0: offered 10.0.0.92 from 10.0.0.1",
    "eth0: leased 10.0.0.92 for 3600 seconds",
  ],
};

for (const program of [udhcpc, dhclient, dhcpcd]) {
  test(`${program.name}: the last line grants the address, and not the offer`, () => {
    const lines = output[program.name];
    expect(parseGrantedAddress(program, lines.join("\n"))).toBe("10.0.0.92");
    expect(parseGrantedAddress(program, lines.slice(0, -1).join("\n"))).toBeNull();
  });
}

test("an incomplete line grants no address", () => {
  expect(parseGrantedAddress(dhclient, "bound to 10.0.0.9")).toBeNull();
  expect(parseGrantedAddress(udhcpc, "udhcpc: lease of 10.0.0.9")).toBeNull();
  expect(parseGrantedAddress(dhcpcd, "eth0: leased 10.0.0.9")).toBeNull();
});

test("text that is no address grants none", () => {
  expect(parseGrantedAddress(udhcpc, "udhcpc: lease of $(reboot) obtained")).toBeNull();
  expect(parseGrantedAddress(udhcpc, "udhcpc: lease of 010.0.0.9 obtained")).toBeNull();
});
