import { expect, setDefaultTimeout } from "bun:test";
import { median } from "../../kit/basics/median.ts";
import { networkMissing } from "../../kit/netns/nic-network/missing.ts";
import { type NicNetwork, startNicNetwork } from "../../kit/netns/nic-network/nic-network.ts";
import type { NicSpec } from "../../kit/netns/nic-network/nic-spec.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(60_000);
const testNics = testUnless(networkMissing());

/** The first has the default route. */
const nic = (number: number, imds: NicSpec["imds"]): NicSpec => {
  const name = `ens${number + 5}`;
  return { name, ipv4: `10.0.${number}.10/24`, imds, defaultRoute: number === 0 };
};

testNics("a dead NIC with the default route costs less than half a second", async () => {
  await using healthy = await startNicNetwork({ nics: [nic(0, "answers")] });
  await using dead = await startNicNetwork({ nics: [nic(0, "swallows"), nic(1, "answers")] });
  const before = await dead.state();
  const [wellMs = NaN, illMs = NaN] = await medians([healthy, dead], 5);
  console.log(`ec2nic fetch instance-id: healthy ${wellMs} ms, first NIC dead ${illMs} ms`);
  expect(illMs - wellMs).toBeLessThan(500);
  expect(illMs - wellMs).toBeGreaterThan(100); // or the first NIC was not dead at all
  expect(await dead.state()).toEqual(before);
});

testNics("seven dead NICs in front of the one that works: less than three seconds", async () => {
  const swallowing = Array.from({ length: 7 }, (_, number) => nic(number, "swallows"));
  await using network = await startNicNetwork({ nics: [...swallowing, nic(7, "answers")] });
  const before = await network.state();
  const [ms = NaN] = await medians([network], 3);
  console.log(`ec2nic fetch instance-id: seven dead NICs before the eighth ${ms} ms`);
  expect(ms).toBeLessThan(3000);
  expect(await network.state()).toEqual(before);
});

/** In turn, so that whatever else the machine does meets each of them; milliseconds. */
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
