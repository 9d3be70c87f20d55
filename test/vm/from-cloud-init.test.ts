import { expect, setDefaultTimeout } from "bun:test";
import { blockBelow } from "../kit/basics/documents.ts";
import type { EniSpec } from "../../scripts/simulator/scenario/eni-spec.ts";
import type { OwnBackend } from "../kit/vm/image/backends.ts";
import { bootVm } from "../kit/vm/boot-vm.ts";
import { vmLimitMs, vmTestsMissing } from "../kit/vm/missing.ts";
import { untilIdle } from "../kit/vm/scenario/until-idle.ts";
import type { Vm } from "../kit/vm/vm.ts";
import { expectNoDifference } from "../kit/machine/checks/nothing-to-do.ts";
import { unexpectedFailures } from "../kit/machine/checks/unexpected-failures.ts";
import { untilAddresses } from "../kit/machine/checks/until-addresses.ts";
import { testUnless } from "../kit/basics/skip.ts";

setDefaultTimeout(vmLimitMs);

const migrate = blockBelow("docs/cookbook.md", "from-cloud-init.test.ts runs this -->");
const goBack = blockBelow("docs/cookbook.md", "from-cloud-init.test.ts goes back by this -->");

/**
 * Switches on the hot-plug of cloud-init, which is off by default. The other settings switch off what
 * would fail in this image, which has no sshd and no partition to grow.
 */
const settings = `updates: {network: {when: [boot, hotplug]}}
ssh_genkeytypes: []
resize_rootfs: false
`;
/** cloud-init of Debian; the driver of the guest's NICs is added to its list of drivers. */
const cloudInit: OwnBackend = {
  packages: ["cloud-init"],
  files: { "/etc/cloud/cloud.cfg.d/90-image.cfg": { content: settings, mode: 0o644 } },
  script: `export SYSTEMD_OFFLINE=1
systemctl --quiet enable systemd-networkd.service systemd-resolved.service cloud-init-hotplugd.socket
sed -i 's/ena|ixgbevf/&|virtio_net/' /usr/lib/python3/dist-packages/cloudinit/sources/DataSourceEc2.py
`,
};

const first: EniSpec = { device: 0, dualStack: true };
const second: EniSpec = { device: 1, ipv4: ["10.0.1.10", "10.0.1.11"] };
const one = ["10.0.0.10", "2600:1f14:ec2:100::10"];
const two = [...one, "10.0.1.10", "10.0.1.11"];

const cloudInitFile = "/etc/netplan/50-cloud-init.yaml";
const findOurs = "find /etc ! -path '/etc/ec2nic*' -name '*ec2nic*'";
const rules = "ls /etc/udev/rules.d | grep cloud-init-hook";

async function untilConfigured(vm: Vm, addresses: readonly string[]): Promise<void> {
  await untilIdle(vm);
  await untilAddresses(vm, addresses);
}

/** Asserts that packets pass, and that the configuration is that of ec2nic. */
async function expectOurs(vm: Vm): Promise<void> {
  expect((await unexpectedFailures({ ...vm, machine: vm })).unexpected).toEqual([]);
  await expectNoDifference(vm);
}

testUnless(vmTestsMissing("trixie"))(
  "trixie: the commands of the cookbook migrate from cloud-init with hot-plug to ec2nic and back",
  async () => {
    await using vm = await bootVm({ suite: "trixie", backend: cloudInit, enis: [first] });
    // cloud-init writes its udev rule at a boot
    await vm.reboot();
    expect(await vm.run(["sh", "-c", rules])).toContain("hotplug");
    const before = await vm.exec(["ec2nic", "hotplug", "--install", "--dry-run"]);
    expect(before.stdout).toContain("cloud-init's hotplug");

    await vm.run(["sh", "-euc", migrate]);
    const written = await vm.read(cloudInitFile);
    await untilConfigured(vm, one);
    await vm.attach(second);
    await untilConfigured(vm, two);
    await expectOurs(vm);
    expect((await vm.exec(["sh", "-c", rules])).stdout).toBe("");
    await vm.reboot();
    await untilConfigured(vm, two);
    await expectOurs(vm);
    expect(await vm.read(cloudInitFile)).toBe(written);

    // without its reboot: the test itself reboots the guest
    await vm.run(["sh", "-euc", goBack.replace(/^reboot\n/m, "")]);
    await vm.reboot();
    await untilAddresses(vm, two);
    expect((await vm.exec(["sh", "-c", findOurs])).stdout).toBe("");
    expect(await vm.run(["sh", "-c", rules])).toContain("hotplug");
    expect(await vm.read(cloudInitFile)).toContain("10.0.1.11");
    expect(await vm.run(["systemctl", "is-enabled", "cloud-init-hotplugd.socket"])).toContain(
      "enabled",
    );
  },
);
