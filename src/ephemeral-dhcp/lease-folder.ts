import type { Host } from "../host/host.ts";

const folder = "/run/ec2nic/dhcp";

/** Where the notes of the run lie that takes leases. */
export const leaseNotesPath = `${folder}/leases.json`;

/** Held by the run that takes leases; the kernel gives it back when that ends, however it ends. */
export const leaseLockPath = `${folder}/lock`;

/** Whether a run is at work, or was killed: otherwise only the lock lies there, if anything. */
export async function hasLeaseNotes(host: Pick<Host, "files">): Promise<boolean> {
  return (await leaseLeftovers(host)).length > 0;
}

/** What lies there beside the lock. */
export async function leaseLeftovers(host: Pick<Host, "files">): Promise<readonly string[]> {
  const names = await host.files.list(folder).catch(() => []);
  return names.map((name) => `${folder}/${name}`).filter((each) => each !== leaseLockPath);
}

/** Makes the folder for notes and lock. Throws `NOPERM` or `CANTCREAT`. */
export async function makeLeaseFolder(host: Pick<Host, "files">): Promise<void> {
  await host.files.makeFolder(folder, 0o700);
}
