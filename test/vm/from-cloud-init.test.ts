import { expect, setDefaultTimeout } from "bun:test";
import { blockBelow } from "../kit/basics/documents.ts";
import type { EniSpec } from "../../scripts/simulator/scenario/eni-spec.ts";
import type { OwnBackend } from "../kit/vm/image/backends.ts";
import { bootVm } from "../kit/vm/boot-vm.ts";
import { vmTestsMissing } from "../kit/vm/missing.ts";
import { untilIdle } from "../kit/vm/scenario/until-idle.ts";
import type { Vm } from "../kit/vm/vm.ts";
import { settledFailures } from "../kit/machine/checks/settled-table.ts";
import { untilAddresses } from "../kit/machine/checks/until-addresses.ts";
import { testUnless } from "../kit/basics/skip.ts";

setDefaultTimeout(1_200_000);

const there = blockBelow("docs/cookbook.md", "from-cloud-init.test.ts runs this -->");
const back = blockBelow("docs/cookbook.md", "from-cloud-init.test.ts goes back by this -->");

/**
 * With its hotplug, which is off by default, and for the guest's driver. What else would fail in this
 * image is off: it has no sshd, and no partition to grow.
 */
const settings = `updates: {network: {when: [boot, hotplug]}}
ssh_genkeytypes: []
resize_rootfs: false
`;
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

/** docs/decisions/primary-without-rules.md */
const isKnown = (row: string): boolean => /^ens5 .* neighbour in 10\.0\.1\.0/.test(row);

const itsFile = "/etc/netplan/50-cloud-init.yaml";
const look = "find /etc ! -path '/etc/ec2nic*' -name '*ec2nic*'";
const rules = "ls /etc/udev/rules.d | grep cloud-init-hook";

async function untilQuiet(vm: Vm, addresses: readonly string[]): Promise<void> {
  await untilIdle(vm);
  await untilAddresses(vm, addresses, 90_000);
}

async function isOurs(vm: Vm): Promise<void> {
  const { failed } = await settledFailures({ ...vm, machine: vm }, isKnown);
  expect(failed.filter((row) => !isKnown(row))).toEqual([]);
  const check = await vm.exec(["ec2nic", "activate", "--check"]);
  expect(check).toMatchObject({ code: 0, stdout: "no difference\n" });
}

testUnless(vmTestsMissing("trixie"))(
  "trixie: from cloud-init with its hotplug to ec2nic, and back, by the cookbook's lines",
  async () => {
    await using vm = await bootVm({ suite: "trixie", backend: cloudInit, enis: [first] });
    // it writes its rule at a boot
    await vm.reboot();
    expect(await vm.run(["sh", "-c", rules])).toContain("hotplug");
    const before = await vm.exec(["ec2nic", "hotplug", "--install", "--dry-run"]);
    expect(before.stdout).toContain("cloud-init's hotplug");

    await vm.run(["sh", "-euc", there], { timeoutMs: 120_000 });
    const written = await vm.read(itsFile);
    await untilQuiet(vm, one);
    await vm.attach(second);
    await untilQuiet(vm, two);
    await isOurs(vm);
    expect((await vm.exec(["sh", "-c", rules])).stdout).toBe("");
    await vm.reboot();
    await untilQuiet(vm, two);
    await isOurs(vm);
    expect(await vm.read(itsFile)).toBe(written);

    // the reboot is the lab's
    await vm.run(["sh", "-euc", back.replace(/^reboot\n/m, "")], { timeoutMs: 60_000 });
    await vm.reboot();
    await untilAddresses(vm, two, 90_000);
    expect((await vm.exec(["sh", "-c", look])).stdout).toBe("");
    expect(await vm.run(["sh", "-c", rules])).toContain("hotplug");
    expect(await vm.read(itsFile)).toContain("10.0.1.11");
    expect(await vm.run(["systemctl", "is-enabled", "cloud-init-hotplugd.socket"])).toContain(
      "enabled",
    );
  },
);
