import type { Host } from "../../host/host.ts";
import { parseMac } from "../../model/address.ts";
import type { Link } from "../../model/link.ts";
import { naturalOrder } from "../../model/natural-order.ts";
import { linkKind } from "./link-kind.ts";

const folder = "/sys/class/net";

/**
 * The machine's links, in natural order of their names. One that goes away while it is read is left
 * out. Source: https://www.kernel.org/doc/Documentation/ABI/testing/sysfs-class-net
 */
export async function readLinks(host: Pick<Host, "files">): Promise<readonly Link[]> {
  const names = await host.files.list(folder);
  const links = await Promise.all(names.map((name) => readLinkUnlessGone(host, name)));
  return links
    .filter((link) => link !== null)
    .toSorted((left, right) => naturalOrder(left.name, right.name));
}

/** A read of a link that just left fails with ENODEV, EINVAL or ENOENT: only what is left counts. */
async function readLinkUnlessGone(host: Pick<Host, "files">, name: string): Promise<Link | null> {
  const link = await readLink(host, name).catch(async (error: unknown) => {
    if ((await host.files.stat(`${folder}/${name}`)) === null) return null;
    throw error;
  });
  return link;
}

async function readLink(host: Pick<Host, "files">, name: string): Promise<Link | null> {
  const path = `${folder}/${name}`;
  // `bonding_masters` lies in the same folder and is a file.
  if ((await host.files.stat(path))?.kind === "file") return null;
  const text = (file: string) => readText(host, `${path}/${file}`);
  const [children, type, flags, uevent, address, permanent, device, driver] = await Promise.all([
    host.files.list(path),
    text("type"),
    text("flags"),
    text("uevent"),
    text("address"),
    text("bonding_slave/perm_hwaddr"),
    host.files.readLink(`${path}/device`),
    host.files.readLink(`${path}/device/driver`),
  ]);
  if (type === null) return null;
  return {
    name,
    // A bond gives its own address to its slaves, so that they all look alike.
    mac: macOf(permanent ?? address ?? ""),
    kind: linkKind({ children, type, flags, uevent, hasDevice: device !== null }),
    driver: baseName(driver),
    busAddress: baseName(device),
  };
}

async function readText(host: Pick<Host, "files">, path: string): Promise<string | null> {
  const bytes = await host.files.read(path);
  return bytes === null ? null : new TextDecoder().decode(bytes).trim();
}

/** All zeros is what `lo` and some tunnels have in place of an address. */
function macOf(text: string): string | null {
  const mac = parseMac(text);
  return mac === "00:00:00:00:00:00" ? null : mac;
}

function baseName(path: string | null): string | null {
  return path?.split("/").at(-1) ?? null;
}
