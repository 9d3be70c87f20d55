import { inspectBackends } from "../apply/inspect-backends.ts";
import { inspectDns } from "../apply/inspect-dns.ts";
import { inspectHost } from "../apply/inspect-host.ts";
import { inspectOthers } from "../apply/inspect-others.ts";
import { inspectProfiles } from "../apply/inspect-profiles.ts";
import { isThisMachine } from "../apply/under-root.ts";
import { readUnfinished, type Unfinished } from "../apply/unfinished.ts";
import type { Host } from "../host/host.ts";
import { readKernel } from "../kernel/read-kernel.ts";
import { readLinks } from "../links/read-links.ts";
import type { BackendFacts } from "../net/backend-facts.ts";
import type { DnsFacts } from "../net/dns-facts.ts";
import type { KernelState } from "../net/kernel-state.ts";
import type { OtherFile } from "../net/other-file.ts";
import type { NetworkFacts } from "../plan/plan-network.ts";
import type { ActivateOptions } from "./activate-options.ts";
import type { Asked } from "./ask-for-enis.ts";
import { chooseStage, type Stage } from "./choose-stage.ts";

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
}

/** What the kernel shows and what lies below the root. Reads only; throws what the readers throw. */
export async function gatherFacts(
  host: Host,
  { root, stage: wish, check }: ActivateOptions,
  { parsed }: Pick<Asked, "parsed">,
): Promise<Gathered> {
  const { stage, reason: stageReason } = await chooseStage(host, wish, root);
  const isLive = stage === "network";
  const [links, state, backends, others] = await Promise.all([
    readLinks(host),
    inspectHost(host, root),
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
  const facts = { ...parsed, links, state };
  return { facts, backends, dns, others, profiles, stage, stageReason, kernel, unfinished };
}
