import type { Host } from "../../host/host.ts";
import { readText } from "../read-file.ts";
import type { BusDevice } from "../../model/link.ts";
import { listDeviceLinks } from "./find-link.ts";

type FileHost = Pick<Host, "files">;
type IsNic = (host: FileHost, name: string) => Promise<boolean>;

const buses: readonly { readonly directory: string; readonly isNic: IsNic }[] = [
  { directory: "/sys/bus/pci/devices", isNic: isPciNic },
  { directory: "/sys/bus/xen/devices", isNic: async (_, name) => /^vif-\d+$/.test(name) },
  { directory: "/sys/bus/virtio/devices", isNic: isStandaloneVirtioNic },
];

/**
 * The NICs on the machine's buses, sorted by bus and address. The kernel takes a device out of its
 * bus's folder before it tells of the removal (drivers/base/core.c, device_del), so that an event's
 * handler no longer finds it. A device that goes away while it is read is left out.
 */
export async function readBus(host: FileHost): Promise<readonly BusDevice[]> {
  const found = await Promise.all(
    buses.map(async ({ directory, isNic }) => {
      const names = await host.files.list(directory);
      const devices = names.map((name) => readDevice(host, { directory, name, isNic }));
      return Promise.all(devices);
    }),
  );
  return found.flat().filter((device) => device !== null);
}

interface BusEntry {
  readonly directory: string;
  readonly name: string;
  readonly isNic: IsNic;
}

/** As with links, a read of what just left may fail in several ways: only what is left counts. */
async function readDevice(host: FileHost, entry: BusEntry): Promise<BusDevice | null> {
  const path = `${entry.directory}/${entry.name}`;
  return readPresentDevice(host, entry, path).catch(async (error: unknown) => {
    if ((await host.files.stat(path)) === null) return null;
    throw error;
  });
}

async function readPresentDevice(
  host: FileHost,
  entry: BusEntry,
  path: string,
): Promise<BusDevice | null> {
  if (!(await entry.isNic(host, entry.name))) return null;
  const driver = await host.files.readLink(`${path}/driver`);
  const links = await listDeviceLinks(host, path);
  const stat = await host.files.stat(path);
  if (stat === null) return null;
  const { inode } = stat;
  return { address: entry.name, inode, driver: driver?.split("/").at(-1) ?? null, links };
}

const amazonVendorId = "0x1d0f";

/**
 * Class 02, network. An EFA device is one by its class and never has a link: it is no NIC of ours
 * (Linux, drivers/infiniband/hw/efa/efa_main.c: 0xefa0 and on).
 */
async function isPciNic(host: FileHost, name: string): Promise<boolean> {
  const text = async (file: string) =>
    ((await readText(host, `/sys/bus/pci/devices/${name}/${file}`)) ?? "").trim();
  if (!(await text("class")).startsWith("0x02")) return false;
  const [vendor, device] = await Promise.all([text("vendor"), text("device")]);
  return !(vendor === amazonVendorId && device.startsWith("0xefa"));
}

/** Type 1 is a NIC (virtio 1.2, 5); below a PCI function it is that one's, and is read there. */
async function isStandaloneVirtioNic(host: FileHost, name: string): Promise<boolean> {
  const path = `/sys/bus/virtio/devices/${name}`;
  const target = await host.files.readLink(path);
  if (target?.includes("/pci") === true) return false;
  const modalias = await readText(host, `${path}/modalias`);
  return modalias?.startsWith("virtio:d00000001v") === true;
}
