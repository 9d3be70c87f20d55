import { expect, test } from "bun:test";
import type { Files } from "../../../../src/host/host.ts";
import { findLink } from "../../../../src/inspect/links/find-link.ts";
import type { LinkSelector } from "../../../../src/model/hotplug.ts";
import { fakeClock, fakeLog } from "../../../kit/host/fake-host.ts";
import { type SysFolder, sysTree } from "../../../kit/host/sysfs.ts";

const mac = "06:aa:bb:cc:dd:01";
const link = { type: "1\n", flags: "0x1003\n", address: `${mac}\n`, device: { link: "../x" } };
const vlan = { ...link, uevent: "DEVTYPE=vlan\n" };
const device = "/devices/pci0000:00/0000:00:06.0";

/** A machine with a virtio NIC whose link is `name`; "": the device has no link; null: no device. */
function machine(name: string | null): SysFolder {
  if (name === null) return { class: { net: {} } };
  const net: SysFolder = name === "" ? {} : { net: { [name]: {} } };
  const function6 = { virtio3: net };
  const virtual = { net: name === "" ? {} : { "a.7": {}, [name]: {} } };
  return {
    class: { net: name === "" ? {} : { [name]: link, "a.7": vlan } },
    bus: { pci: { devices: { "0000:00:06.0": function6 } } },
    devices: { "pci0000:00": { "0000:00:06.0": function6 }, virtual },
  };
}

/** Runs findLink on a machine that changes to the next of `states` at each wait. */
async function find(selector: LinkSelector, states: readonly (string | null)[], deadlineMs = 1000) {
  const clock = fakeClock();
  const now = (): Files =>
    sysTree(machine(states[Math.min(clock.slept.length, states.length - 1)] ?? null));
  const files: Files = {
    ...now(),
    read: (path) => now().read(path),
    list: (path) => now().list(path),
    readLink: (path) => now().readLink(path),
    stat: (path) => now().stat(path),
  };
  const host = { clock, files, log: fakeLog(), signal: new AbortController().signal };
  const found = await findLink(host, selector, deadlineMs);
  const shown = found.kind === "found" ? found.link.name : found.reason;
  return { shown, waits: clock.slept.length };
}

const virtualOf = (name: string): LinkSelector => ({
  kind: "device",
  path: `/devices/virtual/net/${name}`,
  name: null,
});

const byDevice = (name: string | null): LinkSelector => ({
  kind: "device",
  path: `${device}/virtio3`,
  name,
});

const cases: readonly (readonly [
  string,
  LinkSelector,
  readonly (string | null)[],
  string,
  number,
])[] = [
  ["by name", { kind: "name", name: "ens6" }, ["ens6"], "ens6", 0],
  ["by name, late", { kind: "name", name: "ens6" }, [null, "eth0", "ens6"], "ens6", 2],
  ["by MAC, and not the VLAN with the same MAC", { kind: "mac", mac }, [null, "ens6"], "ens6", 1],
  ["by bus address", { kind: "bus", address: "0000:00:06.0" }, ["ens6"], "ens6", 0],
  ["by bus address, late", { kind: "bus", address: "0000:00:06.0" }, ["", "x"], "x", 1],
  ["by its device", byDevice(null), ["eth0"], "eth0", 0],
  ["by its path, without a device", virtualOf("ens6"), ["ens6"], "ens6", 0],
  ["by a path that is gone", virtualOf("ens9"), ["ens6"], "ens9 is gone again", 0],
  [
    "by the device above its device",
    { kind: "device", path: device, name: null },
    ["ens6"],
    "ens6",
    0,
  ],
  ["by device, after udev has renamed it", byDevice("ens6"), ["eth0", "eth0", "ens6"], "ens6", 2],
  ["by device, where udev gives another name", byDevice("ens6"), ["eth0", "lan0"], "lan0", 50],
  ["by a device that is gone, without a wait", byDevice(null), [null], "virtio3 is gone again", 0],
  [
    "by a device that disappears during the wait",
    byDevice("ens6"),
    ["eth0", null],
    "virtio3 is gone again",
    1,
  ],
  [
    "by a bus address without a device",
    { kind: "bus", address: "vif-9" },
    ["ens6"],
    "vif-9 is gone again",
    0,
  ],
  ["by a device that never gets a link", byDevice(null), [""], "virtio3 has no link", 50],
  [
    "by a name that never appears",
    { kind: "name", name: "ens9" },
    ["x"],
    "there is no link called ens9",
    50,
  ],
  [
    "by a MAC that never appears",
    { kind: "mac", mac: "06:00:00:00:00:00" },
    ["x"],
    "no link has the MAC 06:00:00:00:00:00",
    50,
  ],
];

for (const [name, selector, states, shown, waits] of cases) {
  test(name, async () => expect(await find(selector, states)).toEqual({ shown, waits }));
}

test("a signal ends findLink with its reason", async () => {
  const controller = new AbortController();
  controller.abort(new Error("ended"));
  const host = {
    clock: fakeClock(),
    files: sysTree(machine(null)),
    log: fakeLog(),
    signal: controller.signal,
  };
  await expect(findLink(host, { kind: "name", name: "x" }, 1000)).rejects.toThrow("ended");
});
