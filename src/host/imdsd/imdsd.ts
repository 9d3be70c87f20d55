import { stat } from "node:fs/promises";
import type { HttpTransport } from "../host.ts";
import { varlinkTransport } from "./varlink-transport.ts";

/** systemd-imdsd@.service(8), since systemd 261. */
const systemSocket = "/run/systemd/io.systemd.InstanceMetadata";

/** IMDS by way of systemd-imdsd; null where there is no such socket. Nothing is asked yet. */
export async function imdsd(socketPath = systemSocket): Promise<HttpTransport | null> {
  const found = await stat(socketPath).catch(() => null);
  return found?.isSocket() === true ? varlinkTransport(socketPath) : null;
}
