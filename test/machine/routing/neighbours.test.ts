import { expect } from "bun:test";
import type { EniSpec } from "../../../scripts/simulator/scenario/eni-spec.ts";
import { expectNoDifference } from "../../kit/machine/checks/nothing-to-do.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";
import { images } from "../../kit/machine/images.ts";
import type { Machine } from "../../kit/machine/machine.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { outside } from "../../kit/machine/vpc/vpc-hosts.ts";

// What one NIC does to the others: the default routes in main, and the files.

const suite = process.env["SUITE"] === "bookworm" ? "bookworm" : "trixie";
const testMachine = machineTest(suite);

const primary: EniSpec = { device: 0, dualStack: true };
const second: EniSpec = { device: 1, dualStack: true, ipv4: ["10.0.1.10", "10.0.1.11"] };

/** The networkd of the image gives every NIC 100, as netplan and NetworkManager do by default. */
const metric = "[DHCPv4]\nRouteMetric=100\n\n[IPv6AcceptRA]\nRouteMetric=100\n";
const catchAll = {
  ...images,
  networkd: {
    ...images.networkd,
    files: {
      "/etc/systemd/network/99-image.network": `[Match]\nName=ens*\n\n[Network]\nDHCP=yes\n\n${metric}`,
    },
  },
};

for (const [backend, image] of Object.entries(catchAll)) {
  testMachine(
    `${backend} (${suite}): a NIC that only the image configures takes nothing from the primary`,
    async () => {
      await using instance = await startInstance({ enis: [primary], suite, ...image });
      const { machine, vpc } = instance;
      await untilAddresses(machine, ["10.0.0.10"]);
      await machine.run(["ec2nic", "activate"]);
      await untilAddresses(machine, ["10.0.0.10", "2600:1f14:ec2:100::10"]);
      const { mac } = await vpc.attach(machine, second);
      await machine.until("the image gives the new NIC a default route in main", async () => {
        const routes = await defaultsOf(machine, "ens6");
        return routes.length === 2;
      });
      for (const host of [outside.ipv4, outside.ipv6]) {
        expect(await machine.run(["ip", "route", "get", host])).toContain(" dev ens5 ");
        expect((await machine.exec(["ping", "-c1", "-W5", host])).code).toBe(0);
      }
      const { sources } = await vpc.dropped(mac);
      expect(sources.filter((source) => !source.startsWith("fe80:"))).toEqual([]);
    },
  );

  testMachine(
    `${backend} (${suite}): a change of one NIC writes and changes only files of this NIC`,
    async () => {
      await using instance = await startInstance({ enis: [primary, second], suite, ...image });
      const { machine, vpc } = instance;
      await untilAddresses(machine, ["10.0.0.10", "10.0.1.10"]);
      await machine.run(["ec2nic", "activate"]);
      await untilAddresses(machine, ["10.0.1.11"]);
      const digits = vpc.enis()[1]?.mac.replaceAll(":", "") ?? "";
      const others = async () => (await filesOf(machine)).filter((line) => !line.includes(digits));
      const before = await others();
      expect(before.length).toBeGreaterThan(0);
      const changes: readonly Partial<EniSpec>[] = [
        { ipv4: ["10.0.1.10", "10.0.1.11", "10.0.1.12"], ipv4Prefixes: ["10.0.1.64/28"] },
        {},
      ];
      for (const change of changes) {
        await vpc.change({ ...second, ...change });
        const { stdout } = await machine.exec(["ec2nic", "activate", "--json"]);
        const { plan } = JSON.parse(stdout);
        const paths: string[] = plan.write.map(({ path }: { readonly path: string }) => path);
        expect(paths.length).toBeGreaterThan(0);
        expect(paths.filter((path) => !path.includes(digits))).toEqual([]);
        expect(await others()).toEqual(before);
      }
      await vpc.attach(machine, { device: 2 });
      await machine.until("activate writes files of the new NIC", async () => {
        const { stdout } = await machine.exec(["ec2nic", "activate", "--json"]);
        return JSON.parse(stdout).plan.write.length > 0;
      });
      const third = vpc.enis()[2]?.mac.replaceAll(":", "") ?? "";
      expect((await others()).filter((line) => !line.includes(third))).toEqual(before);
    },
  );

  testMachine(
    `${backend} (${suite}): no-secondary-defaults keeps a second ENI's default out of main, and the ENI usable`,
    async () => {
      const policy = { "/etc/ec2nic/policy": "no-secondary-defaults # another VPC\n" };
      await using instance = await startInstance({
        enis: [primary, second],
        suite,
        ...image,
        files: { ...image.files, ...policy },
      });
      const { machine } = instance;
      await untilAddresses(machine, ["10.0.0.10", "10.0.1.10"]);
      await machine.run(["ec2nic", "activate"]);
      await untilAddresses(machine, ["10.0.1.11", "2600:1f14:ec2:101::10"]);
      await machine.until("main has only the primary's default routes", async () => {
        const [own, other] = [await defaultsOf(machine, "ens5"), await defaultsOf(machine, "ens6")];
        return own.length === 2 && other.length === 0;
      });
      for (const address of ["10.0.1.10", "10.0.1.11", "2600:1f14:ec2:101::10"]) {
        const host = address.includes(":") ? outside.ipv6 : outside.ipv4;
        const ping = ["ping", "-c1", "-W5", "-I", address, host];
        expect({ ping, ...(await machine.exec(ping)) }).toMatchObject({ code: 0 });
      }
      const fetch = ["ec2nic", "fetch", "instance-id", "--interface", "ens6"];
      expect(await machine.run(fetch)).toBe("i-0ec20000000000001\n");
      await expectNoDifference(machine);
      await machine.write("/etc/ec2nic/policy", "no-secondary-default\n");
      const { code, stderr } = await machine.exec(["ec2nic", "activate"]);
      expect(code).toBe(78);
      expect(stderr).toContain('/etc/ec2nic/policy:1: "no-secondary-default" is not a known word');
    },
  );
}

/** The default routes through a NIC in main, of both families. */
async function defaultsOf({ run }: Pick<Machine, "run">, nic: string): Promise<readonly string[]> {
  const script = 'ip -4 route show default dev "$1"; ip -6 route show default dev "$1"';
  const shown = await run(["sh", "-ec", script, "sh", nic]);
  return shown.split("\n").filter((line) => line.startsWith("default"));
}

/** Path, time of the last change and checksum of every file of ec2nic. */
async function filesOf({ run }: Pick<Machine, "run">): Promise<readonly string[]> {
  const script =
    "find /etc/netplan /etc/NetworkManager /etc/systemd -type f -path '*ec2nic*' 2>/dev/null | sort | " +
    'while read -r path; do echo "$path $(stat -c %y "$path") $(sha256sum <"$path")"; done';
  return (await run(["sh", "-c", script])).split("\n").filter((line) => line !== "");
}
