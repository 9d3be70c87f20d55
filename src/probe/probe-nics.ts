import type { Host } from "../host/host.ts";
import { parseImdsSettings } from "../imds/protocol/settings.ts";
import type { RejectedLink, RankedLink } from "../model/link.ts";
import {
  isReached,
  type ProbedKernel,
  type ProbedNic,
  type ProbedPath,
  type Verdict,
} from "../model/probe.ts";
import { diagnoseNic, diagnoseImdsPath, diagnoseUnboundRouting } from "./diagnose/diagnose.ts";
import {
  collectProbeFacts,
  type CollectedProbeFacts,
  type CollectedNicFacts,
} from "./collect-facts.ts";
import { selectNicsToProbe } from "./find-first.ts";
import type { ProbeNicsOptions } from "./options.ts";
import { probePaths } from "./probe-paths.ts";
import { withLeases } from "../imds/connect/ephemeral-leases.ts";
import { splitEndpoint, isBindable } from "../imds/protocol/endpoint.ts";

/** One probe of all NICs. */
export interface ProbeResult {
  /** Best first; those that were not probed are last. */
  readonly nics: readonly ProbedNic[];
  /** The kernel's own routing; null: it was not probed. */
  readonly kernel: ProbedKernel | null;
  /** Why programs that do not bind to a NIC do not reach IMDS; null: they do, or no NIC does. */
  readonly note: Verdict | null;
  readonly elapsedMs: number;
}

/** Probes IMDS through every NIC at once, and diagnoses those that do not reach it. */
export async function probeAllNics(host: Host, options: ProbeNicsOptions): Promise<ProbeResult> {
  const settings = parseImdsSettings(options, host.env);
  const startMs = host.clock.now();
  const { candidates, others } = await selectNicsToProbe(host, settings.nic);
  const links = candidates.map(({ link }) => link);
  const deadlineMs = startMs + settings.timeoutMs;
  const stop = host.signal;
  const onRefusal = (refusal: string): void => host.log.warn(refusal);
  const facts = await withLeases(host, settings, onRefusal, async (addLeasedAddress) => {
    const probed = await probePaths(host, {
      settings,
      links,
      deadlineMs,
      stop,
      addLeasedAddress,
    });
    return collectProbeFacts(host, probed);
  });
  stop.throwIfAborted();
  const { nics, kernel } = diagnoseNics(candidates, facts);
  const elapsedMs = Math.round(host.clock.now() - startMs);
  return {
    nics: [...nics, ...others.map(toUnprobedNic)],
    kernel,
    note: diagnoseUnboundRouting(nics, kernel),
    elapsedMs,
  };
}

function toUnprobedNic({ link, reason }: RejectedLink): ProbedNic {
  const verdict = { word: "not-a-candidate", text: reason, fix: null } as const;
  return { link, rank: null, reason, paths: [], verdict };
}

interface Diagnoses {
  readonly nics: readonly ProbedNic[];
  readonly kernel: ProbedKernel | null;
}

/** The verdict on each NIC that was probed, and on the kernel's own routing. */
function diagnoseNics(candidates: readonly RankedLink[], facts: CollectedProbeFacts): Diagnoses {
  const kernelRouting = facts.probed.find(({ link }) => link === null);
  const best = candidates[0]?.link.name ?? null;
  const nics = candidates.flatMap(({ link, rank, reason }) => {
    const nic = facts.probed.find((each) => each.link?.name === link.name);
    if (nic === undefined) return [];
    const paths = diagnosePaths(nic, link.name, facts);
    const verdict = diagnoseNic(nic.link, paths);
    return { link: nic.link ?? link, rank, reason, paths, verdict };
  });
  if (kernelRouting === undefined) return { nics, kernel: null };
  const paths = diagnosePaths(kernelRouting, best, facts);
  const routedLinks = paths.map(({ pathFacts }) =>
    pathFacts.route?.kind === "route" ? pathFacts.route.nic : null,
  );
  const link = routedLinks.find((name) => name !== null) ?? null;
  return { nics, kernel: { link, paths, verdict: diagnoseNic(null, paths) } };
}

function diagnosePaths(
  nic: CollectedNicFacts,
  name: string | null,
  facts: CollectedProbeFacts,
): readonly ProbedPath[] {
  const { link, nicFacts } = nic;
  const { probed, machine } = facts;
  const isReachedElsewhere = probed.some(
    (each) => each !== nic && each.paths.some(({ probe }) => isReached(probe)),
  );
  return nic.paths.map(({ probe, pathFacts, source }) => {
    const { host: address, port } = splitEndpoint(probe.endpoint);
    const context = {
      nic: isBindable(probe.endpoint) ? name : null,
      link,
      address,
      port,
      source,
      nicFacts,
      machine,
      isReachedElsewhere,
    };
    return { probe, pathFacts, verdict: diagnoseImdsPath({ ...context, probe, pathFacts }) };
  });
}
