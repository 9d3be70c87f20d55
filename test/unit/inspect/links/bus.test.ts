import { expect, test } from "bun:test";
import { systemFiles } from "../../../../src/host/files.ts";
import { readBus } from "../../../../src/inspect/links/bus.ts";
import { nicRecordsPath, readNicRecords } from "../../../../src/inspect/nic-records.ts";
import { saveNicRecords } from "../../../../src/apply/save-nic-records.ts";
import { fakeFiles } from "../../../kit/host/fake-host.ts";
import { type SysFolder, sysTree } from "../../../kit/host/sysfs.ts";

const nic = { class: "0x020000\n", vendor: "0x1d0f\n", device: "0xec20\n" };
const driver = (name: string) => ({ driver: { link: `../../../bus/pci/drivers/${name}` } });
const read = (bus: SysFolder) => readBus({ files: sysTree({ bus }) });

test("readBus finds the link of ENA in the PCI device, of virtio below it, and of Xen's vif on the Xen bus", async () => {
  const devices = await read({
    pci: {
      devices: {
        "0000:00:05.0": { ...nic, ...driver("ena"), net: { ens5: {} } },
        "0000:00:06.0": { ...nic, ...driver("virtio-pci"), virtio3: { net: { ens6: {} } } },
      },
    },
    virtio: {
      devices: {
        virtio3: {
          link: "../../../devices/pci0000:00/0000:00:06.0/virtio3",
        },
      },
    },
    xen: { devices: { "vbd-768": {}, "vif-1": { ...driver("vif"), net: { eth1: {} } } } },
  });
  expect(devices).toEqual([
    { address: "0000:00:05.0", inode: 7, driver: "ena", links: ["ens5"] },
    { address: "0000:00:06.0", inode: 7, driver: "virtio-pci", links: ["ens6"] },
    { address: "vif-1", inode: 7, driver: "vif", links: ["eth1"] },
  ]);
});

test("readBus lists a device without a driver, without links", async () => {
  const devices = await read({ pci: { devices: { "0000:00:06.0": nic } } });
  expect(devices).toEqual([{ address: "0000:00:06.0", inode: 7, driver: null, links: [] }]);
});

test("readBus ignores disks and EFA devices, which never have a link", async () => {
  const devices = {
    "0000:00:04.0": { ...nic, class: "0x010802\n" },
    "0000:00:07.0": { ...nic, device: "0xefa1\n", ...driver("efa") },
  };
  expect(await read({ pci: { devices } })).toEqual([]);
});

test("readBus lists a virtio NIC without PCI, and no virtio disk", async () => {
  const devices = {
    virtio0: { modalias: "virtio:d00000001v00001AF4\n", net: { eth0: {} } },
    virtio1: { modalias: "virtio:d00000002v00001AF4\n" },
  };
  const files = sysTree({ bus: { virtio: { devices } } });
  const readLink = async (path: string) =>
    /virtio\d$/.test(path) ? "../../../devices/platform/virtio0" : null;
  expect(await readBus({ files: { ...files, readLink } })).toEqual([
    { address: "virtio0", inode: 7, driver: null, links: ["eth0"] },
  ]);
});

test("readBus lists a virtio NIC below PCI once, by its PCI device", async () => {
  const modalias = "virtio:d00000001v00001AF4\n";
  const net = { ens6: {} };
  const files = sysTree({
    bus: {
      pci: { devices: { "0000:00:06.0": { ...nic, virtio3: { net } } } },
      virtio: { devices: { virtio3: { modalias, net } } },
    },
  });
  const readLink = async (path: string) =>
    path.endsWith("/virtio3") ? "../../../devices/pci0000:00/0000:00:06.0/virtio3" : null;
  const devices = await readBus({ files: { ...files, readLink } });
  expect(devices.map(({ address }) => address)).toEqual(["0000:00:06.0"]);
});

test("readBus ignores a device that disappears while it is read, and throws every other error", async () => {
  const broken = { ...nic, class: new Error("ENODEV") };
  const files = sysTree({ bus: { pci: { devices: { "0000:00:06.0": broken } } } });
  await expect(readBus({ files })).rejects.toThrow("ENODEV");
  expect(await readBus({ files: { ...files, stat: async () => null } })).toEqual([]);
});

test("readBus reads the buses of this machine", async () => {
  for (const { address } of await readBus({ files: systemFiles })) expect(address).not.toBe("");
});

test("saveNicRecords writes changed records only, with mode 0600", async () => {
  const files = fakeFiles();
  const mac = "06:aa:bb:cc:dd:01";
  const link = { name: "ens5", mac, kind: "device", driver: "ena", busAddress: null } as const;
  const device = { address: "0000:00:05.0", inode: 7 };
  const nothing = {
    devices: [],
    nics: [],
    removed: [],
    settled: [],
    unsettled: [],
    foundUnchanged: [],
    written: [],
  };
  const devices = [{ ...device, driver: "ena", links: ["ens5"] }];
  const seen = { ...nothing, devices, nics: [link] };
  await saveNicRecords({ files }, seen);
  expect(await readNicRecords({ files })).toEqual([
    { mac, name: "ens5", device, isSettled: false, foundUnchanged: null },
  ]);
  expect(files.there.get(nicRecordsPath)?.mode).toBe(0o600);
  const write = () => Promise.reject(new Error("written again"));
  await saveNicRecords({ files: { ...files, write } }, seen);
  await saveNicRecords({ files }, { ...nothing, removed: [mac] });
  expect(await readNicRecords({ files })).toEqual([]);
});
