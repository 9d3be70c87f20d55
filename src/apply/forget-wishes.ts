import type { Host } from "../host/host.ts";
import { batchFolder, isThere } from "./join-batch.ts";

/**
 * Takes away what runs that were killed have wished for, or were answered: whoever leads next would
 * see to it, but where all is configured there is nothing to see to, and nobody may lead again. What
 * processes that are there wish for stays. Throws `NOPERM` or `CANTCREAT`.
 */
export async function forgetWishes(host: Pick<Host, "files">): Promise<void> {
  for (const name of await host.files.list(batchFolder)) {
    const id = /^(\d+)\.(?:wish|answer)$/.exec(name)?.[1];
    const isDead = id !== undefined && !(await isThere(host, id));
    if (isDead) await host.files.remove(`${batchFolder}/${name}`);
  }
}
