import type { Host } from "../../host/host.ts";
import type { RequiredReachability } from "../../apply/verify-reachable.ts";
import { readDefaultRoutes } from "../../inspect/kernel/default-routes.ts";
import type { InterruptedRun } from "../../model/run-records.ts";
import type { ImdsSettings } from "../../imds/protocol/settings.ts";
import type { Link } from "../../model/link.ts";
import { type ImdsContext, openLinks, noLinks, withImds } from "../../imds/open-imds.ts";

interface ReachabilityInputs {
  /** The primary NIC's link; null: it is not here. */
  readonly primary: Link | null;
  /** How IMDS was asked in this run, and answered; null: it was not asked. */
  readonly settings: ImdsSettings | null;
  /** It answered by the kernel's own routing, and so it must afterwards. */
  readonly isRouted: boolean;
  readonly interruptedRun: InterruptedRun | null;
}

/** One look takes no longer than this. */
const imdsCheckTimeoutMs = 2000;

/**
 * What makes the machine reachable now. Where a run was killed in the middle, what stood before
 * that one counts. null: the primary NIC is not known here.
 */
export async function readReachability(
  host: Host,
  inputs: ReachabilityInputs,
): Promise<RequiredReachability | null> {
  const { primary, settings, isRouted, interruptedRun } = inputs;
  const reachability =
    interruptedRun?.reachability ?? (await readCurrentReachability(host, primary));
  if (reachability === null) return null;
  return {
    ...reachability,
    imdsAnswers: settings === null ? null : () => checkImdsAnswers(host, settings, isRouted),
  };
}

async function readCurrentReachability(host: Host, primary: Link | null) {
  if (primary === null) return null;
  return { link: primary.name, routes: await readDefaultRoutes(host, primary.name) };
}

/** Whether a new token can be had and read with, over a new connection. */
async function checkImdsAnswers(
  host: Host,
  settings: ImdsSettings,
  isRouted: boolean,
): Promise<boolean> {
  const checkSettings = { ...settings, timeoutMs: imdsCheckTimeoutMs, dhcp: false };
  const links = isRouted ? noLinks : openLinks(host, checkSettings);
  const readMac = async ({ session }: ImdsContext): Promise<boolean> => {
    const answer = session.get(["meta-data", "mac"]).catch(() => null);
    return (await answer) !== null;
  };
  return withImds(host, checkSettings, readMac, links);
}
