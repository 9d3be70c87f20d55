import { inspectBackends, inspectProfiles } from "../../inspect/machine/backends.ts";
import { inspectDns } from "../../inspect/machine/dns.ts";
import { inspectOthers } from "../../inspect/machine/other-files.ts";
import { isThisMachine } from "../../host/target-root.ts";
import { readUnfinished } from "../../apply/interrupted-run.ts";
import type { Host } from "../../host/host.ts";
import { readKernel } from "../../inspect/kernel/kernel-state.ts";
import type { Link } from "../../model/link.ts";
import type { Eni } from "../../model/eni.ts";
import { nicsAmong } from "../../plan/config/match-nics.ts";
import { type RemovalVerdict, whoIsAbsent } from "../../plan/presence/removal.ts";
import type { NetworkFacts } from "../../plan/files/plan-network.ts";
import type { ActivateOptions } from "./options.ts";
import type { Asked } from "./load-enis.ts";
import { chooseStage } from "./stage.ts";
import { lookForRemovals } from "./find-removed.ts";
import type { Gathered } from "../../plan/facts.ts";

/** `all`: what IMDS says is about the machine as a whole; else about these NICs alone, by MAC. */
export type Subject = "all" | readonly string[];

/**
 * What the kernel shows and what lies below the root. Reads only; throws what the readers throw.
 * With a `subject`, NICs of ours whose devices have left the machine are looked for, too; those that
 * IMDS lists and that cannot be here count as gone in any case.
 */
export async function gatherFacts(
  host: Host,
  { root, stage: wish, check, metadata }: ActivateOptions,
  { parsed, leases = {} }: Pick<Asked, "parsed" | "leases">,
  subject: Subject | null = null,
): Promise<Gathered> {
  const { stage, reason: stageReason } = await chooseStage(host, wish, root);
  const isLive = stage === "network";
  const [{ links, state, devices, removals }, backends, others] = await Promise.all([
    lookForRemovals(host, root),
    inspectBackends(host, root),
    inspectOthers(host, root),
  ]);
  const { isInstalled, isRunning } = backends.networkManager;
  const [dns, profiles, kernel, unfinished] = await Promise.all([
    inspectDns(host, root, isInstalled),
    isLive && isRunning ? inspectProfiles(host) : {},
    isLive || (check && isThisMachine(root)) ? readKernel(host) : null,
    isLive ? readUnfinished(host) : null,
  ]);
  // saved metadata and another root are of another machine, or of another time
  const isNow = isLive && metadata === null && isThisMachine(root);
  const listed = isNow ? [...parsed.enis, ...parsed.incomplete] : [];
  const absent = whoIsAbsent(listed, { links, devices });
  const onBus = macsWith("on-bus", removals);
  const gone = subject === null ? [] : macsWith("gone", removals);
  const scope = scopeOf(subject, [...new Set([...gone, ...absent])]);
  const asked = isPart(subject) ? { ...parsed, enis: hereOnly(parsed.enis, links) } : parsed;
  const facts = { ...asked, links, state, onBus, ...(isLive ? { leases } : {}), ...scope };
  const how = { backends, dns, others, profiles, stage, stageReason };
  return { facts, ...how, kernel, unfinished, devices };
}

function macsWith(
  wanted: RemovalVerdict["verdict"],
  removals: readonly RemovalVerdict[],
): readonly string[] {
  return removals.filter(({ verdict }) => verdict === wanted).map(({ mac }) => mac);
}

function isPart(subject: Subject | null): subject is readonly string[] {
  return subject !== null && subject !== "all";
}

/** A NIC of an event may have gone since; the event of that tells what is to be done. */
function hereOnly(enis: readonly Eni[], links: readonly Link[]): readonly Eni[] {
  const here = new Set(nicsAmong(links).map(({ mac }) => mac));
  return enis.filter(({ mac }) => here.has(mac));
}

function scopeOf(subject: Subject | null, gone: readonly string[]): Pick<NetworkFacts, "scope"> {
  if (subject === null && gone.length === 0) return {};
  const macs = isPart(subject) ? [...subject, ...gone] : null;
  return { scope: { macs, gone } };
}
