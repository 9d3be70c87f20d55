import { expect, setDefaultTimeout } from "bun:test";
import { median } from "../support/median.ts";
import { labMissing } from "../support/nic-lab/missing.ts";
import { type NicLab, startNicLab } from "../support/nic-lab/nic-lab.ts";
import type { NicSpec } from "../support/nic-lab/nic-spec.ts";
import { testUnless } from "../support/skip.ts";

setDefaultTimeout(60_000);
const testLab = testUnless(labMissing());

/** The first has the default route. */
const nic = (number: number, imds: NicSpec["imds"]): NicSpec => {
  const name = `ens${number + 5}`;
  return { name, ipv4: `10.0.${number}.10/24`, imds, defaultRoute: number === 0 };
};

testLab("a dead NIC with the default route costs less than half a second", async () => {
  await using healthy = await startNicLab({ nics: [nic(0, "answers")] });
  await using dead = await startNicLab({ nics: [nic(0, "swallows"), nic(1, "answers")] });
  const before = await dead.state();
  const [wellMs = NaN, illMs = NaN] = await medians([healthy, dead], 5);
  console.log(`ec2nic fetch instance-id: healthy ${wellMs} ms, first NIC dead ${illMs} ms`);
  expect(illMs - wellMs).toBeLessThan(500);
  expect(illMs - wellMs).toBeGreaterThan(100); // or the first NIC was not dead at all
  expect(await dead.state()).toEqual(before);
});

testLab("seven dead NICs in front of the one that works: less than three seconds", async () => {
  const swallowing = Array.from({ length: 7 }, (_, number) => nic(number, "swallows"));
  await using lab = await startNicLab({ nics: [...swallowing, nic(7, "answers")] });
  const before = await lab.state();
  const [ms = NaN] = await medians([lab], 3);
  console.log(`ec2nic fetch instance-id: seven dead NICs before the eighth ${ms} ms`);
  expect(ms).toBeLessThan(3000);
  expect(await lab.state()).toEqual(before);
});

/** In turn, so that whatever else the machine does meets each of them; milliseconds. */
async function medians(labs: readonly NicLab[], rounds: number): Promise<readonly number[]> {
  const times: readonly number[][] = labs.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [at, lab] of labs.entries()) {
      const { code, text, stderr, elapsedMs } = await lab.ec2nic(["fetch", "instance-id"]);
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
