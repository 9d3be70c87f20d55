import type { Host } from "../../host/host.ts";
import type { RequiredReachability } from "../../apply/verify-reachable.ts";
import { readDefaultRoutes } from "../../inspect/kernel/default-routes.ts";
import type { InterruptedRun } from "../../model/run-records.ts";
import type { ImdsSettings } from "../../imds/protocol/settings.ts";
import type { Link } from "../../model/link.ts";
import { type ImdsContext, withImds } from "../../imds/open-imds.ts";

interface ReachabilityInputs {
  /** null if the primary NIC has no link on this machine. */
  readonly primary: Link | null;
  /** The settings of this run's session with IMDS; null if there was no session. */
  readonly settings: ImdsSettings | null;
  /** true if IMDS answered over the kernel's routes; after the run, it must still do so. */
  readonly isRouted: boolean;
  readonly interruptedRun: InterruptedRun | null;
}

/** The time limit for all requests of one check together. */
const imdsCheckTimeoutMs = 2000;

/**
 * Reads what makes the machine reachable before a plan is applied: default routes, and whether IMDS
 * was used. After an interrupted run, the default routes are those from before that run. Returns
 * null if the link of the primary NIC is not known.
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

/** Whether IMDS gives a new token, and a value for this token, over a new connection. */
async function checkImdsAnswers(
  host: Host,
  settings: ImdsSettings,
  isRouted: boolean,
): Promise<boolean> {
  const paths = isRouted ? "routing-only" : "any";
  const checkSettings = { ...settings, timeoutMs: imdsCheckTimeoutMs, dhcp: false, paths } as const;
  const readMac = async ({ session }: ImdsContext): Promise<boolean> => {
    return (await session.get(["meta-data", "mac"]).catch(() => null)) !== null;
  };
  return withImds(host, checkSettings, readMac);
}
