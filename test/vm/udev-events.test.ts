import { expect, setDefaultTimeout } from "bun:test";
import { eni } from "../../scripts/simulator/scenario/eni-spec.ts";
import { bootVm } from "../kit/vm/boot-vm.ts";
import { vmLimitMs, vmTestsMissing } from "../kit/vm/missing.ts";
import { untilNic } from "../kit/vm/scenario/until-nic.ts";
import type { Vm } from "../kit/vm/vm.ts";
import { suites } from "../kit/machine/root-file-system.ts";
import { testUnless } from "../kit/basics/skip.ts";
import { readEvents } from "../kit/udev-events/read-events.ts";

setDefaultTimeout(vmLimitMs);

/** A driver whose device is below the PCI device, and one that drives the PCI device, like ENA. */
const kinds = [
  { recorded: "virtio", model: "virtio-net-pci", module: "virtio_net" },
  { recorded: "vmxnet3", model: "vmxnet3", module: "vmxnet3" },
] as const;

type Kind = (typeof kinds)[number];

/** The steps of the recording, by name, and the functions that repeat them here. */
const steps: readonly {
  readonly step: string;
  readonly act: (vm: Vm, kind: Kind) => Promise<unknown>;
}[] = [
  {
    step: "device_add eni1",
    act: async (vm, { model }) => {
      await vm.attach({ device: 1 }, { model });
      await untilNic(vm, "ens6");
    },
  },
  {
    step: "modprobe -r virtio_net",
    act: (vm, { module }) => vm.run(["modprobe", "-r", module]),
  },
  {
    step: "modprobe virtio_net",
    act: async (vm, { module }) => {
      await vm.run(["modprobe", module]);
      await untilNic(vm, "ens6");
    },
  },
  { step: "device_del eni1", act: (vm) => vm.detach(eni({ device: 1 }).mac) },
];

interface ShownEvent {
  readonly from: "KERNEL" | "UDEV";
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The events from the kernel or from udev about a PCI device and all devices below it, in order,
 * without the numbers of devices, which depend on other devices.
 */
function summarize(
  events: readonly ShownEvent[],
  source: ShownEvent["from"],
  slot: string,
): readonly string[] {
  return events
    .filter(({ from }) => from === source)
    .filter(({ env }) => ["pci", "virtio", "net"].includes(env["SUBSYSTEM"] ?? ""))
    .filter(({ env }) => env["DEVPATH"]?.includes(`/0000:00:${slot}.0`))
    .map(({ env }) =>
      ["ACTION", "SUBSYSTEM", "DEVPATH", "INTERFACE", "INTERFACE_OLD", "ID_RENAMING", "DRIVER"]
        .map((name) => env[name] ?? "-")
        .join(" ")
        .replaceAll(/virtio\d+/g, "virtio")
        .replaceAll(/eth\d+/g, "eth"),
    );
}

for (const suite of suites) {
  const testVm = testUnless(vmTestsMissing(suite));
  for (const kind of kinds) {
    testVm(`${suite}, ${kind.model}: the udev events of a NIC are the recorded ones`, async () => {
      await using vm = await bootVm({
        suite,
        backend: "networkd",
        enis: [{ device: 0, dualStack: true }],
        program: null,
      });
      const recorded = readEvents(kind.recorded);
      for (const { step, act } of steps) {
        const events = await vm.eventsOf(() => act(vm, kind));
        const recordedEvents = recorded.filter((event) => event.step === step);
        for (const source of ["KERNEL", "UDEV"] as const) {
          const expected = summarize(recordedEvents, source, "06");
          expect(expected.length).toBeGreaterThan(1);
          const actual = summarize(events, source, "06");
          expect({ step, source, events: actual }).toEqual({ step, source, events: expected });
        }
      }
      expect(await vm.failedUnits()).toEqual([]);
    });
  }
}
