import { describe, expect, test } from "bun:test";
import type { NicEvent } from "../../../../src/model/hotplug.ts";
import { type EventFlags, parseNicEvent } from "../../../../src/plan/presence/parse-udev-event.ts";
import { readEvents } from "../../../kit/udev-events/read-events.ts";

const none: EventFlags = { action: null, nic: null, mac: null, devpath: null };
const mac = "06:aa:bb:cc:dd:01";

/** An event as a short text. */
function describeEvent(event: NicEvent): string {
  if (event.kind === "irrelevant") return event.kind;
  if (event.kind === "device-removed") return `${event.kind} ${event.device}`;
  if (event.kind === "link-removed") return `${event.kind} ${event.name}`;
  const { selector } = event;
  if (selector.kind !== "device") return `added by ${selector.kind}`;
  return `added ${selector.path.split("/").slice(3).join("/")}${selector.name ? ` as ${selector.name}` : ""}`;
}

/** What the events of a step mean, in their order, without the irrelevant ones. */
function meaning(which: "virtio" | "vmxnet3", step: string, from: "KERNEL" | "UDEV") {
  const events = readEvents(which).filter((each) => each.step === step && each.from === from);
  expect(events.length).toBeGreaterThan(1);
  return events
    .map(({ env }) => describeEvent(parseNicEvent(env, none)))
    .filter((x) => x !== "irrelevant");
}

describe("every event of a virtio NIC", () => {
  const at = "0000:00:06.0/virtio3";
  test.each([
    ["device_add eni1", [`added ${at} as ens6`]],
    ["device_del eni1", ["link-removed ens6", "device-removed 0000:00:06.0"]],
    ["modprobe -r virtio_net", ["link-removed ens6", "link-removed ens5"]],
    ["modprobe virtio_net", ["added 0000:00:05.0/virtio0 as ens5", `added ${at} as ens6`]],
    ["sysfs unbind virtio_net <- virtio3", ["link-removed ens6"]],
    ["sysfs unbind virtio-pci <- 0000:00:06.0", ["link-removed ens6"]],
  ])("%s", (step, expected) => {
    expect(meaning("virtio", step, "UDEV")).toEqual(expected);
    const byKernel = expected.map((each) => each.replace(/ as .*/, ""));
    expect(meaning("virtio", step, "KERNEL")).toEqual(byKernel);
  });
});

describe("every event of a NIC whose driver binds to the PCI device", () => {
  const added = ["added 0000:00:06.0 as ens6"];
  const unloaded = ["link-removed ens6"];
  const gone = ["link-removed ens6", "device-removed 0000:00:06.0"];
  test.each([
    ["device_add eni1", added],
    ["modprobe -r virtio_net", unloaded],
    ["modprobe virtio_net", added],
    ["modprobe -r && modprobe (back to back)", [...unloaded, ...added]],
    ["sysfs unbind vmxnet3 <- 0000:00:06.0", unloaded],
    ["sysfs bind vmxnet3", added],
    ["sysfs pci remove", gone],
    ["sysfs pci rescan", added],
    ["device_del eni1", gone],
    ["device_add eni1 again", added],
  ])("%s", (step, expected) => expect(meaning("vmxnet3", step, "UDEV")).toEqual(expected));
});

test("the tests above cover every recorded step", () => {
  const steps = (which: "virtio" | "vmxnet3") =>
    new Set(readEvents(which).map(({ step }) => step)).size;
  expect([steps("virtio"), steps("vmxnet3")]).toEqual([6, 10]);
});

const net = { SUBSYSTEM: "net", ACTION: "add" };
test.each([
  ["a Xen NIC is added", { ...net, DEVPATH: "/devices/vif-1/net/eth1" }, "added "],
  [
    "a Xen NIC is removed",
    { ACTION: "remove", SUBSYSTEM: "xen", DEVPATH: "/devices/vif-1" },
    "device-removed vif-1",
  ],
  [
    "a Xen disk is removed",
    { ACTION: "remove", SUBSYSTEM: "xen", DEVPATH: "/devices/vbd-768" },
    "irrelevant",
  ],
  [
    "a PCI disk is removed",
    { ACTION: "remove", SUBSYSTEM: "pci", DEVPATH: "/devices/x", PCI_CLASS: "10802" },
    "irrelevant",
  ],
  [
    "a PCI bridge (class 06) with subclass 02 is no network device",
    { ACTION: "remove", SUBSYSTEM: "pci", DEVPATH: "/devices/x", PCI_CLASS: "60200" },
    "irrelevant",
  ],
  [
    "a virtio NIC without PCI is removed",
    {
      ACTION: "remove",
      SUBSYSTEM: "virtio",
      DEVPATH: "/devices/platform/a.virtio_mmio/virtio0",
      MODALIAS: "virtio:d00000001v00001AF4",
    },
    "device-removed virtio0",
  ],
  [
    "a virtio disk is removed",
    {
      ACTION: "remove",
      SUBSYSTEM: "virtio",
      DEVPATH: "/devices/platform/a.virtio_mmio/virtio1",
      MODALIAS: "virtio:d00000002v00001AF4",
    },
    "irrelevant",
  ],
  [
    "a veth, a bridge or a VLAN is added",
    { ...net, DEVPATH: "/devices/virtual/net/br0" },
    "irrelevant",
  ],
  [
    "a veth is removed",
    { ...net, ACTION: "remove", DEVPATH: "/devices/virtual/net/veth1" },
    "irrelevant",
  ],
  ["a NIC is changed", { ...net, ACTION: "change", DEVPATH: "/devices/vif-1/net/x" }, "irrelevant"],
  [
    "a queue of a NIC is added",
    { ...net, SUBSYSTEM: "queues", DEVPATH: "/devices/vif-1/net/eth0/queues/rx-0" },
    "irrelevant",
  ],
])("%s", (_, env, expected) => {
  expect(describeEvent(parseNicEvent(env, none)).startsWith(expected)).toBe(true);
});

test("without SUBSYSTEM a set INTERFACE identifies a link", () => {
  const env = { DEVPATH: "/devices/vif-1/net/eth1", INTERFACE: "eth1" };
  for (const ACTION of ["add", "remove"]) {
    const expected = parseNicEvent({ ...env, ACTION, SUBSYSTEM: "net" }, none);
    expect(parseNicEvent({ ...env, ACTION }, none)).toEqual(expected);
  }
  const virtual = { ...env, ACTION: "add", DEVPATH: "/devices/virtual/net/eth1" };
  expect(parseNicEvent(virtual, none).kind).toBe("irrelevant");
});

test("the device of a Xen NIC is directly below the bus", () => {
  const event = parseNicEvent({ ...net, DEVPATH: "/devices/vif-1/net/eth1" }, none);
  const selector = { kind: "device", path: "/devices/vif-1", name: null } as const;
  expect(event).toEqual({ kind: "added", selector });
});

describe("an event from flags", () => {
  const add = { ...none, action: "add" } as const;
  const remove = { ...none, action: "remove" } as const;
  const device = (path: string) => ({
    kind: "added" as const,
    selector: { kind: "device" as const, path, name: null },
  });
  const bus = (address: string) => ({
    kind: "added" as const,
    selector: { kind: "bus" as const, address },
  });
  const cases: readonly (readonly [EventFlags, NicEvent])[] = [
    [
      { ...add, nic: "eth1" },
      { kind: "added", selector: { kind: "name", name: "eth1" } },
    ],
    [
      { ...add, mac: mac.toUpperCase() },
      { kind: "added", selector: { kind: "mac", mac } },
    ],
    [{ ...add, devpath: "/devices/a/net/eth1" }, device("/devices/a")],
    [{ ...add, devpath: "/sys/devices/a/net/eth1" }, device("/devices/a")],
    [{ ...add, devpath: "/sys/devices/virtual/net/eth1" }, device("/devices/virtual/net/eth1")],
    [{ ...add, devpath: "/sys/devices/a/0000:00:06.0" }, device("/devices/a/0000:00:06.0")],
    [{ ...add, devpath: "0000:00:06.0_1214" }, bus("0000:00:06.0")],
    [{ ...add, devpath: "0000:00:06.0" }, bus("0000:00:06.0")],
    [{ ...add, devpath: "vif-1_7" }, bus("vif-1")],
    [{ ...add, devpath: "vif-1_" }, bus("vif-1")],
    [{ ...add, devpath: "virtio3_7" }, bus("virtio3")],
    [
      { ...remove, nic: "eth1" },
      { kind: "link-removed", name: "eth1", mac: null },
    ],
    [
      { ...remove, mac },
      { kind: "link-removed", name: null, mac },
    ],
    [
      { ...remove, devpath: "/devices/vif-1" },
      { kind: "device-removed", device: "vif-1" },
    ],
    [
      { ...remove, devpath: "vif-1_7" },
      { kind: "device-removed", device: "vif-1" },
    ],
    [remove, { kind: "device-removed", device: null }],
  ];
  test.each(cases)("%j is an event", (flags, expected) => {
    expect(parseNicEvent({}, flags)).toEqual(expected);
  });

  test("flags override the environment", () => {
    const env = { ACTION: "remove", SUBSYSTEM: "net", DEVPATH: "/devices/vif-0/net/eth0" };
    const flags = { ...add, nic: "eth1" };
    expect(parseNicEvent(env, flags)).toEqual(parseNicEvent({}, flags));
  });

  test("the environment names the NIC if the flags have only the action", () => {
    const env = { SUBSYSTEM: "net", DEVPATH: "/devices/vif-0/net/eth0" };
    expect(parseNicEvent(env, add)).toEqual(device("/devices/vif-0"));
  });

  test.each<readonly [EventFlags, string]>([
    [none, "no action given, and none in udev's environment"],
    [add, "hotplug add: no NIC given"],
    [{ ...none, nic: "eth1" }, "--nic eth1: no action given (add or remove)"],
    [{ ...none, devpath: "vif-1" }, "--devpath vif-1: no action given (add or remove)"],
    [{ ...add, mac: "06:aa" }, "--mac 06:aa: not a MAC"],
    [{ ...add, devpath: "/etc/passwd" }, "--devpath /etc/passwd: not a device"],
    [{ ...add, devpath: "/devices/../../etc" }, "--devpath /devices/../../etc: not a device"],
    [{ ...add, devpath: ".." }, "--devpath ..: not a device"],
    [{ ...add, devpath: "" }, "--devpath : not a device"],
  ])("%j is refused: %s", (flags, message) => {
    // an environment with only one of both variables is not that of udev
    for (const env of [{}, { SUBSYSTEM: "net" }, { DEVPATH: "/devices/x" }]) {
      const usage = expect.objectContaining({ kind: "USAGE", message });
      expect(() => parseNicEvent(env, flags)).toThrow(usage);
    }
  });
});
