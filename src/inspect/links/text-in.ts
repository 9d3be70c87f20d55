import type { Host } from "../../host/host.ts";

/**
 * What a file of the kernel's or a daemon's says; "" where it is not there or cannot be read: what
 * it is about may go away at any moment, and a few of sysfs fail with EINVAL by design.
 */
export async function textIn(host: Pick<Host, "files">, path: string): Promise<string> {
  const bytes = await host.files.read(path).catch(() => null);
  return new TextDecoder().decode(bytes ?? new Uint8Array());
}
