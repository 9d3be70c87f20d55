import { expect, setDefaultTimeout } from "bun:test";
import { testLimitMs } from "../../kit/basics/busy-machine.ts";
import { networkMissing } from "../../kit/netns/nic-network/missing.ts";
import { startNicNetwork } from "../../kit/netns/nic-network/nic-network.ts";
import { requests } from "../../kit/netns/nic-network/requests.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(testLimitMs);
const testNics = testUnless(networkMissing());

/**
 * The kernel ignores a `prohibit` route for a socket that is bound to a device
 * (kernel-facts.test.ts): for IPv4 if rp_filter is off, for IPv6 always. ec2nic respects the route.
 */
const ens5 = { name: "ens5", imds: "answers", defaultRoute: true } as const;
const ipv4 = { ipv4: "10.0.0.10/24" } as const;
const ipv6 = { ipv6: "2600:1f14:ec2::10/64" } as const;
const cases = {
  IPv4: { nic: { ...ens5, ...ipv4 }, forbidden: ["169.254.169.254"] },
  IPv6: { nic: { ...ens5, ...ipv6 }, forbidden: ["fd00:ec2::254"] },
  "both families": {
    nic: { ...ens5, ...ipv4, ...ipv6 },
    forbidden: ["169.254.169.254", "fd00:ec2::254"],
  },
} as const;

for (const [name, { nic, forbidden }] of Object.entries(cases)) {
  testNics(`${name}: fetch does not bypass a prohibit route to IMDS`, async () => {
    await using network = await startNicNetwork({ nics: [nic], rpFilter: 0 });
    for (const each of forbidden) await network.ip("route", "add", "prohibit", each);
    const { code, text, stderr } = await network.ec2nic([
      "fetch",
      "instance-id",
      "--timeout",
      "3s",
    ]);
    expect({ code, text, stderr }).toMatchObject({ code: 69, text: "" });
    expect(stderr).toContain("forbids");
    expect(await requests(network, "ens5")).toBe(0);
  });
}
