import { expect, test } from "bun:test";
import { systemFiles } from "../../../../src/host/files.ts";
import { readLinks } from "../../../../src/inspect/links/links.ts";
import { type SysFolder, sysfs } from "../../../kit/host/sysfs.ts";

const mac = "06:aa:bb:cc:dd:01";
const ethernet = { type: "1\n", flags: "0x1003\n", address: `${mac}\n`, uevent: "INTERFACE=x\n" };
/** `device` is a link to another folder of sysfs; here its driver is beside it. */
const ena = {
  ...ethernet,
  device: { link: "../../../0000:00:05.0" },
  "device/driver": { link: "../../../../bus/pci/drivers/ena" },
};
const devtype = (name: string) => ({ ...ethernet, uevent: `DEVTYPE=${name}\nINTERFACE=x\n` });

async function readOne(folder: SysFolder) {
  const files = sysfs({ x: folder });
  // A path can go through a symbolic link.
  const readLink = async (path: string) => {
    const target = folder["device/driver"];
    const isLink = typeof target === "object" && "link" in target;
    const isDriver = path.endsWith("/device/driver") && isLink && typeof target.link === "string";
    return isDriver ? target.link : files.readLink(path);
  };
  const [link] = await readLinks({ files: { ...files, readLink } });
  return link;
}

test("a NIC has a MAC, a driver and a bus address", async () => {
  expect(await readOne(ena)).toEqual({
    name: "x",
    mac,
    kind: "device",
    driver: "ena",
    busAddress: "0000:00:05.0",
  });
});

// Read on Linux 6.18 and 6.1, in a network namespace with one link of each kind.
test.each([
  ["loopback", { ...ethernet, type: "772\n", address: "00:00:00:00:00:00\n", flags: "0x9\n" }],
  ["veth", ethernet],
  ["other", { ...ethernet, flags: "0x82\n" }],
  ["bridge", devtype("bridge")],
  ["bridge", { ...ethernet, bridge: {} }],
  ["bond", devtype("bond")],
  ["bond", { ...ethernet, bonding: {} }],
  ["vlan", { ...devtype("vlan"), lower_eth0: { link: "../eth0" } }],
  ["macvlan", { ...ethernet, lower_eth0: { link: "../eth0" } }],
  ["macvlan", devtype("macvlan")],
  ["macvlan", devtype("ipvlan")],
  ["tunnel", { ...devtype("vxlan"), lower_eth0: { link: "../eth0" } }],
  ["tunnel", { ...ethernet, tun_flags: "0x1002\n" }],
  ["tunnel", { ...devtype("wireguard"), type: "65534\n" }],
  ["tunnel", devtype("geneve")],
  ["tunnel", devtype("ppp")],
  ["tunnel", { ...ethernet, type: "776\n" }],
  ["other", { ...devtype("vrf"), lower_eth0: { link: "../eth0" } }],
  ["other", devtype("something-new")],
  ["device", { ...ena, uevent: "DEVTYPE=wlan\n" }],
] as const)("the kind of a link is %s", async (kind, folder) => {
  expect((await readOne(folder))?.kind).toBe(kind);
});

test("a MAC of zeros, an empty one, and one longer than Ethernet's is null", async () => {
  for (const address of ["00:00:00:00:00:00\n", "", "80:00:02:08:fe:80:00:00:00:00:00:00\n"]) {
    expect((await readOne({ ...ethernet, address }))?.mac).toBeNull();
  }
});

test("the MAC of a bond slave is its permanent MAC", async () => {
  const slave = { ...ena, bonding_slave: { perm_hwaddr: "06:aa:bb:cc:dd:99\n" } };
  expect((await readOne(slave))?.mac).toBe("06:aa:bb:cc:dd:99");
});

test("readLinks sorts by name in natural order, and ignores files that are no link", async () => {
  const files = sysfs({
    eth10: ethernet,
    eth2: ethernet,
    bonding_masters: "bond0\n",
    lo: ethernet,
  });
  expect((await readLinks({ files })).map(({ name }) => name)).toEqual(["eth2", "eth10", "lo"]);
});

test("readLinks returns no links without sysfs", async () => {
  const files = { ...sysfs({}), list: async () => [] };
  expect(await readLinks({ files })).toEqual([]);
});

test("readLinks ignores a link that disappears while it is read", async () => {
  const gone = { ...ethernet, address: new Error("ENODEV: no such device, read") };
  const files = sysfs({ eth0: ethernet, eth1: gone, eth2: {} });
  const stat = async (path: string) => (path.endsWith("/eth1") ? null : files.stat(path));
  expect((await readLinks({ files: { ...files, stat } })).map(({ name }) => name)).toEqual([
    "eth0",
  ]);
});

test("readLinks throws where a present link cannot be read", async () => {
  const files = sysfs({ eth0: { ...ethernet, address: new Error("EIO") } });
  await expect(readLinks({ files })).rejects.toThrow("EIO");
});

test("readLinks finds the loopback of this machine", async () => {
  const links = await readLinks({ files: systemFiles });
  expect(links).toContainEqual({
    name: "lo",
    mac: null,
    kind: "loopback",
    driver: null,
    busAddress: null,
  });
});
