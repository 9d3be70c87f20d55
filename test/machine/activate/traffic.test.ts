import { expect } from "bun:test";
import type { EniSpec } from "../../../scripts/simulator/scenario/eni-spec.ts";
import { images } from "../../kit/machine/images.ts";
import { startInstance } from "../../kit/machine/vpc/instance.ts";
import { machineTest } from "../../kit/machine/machine-test.ts";
import { expectNoDifference } from "../../kit/machine/checks/nothing-to-do.ts";
import { pingThrough } from "../../kit/machine/checks/ping-through.ts";
import { unexpectedFailures } from "../../kit/machine/checks/unexpected-failures.ts";
import { untilAddresses } from "../../kit/machine/checks/until-addresses.ts";
import { outside } from "../../kit/machine/vpc/vpc-hosts.ts";

const testMachine = machineTest();

/**
 * Images that configure only the primary. The catch-all of other images gives a new NIC a default
 * route with a better metric than the primary's, before ec2nic runs, and packets are lost by that.
 */
const primaryOnly = {
  networkd: {
    ...images.networkd,
    files: {
      "/etc/systemd/network/99-image.network": "[Match]\nName=ens5\n\n[Network]\nDHCP=yes\n",
    },
  },
  netplan: {
    ...images.netplan,
    files: {
      "/etc/netplan/50-image.yaml": {
        content:
          "network:\n  version: 2\n  ethernets:\n    ens5:\n      dhcp4: true\n      dhcp6: true\n",
        mode: 0o600,
      },
    },
  },
  "network-manager": {
    ...images["network-manager"],
    files: {
      "/etc/NetworkManager/conf.d/10-image.conf": "[main]\nno-auto-default=*\n",
      "/etc/NetworkManager/system-connections/image.nmconnection": {
        content:
          "[connection]\nid=image\ntype=ethernet\ninterface-name=ens5\n\n[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=auto\n",
        mode: 0o600,
      },
    },
  },
};

/** Secondary addresses and prefixes; the third shares the second's subnet; the fourth has only IPv6. */
const four: readonly EniSpec[] = [
  { device: 0, dualStack: true, ipv4: ["10.0.0.10", "10.0.0.11"] },
  {
    device: 1,
    dualStack: true,
    ipv4: ["10.0.1.10", "10.0.1.11"],
    ipv4Prefixes: ["10.0.1.64/28"],
    ipv6Prefixes: ["2600:1f14:ec2:101:1::/80"],
  },
  {
    device: 2,
    ipv4: ["10.0.1.30", "10.0.1.31"],
    ipv6: ["2600:1f14:ec2:101::30", "2600:1f14:ec2:101::31"],
    subnetCidr: "10.0.1.0/24",
    subnetIpv6Cidrs: ["2600:1f14:ec2:101::/64"],
  },
  { device: 3, ipv4: [], ipv6: ["2600:1f14:ec2:103::10"] },
];
const addressesOf = (enis: readonly EniSpec[]): readonly string[] =>
  enis.flatMap(({ ipv4 = [], ipv6, dualStack, device }) => [
    ...ipv4,
    ...(ipv6 ?? (dualStack ? [`2600:1f14:ec2:10${device}::10`] : [])),
  ]);

for (const [backend, image] of Object.entries(images)) {
  testMachine(
    `${backend}: packets pass between every address of four ENIs and every host, both ways`,
    async () => {
      await using instance = await startInstance({ enis: four, ...image });
      await untilAddresses(instance.machine, ["10.0.0.10"]);
      const { code, stderr } = await instance.machine.exec(["ec2nic", "activate"]);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      await untilAddresses(instance.machine, addressesOf(four));
      const { rows, unexpected } = await unexpectedFailures(instance);
      console.log(`${backend}: ${rows} rows`);
      expect(unexpected).toEqual([]);
    },
  );
}

for (const [backend, image] of Object.entries(primaryOnly)) {
  testMachine(
    `${backend}: the primary loses no ping while other NICs are added, changed and removed`,
    async () => {
      const enis = four.slice(0, 1);
      await using instance = await startInstance({ enis, ...image });
      const { machine, vpc } = instance;
      await untilAddresses(machine, ["10.0.0.10"]);
      await machine.run(["ec2nic", "activate"]);
      await untilAddresses(machine, addressesOf(enis));
      const ping = await pingThrough(instance, { address: "10.0.0.10" });
      const added = await vpc.attach(machine, { device: 1, dualStack: true });
      await machine.run(["ec2nic", "activate"]);
      await untilAddresses(machine, ["10.0.1.10"]);
      await vpc.change({ device: 1, dualStack: true, ipv4: ["10.0.1.10", "10.0.1.11"] });
      await machine.run(["ec2nic", "activate"]);
      await untilAddresses(machine, ["10.0.1.11"]);
      await vpc.detach(added.mac);
      await machine.run(["ec2nic", "activate"]);
      const { lost, sent } = await ping.stop();
      expect(lost).toBe(0);

      const own = await pingThrough(instance, { address: "10.0.0.10" });
      await vpc.change({ ...four[0], device: 0, ipv4: ["10.0.0.10", "10.0.0.11", "10.0.0.12"] });
      await machine.run(["ec2nic", "activate"]);
      await untilAddresses(machine, ["10.0.0.12"]);
      const enough = own.answered() + 20;
      await machine.until("twenty more answers", () => own.answered() >= enough);
      const changed = await own.stop();
      console.log(
        `${backend}: no ping of ${sent} lost; the primary's own file changes: ${changed.lost} of ${changed.sent} lost, ${changed.longestLoss} in sequence`,
      );
      // the packets of a second
      expect(changed.longestLoss).toBeLessThan(20);
    },
  );
}

for (const [backend, image] of Object.entries(images)) {
  testMachine(
    `${backend}: a second ENI's addresses reach a bridge that only the main table has (docker0)`,
    async () => {
      const enis = four.slice(0, 2);
      await using instance = await startInstance({ enis, ...image });
      const { machine } = instance;
      await untilAddresses(machine, ["10.0.0.10"]);
      await machine.run(["ec2nic", "activate"]);
      await untilAddresses(machine, addressesOf(enis));
      for (const command of [
        "ip link add docker0 type bridge",
        "ip address add 172.17.0.1/16 dev docker0",
        "ip link set docker0 up",
        "ip netns add container",
        "ip link add veth0 type veth peer name eth0 netns container",
        "ip link set veth0 master docker0 up",
        "ip -n container address add 172.17.0.2/16 dev eth0",
        "ip -n container link set eth0 up",
        "ip -n container route add default via 172.17.0.1",
      ]) {
        await machine.run(command.split(" "));
      }
      for (const address of ["10.0.1.10", "10.0.1.11"]) {
        const ping = ["ping", "-c1", "-W2", "-I", address];
        expect((await machine.exec([...ping, "172.17.0.2"])).code).toBe(0);
        expect((await machine.exec([...ping, outside.ipv4])).code).toBe(0);
      }
      await expectNoDifference(machine);
      expect((await machine.exec(["ec2nic", "activate"])).code).toBe(0);
      expect(await machine.run(["ip", "-o", "address", "show", "docker0"])).toContain(
        "172.17.0.1/16",
      );
    },
  );
}
