import { expect, setDefaultTimeout, test } from "bun:test";
import { testLimitMs } from "../../kit/basics/busy-machine.ts";
import { networkMissing } from "../../kit/netns/nic-network/missing.ts";
import { startNicNetwork } from "../../kit/netns/nic-network/nic-network.ts";
import type { NicSpec } from "../../kit/netns/nic-network/nic-spec.ts";
import { until } from "../../kit/basics/until.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(testLimitMs);
const testNics = testUnless(networkMissing(), test.concurrent);

/** Slow enough that a NIC can be lost in the middle of a tree. */
const slow: NicSpec["imds"] = { latencyMs: 200 };
const nic = (number: number, imds: NicSpec["imds"], defaultRoute = true): NicSpec => {
  return { name: `ens${number}`, ipv4: `10.0.${number}.10/24`, imds, defaultRoute };
};

/** `lost` is the NIC that fetch uses and that is lost. */
const cases = {
  "the NIC of the default route": { lost: "ens5", nics: [nic(5, slow), nic(6, slow)] },
  "the NIC of the only route": {
    lost: "ens5",
    nics: [nic(5, slow), nic(6, slow, false)],
    rpFilter: 0,
  },
  "the first NIC that answered": {
    lost: "ens6",
    nics: [nic(5, "swallows"), nic(6, slow), nic(7, slow)],
  },
} as const;

for (const [name, { lost, ...options }] of Object.entries(cases)) {
  for (const how of ["is unplugged", "loses its carrier"] as const) {
    testNics(`fetch reads the whole tree although ${name} ${how} in the middle`, async () => {
      await using network = await startNicNetwork(options);
      const args = ["fetch", "--json"];
      const expected = await network.ec2nic(args);
      expect(expected.code).toBe(0);
      await network.simulator(lost).order("clear-requests");
      const run = network.start([...args, "-v"]);
      await until("more than 15 requests were sent", async () => {
        const requests = JSON.stringify(await network.simulator(lost).look("requests"));
        return requests.split('"path"').length > 15;
      });
      if (how === "is unplugged") await network.unplug(lost);
      else await network.far(lost, ["ip", "link", "set", "far", "down"]);
      const { code, text, stderr, elapsedMs } = await run.result;
      console.log(
        `${name} ${how}: ${Math.round(elapsedMs)} ms, without it ${Math.round(expected.elapsedMs)} ms`,
      );
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(JSON.parse(text)).toEqual(JSON.parse(expected.text));
    });
  }
}
