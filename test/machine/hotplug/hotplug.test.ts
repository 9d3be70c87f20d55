import { beforeAll, expect, setDefaultTimeout } from "bun:test";
import type { EniSpec } from "../../../scripts/simulator/scenario/eni-spec.ts";
import { modestImages as images } from "../../kit/machine/images.ts";
import { type TestInstance, startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineMissing } from "../../kit/machine/missing.ts";
import { pingThrough } from "../../kit/machine/checks/ping-through.ts";
import { rootFileSystem, suites } from "../../kit/machine/root-file-system.ts";
import { settledFailures } from "../../kit/machine/checks/settled-table.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(120_000);
const missing = machineMissing();
const testMachine = testUnless(missing);
/** `SUITE=trixie` for the other. */
const suite = suites.find((each) => each === process.env["SUITE"]) ?? "bookworm";
beforeAll(async () => void (missing ?? (await rootFileSystem(suite))), 600_000);

const primary: EniSpec = { device: 0, dualStack: true };
const second: EniSpec = {
  device: 1,
  dualStack: true,
  ipv4: ["10.0.1.10", "10.0.1.11"],
  late: { ipv6s: 4000, "subnet-ipv6-cidr-blocks": 4000, "vpc-ipv6-cidr-blocks": 4000 },
};
const mac = "06:ec:2a:00:00:01";
const isKnown = (row: string): boolean => /^ens5 .* neighbour in 10\.0\.1\.0/.test(row);

for (const [backend, image] of Object.entries(images)) {
  testMachine(
    `${backend}: a NIC is used when it is usable, gets its IPv6 when that comes, and leaves nothing`,
    async () => {
      await using instance = await startInstance({ suite, enis: [primary], ...image });
      const { machine, vpc } = instance;
      await untilAddresses(machine, ["10.0.0.10"]);
      expect((await machine.exec(["ec2nic", "activate"])).code).toBe(0);
      await untilAddresses(machine, ["10.0.0.10", "2600:1f14:ec2:100::10"]);
      const before = await stateOf(instance);

      const pings = [
        await pingThrough(instance, { address: "10.0.0.10" }),
        await pingThrough(instance, { address: "2600:1f14:ec2:100::10" }),
      ];
      await vpc.attach(machine, second);
      const add = ["ec2nic", "hotplug", "add", "--nic", "ens6", "--settle", "5s", "--json"];
      const added = await machine.exec(add, { timeoutMs: 60_000 });
      expect(added.code).toBe(0);
      const result = JSON.parse(added.stdout);
      console.log(backend, JSON.stringify(result.nics[0].timeline), JSON.stringify(result.imds));
      expect(result).toMatchObject({
        command: "hotplug",
        outcome: "configured",
        nics: [{ mac, name: "ens6", outcome: "configured" }],
      });
      await untilAddresses(machine, ["10.0.1.10", "10.0.1.11", "2600:1f14:ec2:101::10"]);
      const { failed } = await settledFailures(instance, isKnown);
      expect(failed.filter((row) => !isKnown(row))).toEqual([]);
      const again = JSON.parse(await machine.run(["ec2nic", "activate", "--json"]));
      expect({ outcome: again.outcome, steps: again.plan.steps, write: again.plan.write }).toEqual({
        outcome: "unchanged",
        steps: [],
        write: [],
      });

      await vpc.detach(mac, { lingerMs: 60_000 });
      const removed = await machine.exec(["ec2nic", "hotplug", "remove", "--json"]);
      expect(removed.code).toBe(0);
      expect(JSON.parse(removed.stdout)).toMatchObject({
        outcome: "retired",
        nics: [{ mac, outcome: "retired" }],
        imds: null,
      });
      expect(await stateOf(instance)).toEqual(before);
      const lost = await Promise.all(pings.map((ping) => ping.stop()));
      expect(lost.map((each) => each.lost)).toEqual([0, 0]);
    },
  );
}

/** Files of ours, rules, and who is in which table. */
async function stateOf({ machine }: TestInstance) {
  const script =
    "find /etc -name '*ec2nic*' | sort; ip rule; ip -6 rule; ip route show table all | grep -v 'table local\\|proto ra'";
  return (await machine.run(["sh", "-c", script])).split("\n").map((line) => line.trim());
}
