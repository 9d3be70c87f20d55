import { expect, setDefaultTimeout } from "bun:test";
import { join } from "node:path";
import type { FaultRule } from "../../../scripts/simulator/faults/fault.ts";
import { testLimitMs } from "../../kit/basics/busy-machine.ts";
import { networkMissing } from "../../kit/netns/nic-network/missing.ts";
import { startNicNetwork } from "../../kit/netns/nic-network/nic-network.ts";
import {
  neededOutcomes,
  soakWorkers,
  type Sample,
  type SoakReport,
} from "../../kit/netns/nic-network/soak.ts";
import { seededRuns } from "../../kit/basics/seed.ts";
import { testUnless } from "../../kit/basics/skip.ts";

/** `SOAK_S=600` for a long test. */
const seconds = Number(process.env["SOAK_S"] ?? "5");
setDefaultTimeout(seconds * 1000 + testLimitMs);
const testNics = testUnless(networkMissing());

const program = join(import.meta.dir, "../../kit/netns/nic-network/soak.ts");
const faults: readonly FaultRule[] = [
  ...(["cut", "cut-chunked", "reset", "hang", "close", "garbage", "hang-headers"] as const).map(
    (kind): FaultRule => ({ fault: { kind }, match: `* /latest/${kind}` }),
  ),
  { fault: { kind: "slow", everyMs: 5, bytes: 20 }, match: "* /latest/slow" },
];

testNics("the transport leaks neither sockets nor memory under all kinds of faults", async () => {
  await using network = await startNicNetwork({
    nics: [
      {
        name: "ens5",
        ipv4: "10.0.0.10/24",
        imds: { faults, httpTokens: "optional" },
        defaultRoute: true,
      },
      { name: "ens6", ipv4: "10.0.1.10/24", imds: { faults: [{ fault: { kind: "refuse" } }] } },
      { name: "ens7", ipv4: "10.0.2.10/24", imds: "swallows" },
    ],
  });
  const before = await network.state();
  const { seed } = seededRuns(1);
  const nics = ["ens5=10.0.0.10", "ens6=10.0.1.10", "ens7=10.0.2.10"];
  const argv = [process.execPath, program, String(seconds), String(seed), ...nics];
  const { code, stdout, stderr } = await network.run(argv, {
    timeoutMs: seconds * 1000 + 100_000,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const report: SoakReport = JSON.parse(stdout);
  const [first, last] = [fifth(report.samples, 0), fifth(report.samples, 4)];
  console.log(`seed ${seed}: ${report.requests} requests in ${seconds} s`, report.outcomes);
  console.log("means of the first and of the last fifth", first, last);
  const outcomes = Object.keys(report.outcomes);
  expect(outcomes).toEqual(expect.arrayContaining([...neededOutcomes]));
  const neverSuccessful = [
    "cut",
    "cut-chunked",
    "reset",
    "hang",
    "close",
    "garbage",
    "hang-headers",
  ];
  expect(neverSuccessful.filter((path) => outcomes.includes(`${path} 200`))).toEqual([]);
  expect(report.descriptorsAfter).toBeLessThanOrEqual(report.descriptorsBefore);
  // a socket or two of each worker, not one of each request
  expect(last.descriptors).toBeLessThan(report.descriptorsBefore + 3 * soakWorkers);
  expect(last.residentKiB).toBeLessThan(first.residentKiB * 1.2 + 32_768);
  expect(await network.state()).toEqual(before);
});

/** The means over one fifth of the samples. */
function fifth(samples: readonly Sample[], which: number): Sample {
  const size = Math.floor(samples.length / 5);
  const part = samples.slice(which * size, (which + 1) * size);
  const mean = (of: (sample: Sample) => number): number =>
    Math.round(part.reduce((sum, each) => sum + of(each), 0) / part.length);
  return {
    descriptors: mean((each) => each.descriptors),
    residentKiB: mean((each) => each.residentKiB),
  };
}
