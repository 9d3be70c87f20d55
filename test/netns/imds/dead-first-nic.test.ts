import { expect, setDefaultTimeout } from "bun:test";
import { firstQuick, testLimitMs } from "../../kit/basics/busy-machine.ts";
import { networkMissing } from "../../kit/netns/nic-network/missing.ts";
import { type NicNetwork, startNicNetwork } from "../../kit/netns/nic-network/nic-network.ts";
import type { NicSpec } from "../../kit/netns/nic-network/nic-spec.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(testLimitMs);
const testNics = testUnless(networkMissing());

/** The NIC 0 has the default route. */
const nic = (number: number, imds: NicSpec["imds"]): NicSpec => {
  const name = `ens${number + 5}`;
  return { name, ipv4: `10.0.${number}.10/24`, imds, defaultRoute: number === 0 };
};

/** How many connections fail because nothing answers: each takes a second. */
const failedConnections = (stderr: string): number =>
  stderr.match(/no connection (?:in time|within 1000 ms)/g)?.length ?? 0;

testNics(
  "if the NIC with the default route is dead, fetch does not wait until it has failed",
  async () => {
    await using network = await startNicNetwork({ nics: [nic(0, "swallows"), nic(1, "answers")] });
    const before = await network.state();
    await firstQuick(
      "IMDS answers through ens6 before the connection through ens5 fails",
      () => fetchThrough(network, "ens6"),
      (stderr) => failedConnections(stderr) === 0,
    );
    expect(await network.state()).toEqual(before);
  },
);

// one NIC after the other, seven connections would have failed
testNics("with seven dead NICs before the working one, fetch tries several at a time", async () => {
  const deadNics = Array.from({ length: 7 }, (_, number) => nic(number, "swallows"));
  await using network = await startNicNetwork({ nics: [...deadNics, nic(7, "answers")] });
  const before = await network.state();
  await firstQuick(
    "IMDS answers through ens12 when half of the connections have failed",
    () => fetchThrough(network, "ens12"),
    (stderr) => failedConnections(stderr) < 6,
  );
  expect(await network.state()).toEqual(before);
});

/** Fetches a value, which must come through this NIC, and returns the messages of `-v`. */
async function fetchThrough(network: NicNetwork, name: string): Promise<string> {
  const { code, text, stderr } = await network.ec2nic(["fetch", "instance-id", "-v"]);
  expect({ code, text }).toEqual({ code: 0, text: "i-0ec20000000000001\n" });
  expect(stderr).toMatch(new RegExp(`GET .*instance-id through ${name}: 200`));
  return stderr;
}
