import { expect, setDefaultTimeout, test } from "bun:test";
import { labMissing } from "../support/nic-lab/missing.ts";
import { startNicLab } from "../support/nic-lab/nic-lab.ts";
import type { NicSpec } from "../support/nic-lab/nic-spec.ts";
import { until } from "../support/machine/until.ts";
import { testUnless } from "../support/skip.ts";

setDefaultTimeout(30_000);
const testLab = testUnless(labMissing(), test.concurrent);

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
    testLab(
      `${name} is ${how} in the middle of a crawl: the whole tree comes nonetheless`,
      async () => {
        await using lab = await startNicLab(options);
        const args = ["fetch", "--json", "--timeout", "15s"];
        const whole = await lab.ec2nic(args);
        expect(whole.code).toBe(0);
        await lab.simulator(lost).order("clear-requests");
        const run = lab.start([...args, "-v"]);
        await until("the crawl is in its middle", async () => {
          const seen = JSON.stringify(await lab.simulator(lost).look("requests"));
          return seen.split('"path"').length > 15;
        });
        if (how === "unplugged") await lab.unplug(lost);
        else await lab.far(lost, ["ip", "link", "set", "far", "down"]);
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
