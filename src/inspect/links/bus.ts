import type { FileHost } from "../../host/host.ts";
import type { BusDevice } from "../../model/link.ts";
import { baseName } from "../../model/text.ts";
import { readText, unlessGone } from "../read-file.ts";
import { listDeviceLinks } from "./find-link.ts";

type IsNic = (host: FileHost, path: string) => boolean | Promise<boolean>;

const buses: readonly { readonly directory: string; readonly isNic: IsNic }[] = [
  { directory: "/sys/bus/pci/devices", isNic: isPciNic },
  { directory: "/sys/bus/xen/devices", isNic: (_, path) => /\/vif-\d+$/.test(path) },
  { directory: "/sys/bus/virtio/devices", isNic: isStandaloneVirtioNic },
];

/**
 * The NICs on the machine's buses, sorted by bus and address. The kernel removes a device from the
 * directory of its bus before it sends the event of the removal (drivers/base/core.c, device_del),
 * so the handler of that event does not find it. A device removed while it is read is left out.
 */
export async function readBus(host: FileHost): Promise<readonly BusDevice[]> {
  const found = await Promise.all(
    buses.map(async ({ directory, isNic }) => {
      const paths = (await host.files.list(directory)).map((name) => `${directory}/${name}`);
      return Promise.all(
        paths.map((path) => unlessGone(host, path, () => readDevice(host, path, isNic))),
      );
    }),
  );
  return found.flat().filter((device) => device !== null);
}

async function readDevice(host: FileHost, path: string, isNic: IsNic): Promise<BusDevice | null> {
  if (!(await isNic(host, path))) return null;
  const driver = await host.files.readLink(`${path}/driver`);
  const links = await listDeviceLinks(host, path);
  const stat = await host.files.stat(path);
  if (stat === null) return null;
  const driverName = driver === null ? null : baseName(driver);
  return { address: baseName(path), inode: stat.inode, driver: driverName, links };
}

const amazonVendorId = "0x1d0f";

/**
 * A NIC has the class 02, network. An EFA device also has it, but never has a link, so it is left
 * out (Linux, drivers/infiniband/hw/efa/efa_main.c: 0xefa0 and following).
 */
async function isPciNic(host: FileHost, path: string): Promise<boolean> {
  const read = async (file: string) => ((await readText(host, `${path}/${file}`)) ?? "").trim();
  if (!(await read("class")).startsWith("0x02")) return false;
  const [vendor, device] = await Promise.all([read("vendor"), read("device")]);
  return !(vendor === amazonVendorId && device.startsWith("0xefa"));
}

/** A NIC has the type 1 (virtio 1.2, 5). One below a PCI function is read as that PCI function. */
async function isStandaloneVirtioNic(host: FileHost, path: string): Promise<boolean> {
  if ((await host.files.readLink(path))?.includes("/pci") === true) return false;
  const modalias = await readText(host, `${path}/modalias`);
  return modalias?.startsWith("virtio:d00000001v") === true;
}
