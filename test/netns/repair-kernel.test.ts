import { expect, test } from "bun:test";
import type { Difference } from "../../src/model/plan.ts";
import { readKernel } from "../../src/inspect/kernel/kernel-state.ts";
import { checkKernel } from "../../src/plan/drift/compare.ts";
import { repairSteps } from "../../src/plan/drift/repair.ts";
import { describeRule, shortenCidr } from "../../src/plan/drift/rules.ts";
import { type HeldNamespace, holdNamespace } from "../kit/netns/held-namespace.ts";
import { buildInstance, expected } from "../kit/netns/real-instance.ts";
import { failingCommand, missingRoot, missingTool, testUnless } from "../kit/basics/skip.ts";
import { until } from "../kit/basics/until.ts";
import { expectNetworkUnchanged, isSettled, snapshotWhen } from "../kit/netns/snapshot.ts";

// Reads, compares and repairs the state of a real kernel with `ip`, in separate network namespaces.

const slowMs = 300_000;
const realTest = testUnless(
  missingRoot() ??
    missingTool("ip", "nsenter", "unshare") ??
    failingCommand("unshare", "--net", "true"),
  (name, body) => test(name, body, slowMs),
);

const networkd = { backend: "networkd", renderer: null, isRunning: true } as const;

const check = async ({ exec }: HeldNamespace) => checkKernel(expected, await readKernel({ exec }));

/** Runs the repair steps. A step that needs a daemon would fail, because there is none. */
async function repair(network: HeldNamespace, differences: readonly Difference[]) {
  for (const { argv } of repairSteps(differences, expected, networkd).steps) {
    expect({ argv, ...(await network.exec(argv)) }).toMatchObject({ argv, code: 0, stderr: "" });
  }
}

/** For each object that ec2nic configures: a command that deletes it, and the expected message. */
const deletions = expected.nics.flatMap(({ name, addresses, routes, rules }) => [
  {
    command: `ip link set dev ${name} group default`,
    text: `${name}: its link is in group 0, not 10000`,
  },
  ...addresses
    .filter(({ isLeased }) => !isLeased)
    .map(({ cidr }) => ({
      command: `ip address del ${cidr} dev ${name}`,
      text: `${name}: address ${cidr.slice(0, cidr.indexOf("/"))} is missing`,
    })),
  ...routes.map(({ family, destination, table }) => ({
    command: `ip -${family} route del ${destination} dev ${name} table ${table}`,
    text: new RegExp(`^${name}: route ${shortenCidr(destination)} .*in table ${table} is missing$`),
  })),
  ...rules.map((rule) => {
    const { family, priority, from } = rule;
    return {
      command: `ip -${family} rule del priority ${priority} from ${shortenCidr(from)} protocol static`,
      text: `${name}: ${describeRule(rule)} is missing`,
    };
  }),
]);

realTest(
  "each deleted address, route or rule is reported and repaired, and nothing else changes",
  async () => {
    await using network = await holdNamespace();
    await buildInstance(network);
    expect(await check(network)).toEqual([]);
    const before = await snapshotWhen(network, isSettled);
    expect(deletions.length).toBeGreaterThan(40);
    for (const { command, text } of deletions) {
      await network.run(command);
      const differences = await check(network);
      expect(differences.map((each) => each.text)).toEqual([
        typeof text === "string" ? text : expect.stringMatching(text),
      ]);
      await repair(network, differences);
      await expectNetworkUnchanged(network, before);
    }
    expect(await check(network)).toEqual([]);
  },
);

realTest("all deleted objects together are repaired in a valid order", async () => {
  await using network = await holdNamespace();
  await buildInstance(network);
  const before = await snapshotWhen(network, isSettled);
  for (const { command } of deletions.toReversed()) await network.run(command);
  const differences = await check(network);
  expect(differences.length).toBe(deletions.length);
  await repair(network, differences);
  expect(await check(network)).toEqual([]);
  await expectNetworkUnchanged(network, before);
});

realTest(
  "repeated repair steps change nothing; only `ip rule add` fails with File exists",
  async () => {
    await using network = await holdNamespace();
    await buildInstance(network);
    const before = await snapshotWhen(network, isSettled);
    for (const { command } of deletions) await network.run(command);
    const { steps } = repairSteps(await check(network), expected, networkd);
    for (const { argv } of steps) await network.exec(argv);
    for (const { argv } of steps) {
      const { code, stderr } = await network.exec(argv);
      const isRule = argv.includes("rule");
      expect({ argv, code }).toEqual({ argv, code: isRule ? 2 : 0 });
      expect(stderr.trim()).toBe(isRule ? "RTNETLINK answers: File exists" : "");
    }
    await expectNetworkUnchanged(network, before);
  },
);

realTest("wrong routes are replaced, with any metric", async () => {
  await using network = await holdNamespace();
  await buildInstance(network);
  for (const command of [
    "ip -4 route replace default via 10.0.6.7 dev ens6 table 10001",
    "ip -6 route add default via 2001:db8:6::7 dev ens6 table 10001 metric 100",
    "ip -6 route append default via fe80:ec2::1 dev ens5 table 10002",
    "ip -6 route replace unreachable 2001:db8:7::/64 table 10002 metric 50",
  ]) {
    await network.run(command);
  }
  const differences = await check(network);
  expect(differences.map(({ text }) => text)).toEqual([
    "ens6: route default in table 10001 goes via 10.0.6.7 dev ens6, not via 10.0.6.1 dev ens6",
    "ens6: route default in table 10001 goes via 2001:db8:6::7 dev ens6, not via fe80:ec2::1 dev ens6",
    "ens7: route 2001:db8:7::/64 in table 10002 goes to no NIC (packets are dropped), not dev ens7",
    "ens7: route default in table 10002 goes via fe80:ec2::1 dev ens5, not via fe80:ec2::1 dev ens7",
  ]);
  await repair(network, differences);
  expect(await check(network)).toEqual([]);
});

realTest("stale rules of a detached NIC are removed, with any protocol", async () => {
  await using network = await holdNamespace();
  await buildInstance(network);
  const before = await snapshotWhen(network, isSettled);
  await network.run(
    "ip -4 rule add priority 2703 from 10.0.8.10 lookup main suppress_ifgroup 10000",
  );
  await network.run("ip -4 rule add priority 3803 from 10.0.8.10 lookup 10003");
  // the numbers of 0.1.0
  await network.run("ip -4 rule add priority 2003 from 10.0.8.10 to 10.0.0.0/16 lookup 10003");
  await network.run(
    "ip -4 rule add priority 6003 from 10.0.8.10 lookup main suppress_prefixlength 0",
  );
  await network.run("ip -4 rule add priority 10003 from 10.0.8.10 lookup 10003 protocol static");
  await network.run(
    "ip -6 rule add priority 10001 from 2001:db8:6::99 lookup 10001 protocol static",
  );
  const differences = await check(network);
  expect(differences.map(({ what, name }) => [what, name])).toEqual([
    ["stale", null],
    ["stale", null],
    ["stale", null],
    ["stale", null],
    ["stale", null],
    ["stale", "ens6"],
  ]);
  await repair(network, differences);
  await expectNetworkUnchanged(network, before);
});

realTest(
  "a missing address of DHCP is reported, and only the daemon is asked to restore it",
  async () => {
    await using network = await holdNamespace();
    await buildInstance(network);
    await network.run("ip address del 10.0.5.10/24 dev ens5");
    await network.run("ip -6 address del 2001:db8:7::10/128 dev ens7");
    const differences = await check(network);
    const named = differences.filter(({ kind }) => kind === "address").map(({ text }) => text);
    expect(named).toEqual([
      "ens5: address 10.0.5.10 is missing",
      "ens7: address 2001:db8:7::10 is missing",
    ]);
    const { steps } = repairSteps(differences, expected, networkd);
    expect(steps.map(({ argv }) => argv.join(" "))).toEqual([
      "networkctl reconfigure ens5",
      "networkctl reconfigure ens7",
    ]);
  },
);

realTest("an address that failed duplicate address detection is repaired", async () => {
  await using network = await holdNamespace();
  await buildInstance(network);
  await network.run("ip -6 address add 2001:db8:6::20/64 dev far1 nodad");
  await network.run("ip -6 address del 2001:db8:6::20/128 dev ens6");
  await network.run("ip -6 address add 2001:db8:6::20/128 dev ens6 noprefixroute preferred_lft 0");
  const isFound = async () => (await check(network)).length > 0;
  await until("the kernel has found the double address", isFound);
  const differences = await check(network);
  expect(differences.map(({ text }) => text)).toEqual([
    "ens6: address 2001:db8:6::20 is not usable, because duplicate address detection failed",
  ]);
  await repair(network, differences);
  expect(await check(network)).toEqual([]);
  const { addresses } = await readKernel(network);
  const repaired = addresses.find(
    ({ link, address }) => link === "ens6" && address.endsWith("6::20"),
  );
  expect(repaired).toMatchObject({ isDuplicate: false, prefixLength: 128 });
});
