import { expect, setDefaultTimeout } from "bun:test";
import { machineLimitMs } from "../../kit/machine/machine-test.ts";
import type { EniSpec } from "../../../scripts/simulator/scenario/eni-spec.ts";
import { cloudInitNetplan } from "../../kit/machine/cloud-init-netplan.ts";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineMissing } from "../../kit/machine/missing.ts";
import { rootFileSystem } from "../../kit/machine/root-file-system.ts";
import { unexpectedFailures } from "../../kit/machine/checks/unexpected-failures.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(machineLimitMs);
const testMachine = testUnless(machineMissing("trixie"));

const enis: readonly EniSpec[] = [
  { device: 0, dualStack: true, ipv4: ["10.0.0.10", "10.0.0.11"] },
  { device: 1, dualStack: true, ipv4: ["10.0.1.10", "10.0.1.11"] },
];
const catchAll = {
  content:
    'network:\n  version: 2\n  ethernets:\n    all-en:\n      match:\n        name: "en*"\n      dhcp4: true\n',
  mode: 0o600,
};

/**
 * With the files of cloud-init, packets from the primary to the subnet of the second NIC fail, and
 * packets from the second NIC's IPv6 address.
 */
const failsWithCloudInit = (row: string): boolean =>
  /^ens5 .* neighbour in 10\.0\.1\.0/.test(row) || row.startsWith("ens6 2600:");

testMachine(
  "with the files of cloud-init more packets of two dual-stack ENIs fail than with those of ec2nic",
  async () => {
    await rootFileSystem("trixie");
    const failed: Record<string, readonly string[]> = {};
    for (const program of ["cloud-init", "ec2nic"]) {
      await using instance = await startInstance({
        suite: "trixie",
        enis,
        enable: ["systemd-networkd.service"],
        files: { "/etc/netplan/50-image.yaml": catchAll },
      });
      const { machine } = instance;
      await untilAddresses(machine, ["10.0.0.10"]);
      const metadata = JSON.parse(await machine.run(["ec2nic", "fetch", "--json"]));
      if (program === "cloud-init") {
        const names = { "06:ec:2a:00:00:00": "ens5", "06:ec:2a:00:00:01": "ens6" };
        const yaml = await cloudInitNetplan(metadata, names);
        await machine.write("/etc/netplan/50-cloud-init.yaml", yaml, 0o600);
        await machine.remove("/etc/netplan/50-image.yaml");
        await machine.run(["netplan", "generate"]);
        await machine.run(["networkctl", "reload"]);
      } else await machine.run(["ec2nic", "activate"]);
      await untilAddresses(machine, [
        "10.0.0.10",
        "10.0.1.10",
        "10.0.1.11",
        "2600:1f14:ec2:101::10",
      ]);
      const mayFail = program === "ec2nic" ? () => false : failsWithCloudInit;
      const { rows, failed: failedRows } = await unexpectedFailures(instance, mayFail);
      failed[program] = failedRows;
      console.log(
        `${program}: ${failedRows.length} of ${rows} rows fail\n  ${failedRows.join("\n  ")}`,
      );
    }
    const ownFailures = failed["ec2nic"] ?? [];
    expect(ownFailures).toEqual([]);
    expect(failed["cloud-init"]?.length).toBeGreaterThan(ownFailures.length);
  },
);
