import { beforeAll, expect, setDefaultTimeout } from "bun:test";
import type { EniSpec } from "../../../scripts/simulator/scenario/eni-spec.ts";
import { images } from "../../kit/machine/images.ts";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineMissing } from "../../kit/machine/missing.ts";
import { rootFileSystem } from "../../kit/machine/root-file-system.ts";
import { settledFailures } from "../../kit/machine/checks/settled-table.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(90_000);
const missing = machineMissing();
const testMachine = testUnless(missing);
beforeAll(async () => void (missing ?? (await rootFileSystem("bookworm"))), 600_000);

const enis: readonly EniSpec[] = [
  { device: 0, dualStack: true, ipv4: ["10.0.0.10", "10.0.0.11"] },
  { device: 1, dualStack: true, ipv4: ["10.0.1.10", "10.0.1.11"], ipv4Prefixes: ["10.0.1.64/28"] },
];

const addresses = enis.flatMap(({ ipv4 = [], device }) => [
  ...ipv4,
  `2600:1f14:ec2:10${device}::10`,
]);

/**
 * The primary has no rules (DESIGN: they break containers), and another ENI's connected subnet lies
 * in main: what the primary sends there leaves by the other ENI, and the VPC drops it. The one thing
 * of the table that does not work; every other row must.
 */
const isKnown = (row: string): boolean => /^ens5 .* neighbour in 10\.0\.1\.0/.test(row);

for (const [backend, image] of Object.entries(images)) {
  testMachine(
    `${backend}: packets leave through their ENI, nothing differs, nothing is left to do`,
    async () => {
      await using instance = await startInstance({ enis, ...image });
      const { machine } = instance;
      await untilAddresses(machine, ["10.0.0.10"]);

      const first = await machine.exec(["ec2nic", "activate", "--json"]);
      expect(first.code).toBe(0);
      expect(JSON.parse(first.stdout)).toMatchObject({ outcome: "configured", plan: { backend } });
      await untilAddresses(machine, addresses);
      const { failed } = await settledFailures(instance, isKnown);
      expect(failed.filter((row) => !isKnown(row))).toEqual([]);

      expect(await machine.exec(["ec2nic", "activate", "--check"])).toMatchObject({
        code: 0,
        stdout: "no difference\n",
      });
      const again = await machine.exec(["ec2nic", "activate", "--json"]);
      const { outcome, plan } = JSON.parse(again.stdout);
      expect({ outcome, write: plan.write, steps: plan.steps }).toEqual({
        outcome: "unchanged",
        write: [],
        steps: [],
      });
    },
  );
}

testMachine(
  "a rule, an address and a route that somebody took away: named, and only they come back",
  async () => {
    await using instance = await startInstance({ enis, ...images.networkd });
    const { machine } = instance;
    await untilAddresses(machine, ["10.0.0.10"]);
    await machine.run(["ec2nic", "activate"]);
    await untilAddresses(machine, addresses);
    for (const command of [
      "ip rule del priority 10001 from 10.0.1.10 lookup 10001",
      "ip address del 10.0.1.11/32 dev ens6",
      "ip route del default table 10001",
    ]) {
      await machine.run(command.split(" "));
    }
    const check = await machine.exec(["ec2nic", "activate", "--check"]);
    expect(check.code).toBe(1);
    for (const words of ["rule 10001 from 10.0.1.10", "10.0.1.11", "default"]) {
      expect(check.stdout).toContain(words);
    }
    const repair = await machine.exec(["ec2nic", "activate", "--json"]);
    expect(repair.code).toBe(0);
    const { plan } = JSON.parse(repair.stdout);
    expect(plan.write).toEqual([]);
    expect(plan.steps).toHaveLength(3);
    expect((await machine.exec(["ec2nic", "activate", "--check"])).stdout).toBe("no difference\n");
  },
);

testMachine(
  "a backend command that fails: 71, the old files are back, and the machine is reachable",
  async () => {
    const broken = { content: "#!/bin/sh\necho no such day >&2\nexit 1\n", mode: 0o755 };
    await using instance = await startInstance({
      enis,
      enable: images.netplan.enable,
      files: { ...images.netplan.files, "/usr/local/sbin/netplan": broken },
    });
    const { machine } = instance;
    await untilAddresses(machine, ["10.0.0.10"]);
    const run = await machine.exec(["ec2nic", "activate", "--backend", "netplan"]);
    expect(run.code).toBe(71);
    expect(run.stderr).toContain("netplan generate: ended with 1: no such day");
    expect(await machine.run(["ls", "/etc/netplan"])).toBe("50-image.yaml\n");
    expect((await machine.exec(["ec2nic", "fetch", "instance-id"])).code).toBe(0);
  },
);
