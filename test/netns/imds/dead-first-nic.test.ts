import { expect, setDefaultTimeout } from "bun:test";
import { median } from "../../kit/basics/median.ts";
import { networkMissing } from "../../kit/netns/nic-network/missing.ts";
import { type NicNetwork, startNicNetwork } from "../../kit/netns/nic-network/nic-network.ts";
import type { NicSpec } from "../../kit/netns/nic-network/nic-spec.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(60_000);
const testNics = testUnless(networkMissing());

/** The NIC 0 has the default route. */
const nic = (number: number, imds: NicSpec["imds"]): NicSpec => {
  const name = `ens${number + 5}`;
  return { name, ipv4: `10.0.${number}.10/24`, imds, defaultRoute: number === 0 };
};

testNics("a dead NIC with the default route delays fetch by less than half a second", async () => {
  await using healthy = await startNicNetwork({ nics: [nic(0, "answers")] });
  await using dead = await startNicNetwork({ nics: [nic(0, "swallows"), nic(1, "answers")] });
  const before = await dead.state();
  const [healthyMs = NaN, deadMs = NaN] = await medians([healthy, dead], 5);
  console.log(`ec2nic fetch instance-id: healthy ${healthyMs} ms, first NIC dead ${deadMs} ms`);
  expect(deadMs - healthyMs).toBeLessThan(500);
  expect(deadMs - healthyMs).toBeGreaterThan(100); // otherwise the first NIC was not dead
  expect(await dead.state()).toEqual(before);
});

testNics(
  "with seven dead NICs before the working one, fetch takes less than three seconds",
  async () => {
    const deadNics = Array.from({ length: 7 }, (_, number) => nic(number, "swallows"));
    await using network = await startNicNetwork({ nics: [...deadNics, nic(7, "answers")] });
    const before = await network.state();
    const [ms = NaN] = await medians([network], 3);
    console.log(`ec2nic fetch instance-id: seven dead NICs before the eighth ${ms} ms`);
    expect(ms).toBeLessThan(3000);
    expect(await network.state()).toEqual(before);
  },
);

/** The median duration per network in ms; the rounds alternate, so that other load affects all. */
async function medians(
  networks: readonly NicNetwork[],
  rounds: number,
): Promise<readonly number[]> {
  const times: readonly number[][] = networks.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [at, network] of networks.entries()) {
      const { code, text, stderr, elapsedMs } = await network.ec2nic(["fetch", "instance-id"]);
      expect({ code, text, stderr }).toEqual({
        code: 0,
        text: "i-0ec20000000000001\n",
        stderr: "",
      });
      times[at]?.push(elapsedMs);
    }
  }
  return times.map((each) => Math.round(median(each)));
}
