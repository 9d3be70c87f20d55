import type { Host } from "../../host/host.ts";

/**
 * The names of the links of a device, sorted. A driver that has the bus device itself (ENA, ixgbevf,
 * Xen's vif) puts `net/` right below it; virtio has a device of its own in between.
 */
export async function linksBelow(
  host: Pick<Host, "files">,
  device: string,
): Promise<readonly string[]> {
  const children = await host.files.list(device);
  const between = children.filter((name) => /^virtio\d+$/.test(name));
  const folders = [device, ...between.map((name) => `${device}/${name}`)];
  const found = await Promise.all(folders.map((folder) => host.files.list(`${folder}/net`)));
  return found.flat().toSorted();
}
