import type { Host } from "../../host/host.ts";
import type { Standing } from "../../apply/verify-reachable.ts";
import { readDefaultRoutes } from "../../inspect/kernel/default-routes.ts";
import type { Unfinished } from "../../model/plan.ts";
import type { ImdsSettings } from "../../imds/protocol/settings.ts";
import type { Link } from "../../model/link.ts";
import { type Imds, linksOf, noLinks, withImds } from "../../imds/open-imds.ts";

interface Reach {
  /** The primary NIC's link; null: it is not here. */
  readonly primary: Link | null;
  /** How IMDS was asked in this run, and answered; null: it was not asked. */
  readonly settings: ImdsSettings | null;
  /** It answered by the kernel's own routing, and so it must afterwards. */
  readonly isRouted: boolean;
  readonly unfinished: Unfinished | null;
}

/** One look takes no longer than this. */
const lookMs = 2000;

/**
 * What makes the machine reachable now. Where a run was killed in the middle, what stood before
 * that one counts. null: the primary NIC is not known here.
 */
export async function standingOf(host: Host, reach: Reach): Promise<Standing | null> {
  const { primary, settings, isRouted, unfinished } = reach;
  const stood = unfinished?.standing ?? (await stoodOver(host, primary));
  if (stood === null) return null;
  return {
    ...stood,
    imdsAnswers: settings === null ? null : () => imdsAnswers(host, settings, isRouted),
  };
}

async function stoodOver(host: Host, primary: Link | null) {
  if (primary === null) return null;
  return { link: primary.name, routes: await readDefaultRoutes(host, primary.name) };
}

/** Whether a new token can be had and read with, over a new connection. */
async function imdsAnswers(
  host: Host,
  settings: ImdsSettings,
  isRouted: boolean,
): Promise<boolean> {
  const look = { ...settings, timeoutMs: lookMs, dhcp: false };
  const links = isRouted ? noLinks : linksOf(host, look);
  const ask = async ({ session }: Imds): Promise<boolean> => {
    const answer = session.get(["meta-data", "mac"]).catch(() => null);
    return (await answer) !== null;
  };
  return withImds(host, look, ask, links);
}
