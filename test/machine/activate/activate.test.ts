import { expect } from "bun:test";
import type { EniSpec } from "../../../scripts/simulator/scenario/eni-spec.ts";
import { images } from "../../kit/machine/images.ts";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { expectNoDifference, expectNothingToDo } from "../../kit/machine/checks/nothing-to-do.ts";
import { unexpectedFailures } from "../../kit/machine/checks/unexpected-failures.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";

const testMachine = machineTest();

const enis: readonly EniSpec[] = [
  { device: 0, dualStack: true, ipv4: ["10.0.0.10", "10.0.0.11"] },
  { device: 1, dualStack: true, ipv4: ["10.0.1.10", "10.0.1.11"], ipv4Prefixes: ["10.0.1.64/28"] },
];

const addresses = enis.flatMap(({ ipv4 = [], device }) => [
  ...ipv4,
  `2600:1f14:ec2:10${device}::10`,
]);

for (const [backend, image] of Object.entries(images)) {
  testMachine(
    `${backend}: after activate packets leave through their ENI, and a second run changes nothing`,
    async () => {
      await using instance = await startInstance({ enis, ...image });
      const { machine } = instance;
      await untilAddresses(machine, ["10.0.0.10"]);

      const first = await machine.exec(["ec2nic", "activate", "--json"]);
      expect(first.code).toBe(0);
      expect(JSON.parse(first.stdout)).toMatchObject({ outcome: "configured", plan: { backend } });
      await untilAddresses(machine, addresses);
      expect((await unexpectedFailures(instance)).unexpected).toEqual([]);
      await expectNothingToDo(machine);
    },
  );
}

testMachine(
  "activate --check names a lost rule, address and route, and activate restores only them",
  async () => {
    await using instance = await startInstance({ enis, ...images.networkd });
    const { machine } = instance;
    await untilAddresses(machine, ["10.0.0.10"]);
    await machine.run(["ec2nic", "activate"]);
    await untilAddresses(machine, addresses);
    for (const command of [
      "ip rule del priority 3801 from 10.0.1.10 lookup 10001",
      "ip address del 10.0.1.11/32 dev ens6",
      "ip route del default table 10001",
    ]) {
      await machine.run(command.split(" "));
    }
    const check = await machine.exec(["ec2nic", "activate", "--check"]);
    expect(check.code).toBe(1);
    for (const words of ["rule 3801 from 10.0.1.10", "10.0.1.11", "default"]) {
      expect(check.stdout).toContain(words);
    }
    const repair = await machine.exec(["ec2nic", "activate", "--json"]);
    expect(repair.code).toBe(0);
    const { plan } = JSON.parse(repair.stdout);
    expect(plan.write).toEqual([]);
    expect(plan.steps).toHaveLength(3);
    await expectNoDifference(machine);
  },
);

testMachine(
  "activate exits with 71 and restores the old files where a backend command fails",
  async () => {
    const broken = { content: "#!/bin/sh\necho invalid configuration >&2\nexit 1\n", mode: 0o755 };
    await using instance = await startInstance({
      enis,
      enable: images.netplan.enable,
      files: { ...images.netplan.files, "/usr/local/sbin/netplan": broken },
    });
    const { machine } = instance;
    await untilAddresses(machine, ["10.0.0.10"]);
    const run = await machine.exec(["ec2nic", "activate", "--backend", "netplan"]);
    expect(run.code).toBe(71);
    expect(run.stderr).toContain("netplan generate: ended with 1: invalid configuration");
    expect(await machine.run(["ls", "/etc/netplan"])).toBe("50-image.yaml\n");
    expect((await machine.exec(["ec2nic", "fetch", "instance-id"])).code).toBe(0);
  },
);
