import { expect, setDefaultTimeout } from "bun:test";
import { eni } from "../../scripts/simulator/scenario/eni-spec.ts";
import { bootVm } from "../kit/vm/boot-vm.ts";
import { vmLimitMs, vmTestsMissing } from "../kit/vm/missing.ts";
import type { UdevEvent } from "../kit/vm/scenario/udev-stream.ts";
import { untilIdle } from "../kit/vm/scenario/until-idle.ts";
import { untilNic } from "../kit/vm/scenario/until-nic.ts";
import type { Vm } from "../kit/vm/vm.ts";
import { type Suite, suites } from "../kit/machine/root-file-system.ts";
import { testUnless } from "../kit/basics/skip.ts";
import { renderInstallation } from "../../src/install/units/installation.ts";

setDefaultTimeout(vmLimitMs);
/** The path of the program under test in a guest. */
const guestProgram = "/usr/local/bin/ec2nic";
const logPath = "/run/calls";
const { mac } = eni({ device: 1 });

/** A script in the place of the program, which logs its arguments. */
const standIn = `#!/bin/sh
echo "$*" >>${logPath}
`;

/** The complaints of systemd and udev about the units and rules. */
async function verify(vm: Vm, suite: Suite): Promise<readonly string[]> {
  const units = "cd /etc/systemd/system && systemd-analyze verify --man=no ec2nic-*";
  // bookworm's udevadm has no `verify` (since 254)
  const rules = suite === "bookworm" ? "true" : "udevadm verify /etc/udev/rules.d/90-ec2nic.rules";
  const outputs = await Promise.all(
    [units, rules].map(async (script) => {
      const { code, stdout, stderr } = await vm.exec(["sh", "-c", script]);
      return code === 0 ? stderr : `exited with ${code}: ${stdout}${stderr}`;
    }),
  );
  return outputs.filter((each) => each.includes("ec2nic") || each.includes("exited with"));
}

/** The calls of the program that `act` caused, and the events. */
async function callsOf(
  vm: Vm,
  act: () => Promise<unknown>,
): Promise<{ readonly calls: readonly string[]; readonly events: readonly UdevEvent[] }> {
  await vm.remove(logPath);
  const events = await vm.eventsOf(act);
  await untilIdle(vm);
  const { stdout } = await vm.exec(["cat", logPath]);
  return { calls: stdout.split("\n").filter((line) => line !== ""), events };
}

/** The calls that must follow events of added NICs, with the device that has the driver. */
function expectedCalls(events: readonly UdevEvent[]): readonly string[] {
  return events
    .filter(({ from, env }) => from === "UDEV" && env["SUBSYSTEM"] === "net")
    .filter(({ env }) => /^(?:add|move)$/.test(env["ACTION"] ?? "") && !env["ID_RENAMING"])
    .map(({ env }) => {
      const device = env["DEVPATH"]?.split("/").at(-3) ?? "";
      return `hotplug add --devpath ${device}_${env["SEQNUM"]}`;
    });
}

function summarize(events: readonly UdevEvent[]): readonly string[] {
  return events.map(({ env }) => `${env["ACTION"]} ${env["INTERFACE"] ?? env["DEVPATH"]}`);
}

/** vmxnet3 is not a driver of EC2, but like ENA it drives the PCI device itself. */
const kinds = [
  { model: "virtio-net-pci", module: "virtio_net", change: (rules: string) => rules },
  {
    model: "vmxnet3",
    module: "vmxnet3",
    change: (rules: string) => rules.replace("|virtio_net", "|virtio_net|vmxnet3"),
  },
] as const;

for (const suite of suites) {
  const testVm = testUnless(vmTestsMissing(suite));
  for (const { model, module, change } of kinds) {
    testVm(`${suite}, ${model}: the udev rules start the program for real NICs only`, async () => {
      await using vm = await bootVm({
        suite,
        backend: "networkd",
        enis: [{ device: 0, dualStack: true }],
        program: null,
      });
      await vm.write(guestProgram, standIn, 0o755);
      expect((await callsOf(vm, () => installIn(vm, change))).calls).toEqual([]);
      expect(await verify(vm, suite)).toEqual([]);
      const attach = async (): Promise<void> => {
        await vm.attach({ device: 1 }, { model });
        await untilNic(vm, "ens6");
      };
      const added = await callsOf(vm, attach);
      expect(added.calls).toHaveLength(1);
      expect(added.calls).toEqual(expectedCalls(added.events));
      expect(added.calls[0]).toMatch(
        model === "vmxnet3" ? /path 0000:00:06\.0_\d+$/ : /path virtio\d+_\d+$/,
      );

      const unloaded = await callsOf(vm, () => vm.run(["modprobe", "-r", module]));
      expect(summarize(unloaded.events)).toContain("remove ens6");
      expect(unloaded.calls).toEqual([]);

      const loaded = await callsOf(vm, async () => {
        await vm.run(["modprobe", module]);
        await untilNic(vm, "ens6");
      });
      expect(loaded.calls).toHaveLength(model === "vmxnet3" ? 1 : 2);
      expect(loaded.calls.toSorted()).toEqual(expectedCalls(loaded.events).toSorted());

      for (const action of ["add", "change"]) {
        const trigger = ["udevadm", "trigger", "--settle", `--action=${action}`];
        const subsystems = ["net", "pci", "virtio"].map((name) => `--subsystem-match=${name}`);
        const triggered = await callsOf(vm, () => vm.run([...trigger, ...subsystems]));
        expect(summarize(triggered.events)).toContain(`${action} ens6`);
        expect(triggered.calls).toEqual([]);
      }

      const virtual = await callsOf(vm, async () => {
        for (const words of [
          "bridge0 type bridge",
          "veth0 type veth peer veth1",
          "vlan7 link ens6 type vlan id 7",
          "dummy0 type dummy",
          "macvlan0 link ens5 type macvlan",
        ]) {
          await vm.run(["ip", "link", "add", ...words.split(" ")]);
        }
        for (const name of ["bridge0", "veth0", "vlan7", "dummy0", "macvlan0"])
          await vm.run(["ip", "link", "del", name]);
      });
      expect(expectedCalls(virtual.events)).toHaveLength(6);
      expect(virtual.calls).toEqual([]);

      const removed = await callsOf(vm, () => vm.detach(mac));
      expect(removed.calls).toEqual(["hotplug remove"]);

      const again = await callsOf(vm, attach);
      expect(again.calls).toEqual(expectedCalls(again.events));
      expect(await vm.failedUnits()).toEqual([]);
    });
  }
}

/**
 * Writes udev's rules and the units, and reloads udev and systemd. `change` can change the rules.
 */
async function installIn(
  vm: Pick<Vm, "run" | "write">,
  change: (rules: string) => string = (rules) => rules,
): Promise<void> {
  const { files, links } = renderInstallation(guestProgram, null);
  for (const { path, content, mode } of files) {
    await vm.write(path, path.endsWith(".rules") ? change(content) : content, mode);
  }
  const link = 'mkdir -p "${2%/*}"; ln -sf "$1" "$2"';
  for (const { path, target } of links) await vm.run(["sh", "-c", link, "sh", target, path]);
  await vm.run(["systemctl", "daemon-reload"]);
  await vm.run(["udevadm", "control", "--reload"]);
}
