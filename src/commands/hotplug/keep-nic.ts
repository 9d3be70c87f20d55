import type { Host } from "../../host/host.ts";
import { timeoutFrom } from "../../imds/protocol/settings.ts";
import type { KnownLink } from "../../model/link.ts";
import { isOfEarlierBoot, whyNeverGone } from "../../plan/presence/arrival.ts";
import { awaitBootRun } from "./await-boot-run.ts";
import { bringBack } from "./bring-back.ts";
import type { HotplugOptions } from "./options.ts";
import { lookForRemovals, type SeenNics } from "../configure/find-removed.ts";
import { reportNothing } from "./report-nothing.ts";
import { changesMachine } from "../../apply/require-rights.ts";

/**
 * A NIC that came and was here before: its driver was reloaded, or the machine boots with what an
 * earlier boot configured, and nothing is new. Asks IMDS nothing. Gives the exit status; null: it is
 * another NIC, or nothing is known of it, or something of it has just changed. Throws what the
 * activation throws.
 */
export async function keepNic(
  host: Host,
  options: HotplugOptions,
  link: KnownLink,
): Promise<number | null> {
  const seen = await lookAfterBootRun(host, options, link);
  if (seen === null) return null;
  const { state, devices, notes } = seen;
  const reason = whyNeverGone({ link, files: state.files, devices, notes });
  if (reason === null) return null;
  const failure = await bringBack(host, options, link);
  if (failure !== null) throw failure;
  const nic = { mac: link.mac, name: link.name, eni: null, outcome: "kept", reason } as const;
  return reportNothing(host, options, [nic]);
}

/**
 * At a boot udev tells of NICs that the boot's own run is about to look at. What that finds as it has
 * to be is what an earlier boot configured, and needs no second look, and no watch at each boot. A NIC
 * without files waits for nobody; null: of one whose files that run wrote, more may come.
 */
async function lookAfterBootRun(
  host: Host,
  options: HotplugOptions,
  link: KnownLink,
): Promise<SeenNics | null> {
  const seen = await lookForRemovals(host, options.root);
  const isOld = isOfEarlierBoot({ link, files: seen.state.files, notes: seen.notes });
  if (!isOld || !changesMachine(options)) return seen;
  await awaitBootRun(host, timeoutFrom(options));
  const after = await lookForRemovals(host, options.root);
  const note = after.notes.find(({ mac }) => mac === link.mac);
  return note?.hadFiles === true ? after : null;
}
