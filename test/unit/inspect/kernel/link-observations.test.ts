import { expect, test } from "bun:test";
import { readLinkObservations } from "../../../../src/inspect/kernel/link-observations.ts";

/** The output of iproute2 6.1, shortened. */
const addresses = [
  {},
  { ifname: "lo", flags: ["LOOPBACK", "UP", "LOWER_UP"], addr_info: [] },
  {
    ifname: "ens6",
    flags: ["BROADCAST", "UP", "LOWER_UP"],
    addr_info: [
      { local: "10.0.1.10", prefixlen: 24, scope: "global", dynamic: true },
      { local: "10.0.1.11", prefixlen: 32, scope: "global" },
      { local: "2600:1f14:ec2:101::10", prefixlen: 128, scope: "global", dynamic: true },
      { local: "2600:1f14:ec2:101:4ec:2aff:fe00:1", prefixlen: 64, scope: "global", dynamic: true },
      { local: "fe80::4ec:2aff:fe00:1", prefixlen: 64, scope: "link" },
    ],
  },
  { ifname: "ens7", flags: ["BROADCAST", "UP"], addr_info: [] },
];
const routes = [
  { dst: "default", dev: "ens6", protocol: "ra", metric: 512 },
  { dst: "default", dev: "ens7", protocol: "static", metric: 1024 },
  { dst: "default", dev: "ens8", protocol: "ra", metric: 512 },
];

const printed: Readonly<Record<string, object>> = {
  "ip -json address show": addresses,
  "ip -json -6 route show default": routes,
};

const hostWithExitCode = (code: number) => ({
  exec: async (argv: readonly string[]) => ({
    code,
    isStarted: true,
    stdout: JSON.stringify(printed[argv.join(" ")]),
    stderr: "",
  }),
});

test("addresses with a lifetime are DHCP addresses, except those of an advertised prefix", async () => {
  const observations = await readLinkObservations(hostWithExitCode(0));
  const [ipv4, ipv6] = ["10.0.1.10", "2600:1f14:ec2:101::10"];
  expect(observations?.["ens6"]).toEqual({
    dhcp: [ipv4, ipv6],
    addresses: [ipv4, "10.0.1.11", ipv6, "2600:1f14:ec2:101:4ec:2aff:fe00:1"],
    hasRouter: true,
    hasCarrier: true,
  });
  expect(observations?.["ens7"]).toEqual({
    dhcp: [],
    addresses: [],
    hasRouter: false,
    hasCarrier: false,
  });
});

test("a failure of ip returns null", async () => {
  expect(await readLinkObservations(hostWithExitCode(255))).toBeNull();
});
