import { expect, test } from "bun:test";
import activate from "../../../../src/commands/activate.ts";
import type { Scenario } from "../../../../scripts/simulator/scenario/scenario.ts";
import { addFiles, commandMachine } from "../../../kit/propagation/hotplug-machine.ts";

const fileOf = (end: string) => `/etc/systemd/network/60-ec2nic-06ec2a0000${end}.network`;
const stale = fileOf("99");
const never = 1e9;
const neverCorrect = { afterMs: never } as const;

/** Runs `activate` on a machine that has a file of a NIC that does not exist. */
async function run(scenario: Scenario, unmanaged = "") {
  const machine = commandMachine(activate, { scenario });
  const { disk, requestedPaths } = machine;
  addFiles(disk, { [stale]: "# written by ec2nic\n", "/etc/ec2nic/unmanaged": unmanaged });
  const { code, messages, ms } = await machine.run();
  const ends = ["00", "01", "02", "03"].filter((end) => disk.has(fileOf(end)));
  return {
    code,
    text: messages.join("\n"),
    ms,
    ends,
    isStaleKept: disk.has(stale),
    requestedPaths,
  };
}

const two = [{ device: 0 }, { device: 1 }];

test("a file of a NIC that neither IMDS nor the kernel has is removed", async () => {
  expect(await run({ enis: two })).toMatchObject({
    code: 0,
    ends: ["00", "01"],
    isStaleKept: false,
  });
});

// a late or incomplete list does not say which ENIs are attached, so no file may be removed
test.each<readonly [string, Scenario]>([
  ["macs/ and mac are missing", { enis: two, late: { network: never, mac: never } }],
  ["macs/ is missing", { enis: two, late: { network: never } }],
  ["mac is missing", { enis: two, late: { mac: never } }],
])("%s until --timeout: activate exits with 75 and removes nothing", async (_, scenario) => {
  const { code, ends, isStaleKept, ms } = await run(scenario);
  expect({ code, isStaleKept, isPrimaryWritten: ends.includes("00") }).toEqual({
    code: 75,
    isStaleKept: true,
    isPrimaryWritten: false,
  });
  // no request is repeated whose wait would end after the limit of 60 s
  expect(ms).toBeGreaterThan(55_000);
});

// more time does not help: docs/propagation.md
test.each<readonly [string, Scenario]>([
  ["not listed", { enis: [{ device: 0, late: { ".": never } }, { device: 1 }] }],
  ["without an address", { enis: [{ device: 0, late: { "local-ipv4s": never } }] }],
])("the primary stays %s: activate exits with 65 and removes nothing", async (_, scenario) => {
  const { code, ends, isStaleKept } = await run(scenario);
  expect({ code, isStaleKept, isPrimaryWritten: ends.includes("00") }).toEqual({
    code: 65,
    isStaleKept: true,
    isPrimaryWritten: false,
  });
});

test("activate waits for a network folder that appears late", async () => {
  const { code, ends, ms } = await run({ enis: two, late: { network: 3000, mac: 3000 } });
  expect({ code, ends, isSoon: ms < 6000 }).toEqual({ code: 0, ends: ["00", "01"], isSoon: true });
});

test("the other ENIs are configured where leaves of some stay invalid or empty", async () => {
  const enis = [
    { device: 0 },
    { device: 1, late: { "device-number": { ...neverCorrect, before: "x" } } },
    { device: 2, late: { "local-ipv4s": { ...neverCorrect, before: "10.0.0.300" } } },
    { device: 3, late: { "local-ipv4s": { ...neverCorrect, listed: true } } },
  ];
  const { code, ends, text } = await run({ enis });
  expect({ code, ends }).toEqual({ code: 75, ends: ["00"] });
  for (const words of ["device-number", "local-ipv4s", "EFA-only"]) {
    expect(text).toContain(words);
  }
});

test("activate does not wait for an unmanaged ENI", async () => {
  const late = { "device-number": { ...neverCorrect, before: "0" } };
  const { code, ms } = await run(
    { enis: [{ device: 0 }, { device: 1, late }] },
    "06:ec:2a:00:00:01\n",
  );
  expect({ code, isAtOnce: ms < 1000 }).toEqual({ code: 0, isAtOnce: true });
});
