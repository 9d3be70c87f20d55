import { expect, setDefaultTimeout, test } from "bun:test";
import { networkMissing } from "../../kit/netns/nic-network/missing.ts";
import { startNicNetwork } from "../../kit/netns/nic-network/nic-network.ts";
import type { NicSpec } from "../../kit/netns/nic-network/nic-spec.ts";
import { until } from "../../kit/basics/until.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(30_000);
const testNics = testUnless(networkMissing(), test.concurrent);

/** Slow enough for a crawl to have a middle. */
const slow: NicSpec["imds"] = { latencyMs: 60 };
const nic = (number: number, imds: NicSpec["imds"], defaultRoute = true): NicSpec => {
  return { name: `ens${number}`, ipv4: `10.0.${number}.10/24`, imds, defaultRoute };
};

/** Which NIC serves the run, and is lost. */
const cases = {
  "the NIC of the kernel's own way": { lost: "ens5", nics: [nic(5, slow), nic(6, slow)] },
  "the NIC of the only route": {
    lost: "ens5",
    nics: [nic(5, slow), nic(6, slow, false)],
    rpFilter: 0,
  },
  "the NIC that won the race": {
    lost: "ens6",
    nics: [nic(5, "swallows"), nic(6, slow), nic(7, slow)],
  },
} as const;

for (const [name, { lost, ...options }] of Object.entries(cases)) {
  for (const how of ["unplugged", "without a cable"] as const) {
    testNics(
      `${name} is ${how} in the middle of a crawl: the whole tree comes nonetheless`,
      async () => {
        await using network = await startNicNetwork(options);
        const args = ["fetch", "--json", "--timeout", "15s"];
        const whole = await network.ec2nic(args);
        expect(whole.code).toBe(0);
        await network.simulator(lost).order("clear-requests");
        const run = network.start([...args, "-v"]);
        await until("the crawl is in its middle", async () => {
          const seen = JSON.stringify(await network.simulator(lost).look("requests"));
          return seen.split('"path"').length > 15;
        });
        if (how === "unplugged") await network.unplug(lost);
        else await network.far(lost, ["ip", "link", "set", "far", "down"]);
        const { code, text, stderr, elapsedMs } = await run.result;
        console.log(
          `${name}, ${how}: ${Math.round(elapsedMs)} ms, undisturbed ${Math.round(whole.elapsedMs)} ms`,
        );
        expect({ code, stderr }).toMatchObject({ code: 0 });
        expect(JSON.parse(text)).toEqual(JSON.parse(whole.text));
      },
    );
  }
}
