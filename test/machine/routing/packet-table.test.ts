import { expect } from "bun:test";
import { expectNoDifference } from "../../kit/machine/checks/nothing-to-do.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";
import { images } from "../../kit/machine/images.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import type { Machine } from "../../kit/machine/machine.ts";
import {
  packetRows,
  routedAddresses,
  routedEnis,
  wrongRows,
} from "../../kit/machine/routing/packet-rows.ts";
import { addPeers } from "../../kit/machine/routing/peers.ts";
import { type Situation, situations } from "../../kit/machine/routing/situations.ts";
import { startInstance, type TestInstance } from "../../kit/machine/vpc/instance.ts";
import { outside } from "../../kit/machine/vpc/vpc-hosts.ts";

// Every row of the table in docs/decisions/packet-table.md, by packets: the VPC drops what leaves
// through a wrong NIC, and the TTL of an answer shows who has answered.

const suite = process.env["SUITE"] === "bookworm" ? "bookworm" : "trixie";
const testMachine = machineTest(suite);

/** Ten times what the slowest network needs to settle. */
const settleLimitMs = 60_000;

for (const [backend, image] of Object.entries(images)) {
  testMachine(`${backend} (${suite}): every packet leaves as the packet table says`, async () => {
    await using instance = await startInstance({ enis: routedEnis, suite, ...image });
    const { machine } = instance;
    await untilAddresses(machine, ["10.0.0.10"]);
    await machine.run(["ec2nic", "activate"]);
    await untilAddresses(machine, routedAddresses);
    await addPeers(machine, [outside.ipv4, outside.ipv6]);
    const failed: Record<string, readonly string[]> = {};
    for (const situation of situations) {
      await machine.run(["sh", "-ec", situation.begin.join("\n")]);
      const before = await foreignRouting(machine);
      // By prefix, tables follow main only after a run, which the repair timer starts.
      if (backend === "network-manager") await machine.run(["ec2nic", "activate"]);
      failed[situation.name] = await settledWrongRows(machine, situation);
      await expectNoDifference(machine);
      expect(await foreignRouting(machine)).toEqual(before);
      await machine.run(["sh", "-ec", situation.end.join("\n")]);
    }
    await expectUnmasqueradedThroughPrimary(instance);
    const count = situations.reduce((sum, each) => sum + packetRows(each).length, 0);
    console.log(`${backend} (${suite}): ${count} packets`);
    expect(Object.entries(failed).filter(([, rows]) => rows.length > 0)).toEqual([]);
  });
}

/** The wrong rows once the network has settled: advertisements and neighbours take seconds. */
async function settledWrongRows(machine: Machine, situation: Situation) {
  const endMs = performance.now() + settleLimitMs;
  for (;;) {
    const wrong = await wrongRows(machine, packetRows(situation));
    if (wrong.length === 0 || performance.now() > endMs) return wrong;
    await Bun.sleep(1000);
  }
}

/** A container's packet without masquerading leaves as without us: by main's default route. */
async function expectUnmasqueradedThroughPrimary({ machine, vpc }: TestInstance): Promise<void> {
  const ping = ["ip", "netns", "exec", "container", "ping", "-c1", "-W1", outside.ipv4];
  await machine.exec(ping);
  const [first, second] = await Promise.all(vpc.enis().map(({ mac }) => vpc.dropped(mac)));
  expect(first?.sources).toContain("172.17.0.2");
  expect(second?.sources).not.toContain("172.17.0.2");
}

/** The rules and routes that only other programs can have added. */
async function foreignRouting({ run }: Pick<Machine, "run">): Promise<readonly string[]> {
  const shown = await run([
    "sh",
    "-ec",
    "for family in -4 -6; do ip $family rule; ip $family route show table all; done",
  ]);
  const isForeign = (line: string): boolean =>
    /^(?:5208|5209|5270|3276\d):|vpn0|docker0|br-|198\.51\.100\.|2001:db8:ffff/.test(line) &&
    !/table (?:1000\d|local)|^fe80/.test(line);
  return shown
    .split("\n")
    .filter(isForeign)
    .map((line) => line.replace(/ expires \S+/, ""))
    .toSorted();
}
