import { expect, setDefaultTimeout } from "bun:test";
import { testLimitMs } from "../../kit/basics/busy-machine.ts";
import { networkMissing } from "../../kit/netns/nic-network/missing.ts";
import { startNicNetwork } from "../../kit/netns/nic-network/nic-network.ts";
import { requests } from "../../kit/netns/nic-network/requests.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(testLimitMs);
const testNics = testUnless(networkMissing());

// The kernel ignores the route for a socket that is bound to a device (kernel-facts.test.ts): for
// IPv4 if rp_filter is off, for IPv6 always.
testNics("fetch does not bypass prohibit routes to IMDS", async () => {
  const addresses = { ipv4: "10.0.0.10/24", ipv6: "2600:1f14:ec2::10/64" };
  const nic = { name: "ens5", imds: "answers", defaultRoute: true, ...addresses } as const;
  await using network = await startNicNetwork({ nics: [nic], rpFilter: 0 });
  for (const each of ["169.254.169.254", "fd00:ec2::254"]) {
    await network.ip("route", "add", "prohibit", each);
  }
  const { code, text, stderr } = await network.ec2nic(["fetch", "instance-id", "--timeout", "3s"]);
  expect({ code, text, stderr }).toMatchObject({ code: 69, text: "" });
  expect(stderr).toContain("forbids");
  expect(await requests(network, "ens5")).toBe(0);
});
