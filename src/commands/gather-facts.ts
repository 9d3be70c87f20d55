import { inspectBackends } from "../apply/inspect-backends.ts";
import { inspectDns } from "../apply/inspect-dns.ts";
import { inspectOthers } from "../apply/inspect-others.ts";
import { inspectProfiles } from "../apply/inspect-profiles.ts";
import { isThisMachine } from "../apply/under-root.ts";
import { readUnfinished, type Unfinished } from "../apply/unfinished.ts";
import type { Host } from "../host/host.ts";
import { readKernel } from "../kernel/read-kernel.ts";
import type { BackendFacts } from "../net/backend-facts.ts";
import type { BusDevice } from "../net/bus-device.ts";
import type { DnsFacts } from "../net/dns-facts.ts";
import type { KernelState } from "../net/kernel-state.ts";
import type { OtherFile } from "../net/other-file.ts";
import type { RemovalVerdict } from "../plan/judge-removal.ts";
import type { NetworkFacts } from "../plan/plan-network.ts";
import { whoIsAbsent } from "../plan/who-is-absent.ts";
import type { ActivateOptions } from "./activate-options.ts";
import type { Asked } from "./ask-for-enis.ts";
import { chooseStage, type Stage } from "./choose-stage.ts";
import { lookForRemovals } from "./look-for-removals.ts";

/** All that a plan depends on. */
export interface Gathered {
  readonly facts: NetworkFacts;
  readonly backends: BackendFacts;
  readonly dns: DnsFacts;
  readonly others: readonly OtherFile[];
  /** Link's name → uuid of the profile that is up on it. */
  readonly profiles: Readonly<Record<string, string>>;
  readonly stage: Stage;
  readonly stageReason: string;
  /** null: it was not looked at, for files are all there is to do. */
  readonly kernel: KernelState | null;
  /** What a run that was killed left behind. */
  readonly unfinished: Unfinished | null;
  readonly devices: readonly BusDevice[];
}

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
  { parsed }: Pick<Asked, "parsed">,
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
  const facts = { ...parsed, links, state, ...scopeOf(subject, removals, absent) };
  const how = { backends, dns, others, profiles, stage, stageReason };
  return { facts, ...how, kernel, unfinished, devices };
}

function scopeOf(
  subject: Subject | null,
  removals: readonly RemovalVerdict[],
  absent: readonly string[],
): Pick<NetworkFacts, "scope"> {
  if (subject === null) return absent.length === 0 ? {} : { scope: { macs: null, gone: absent } };
  const left = removals.filter(({ verdict }) => verdict === "gone").map(({ mac }) => mac);
  const gone = [...new Set([...left, ...absent])];
  return { scope: { macs: subject === "all" ? null : [...subject, ...gone], gone } };
}
