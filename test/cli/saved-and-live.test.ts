import { expect, setDefaultTimeout, test } from "bun:test";
import { startSimulator } from "../../scripts/simulator/start.ts";
import { testLimitMs } from "../kit/basics/busy-machine.ts";
import { temporaryFolder } from "../kit/basics/temporary-folder.ts";
import { type GoldenCase, goldenCases, treeOf } from "../kit/files/golden-case.ts";
import { runEc2nic } from "../kit/program/run-ec2nic.ts";

setDefaultTimeout(testLimitMs);

/** By case, the exit status for saved metadata, and what a message says. */
const cases: readonly (readonly [string, number, string])[] = [
  ["a-hyperpod-whose-primary-is-device-1", 0, ""],
  ["a-public-hostname-that-is-empty", 0, ""],
  ["device-0-on-two-cards-of-a-c6in-32xlarge", 0, ""],
  ["one-eni-with-two-ipv4-and-three-ipv6-addresses", 0, ""],
  ["two-ipv6-only-enis-in-one-subnet", 0, ""],
  ["leaves-that-stay-empty", 0, "skipped (no IP addresses (EFA-only))"],
  [
    "an-address-and-a-prefix-in-no-subnet",
    0,
    "warning: 06:aa:bb:cc:dd:02: 10.0.9.9 lies in no subnet of subnet-ipv4-cidr-block (10.0.2.0/24): it is left out",
  ],
  [
    "two-enis-in-one-slot",
    65,
    "ec2nic: metadata is incomplete for 06:aa:bb:cc:dd:03 (network card 0, device 1 is the slot of 06:aa:bb:cc:dd:02)",
  ],
  ["a-bad-leaf-leaves-out-its-eni", 75, 'local-ipv4s: "10.0.0.300" is not an IPv4 address'],
];
const golden = await goldenCases();

for (const [name, code, message] of cases) {
  test.concurrent(`${name}: activate writes the same bytes from a file as live`, async () => {
    const found = golden.find((each) => each.name === name);
    if (found === undefined) throw new Error(`there is no case ${name}`);
    using folder = temporaryFolder();
    const file = ["--metadata", `${found.folder}/imds.json`, "--endpoint", "http://127.0.0.1:1"];
    const saved = await activate(folder.path, file);
    expect(saved).toMatchObject({ code, stderr: expect.stringContaining(message) });
    expect(Object.keys(saved.files).length).toBeGreaterThan(0);
    // what stays incomplete takes too long here; test/golden/live.test.ts waits without a clock
    if (code === 0) expect(await activateLive(found)).toEqual(saved.files);
  });
}

async function activateLive({ metadata }: GoldenCase) {
  using folder = temporaryFolder();
  await using simulator = await startSimulator({ scenario: { content: { metaData: metadata } } });
  const run = await activate(folder.path, ["--endpoint", simulator.url]);
  expect(run).toMatchObject({ code: 0 });
  return run.files;
}

async function activate(root: string, args: readonly string[]) {
  const command = ["activate", "--stage", "local", "--backend", "networkd", "--root", root];
  const { code, stderr } = await runEc2nic({ args: [...command, ...args] });
  return { code, stderr, files: await treeOf(root) };
}
