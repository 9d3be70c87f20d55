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
import { collectProbeFacts, type LinkFacts, type ProbeFacts } from "./collect-facts.ts";
import { selectNicsToProbe } from "./find-first.ts";
import type { ProbeNicsOptions } from "./options.ts";
import { probePaths } from "./probe-paths.ts";
import { withLeases } from "./with-leases.ts";
import { isBindable } from "../imds/protocol/endpoint.ts";
import { splitEndpoint } from "../model/ip.ts";

export interface ProbeResult {
  /** The best NIC first, and at the end the NICs that were not probed. */
  readonly nics: readonly ProbedNic[];
  /** null if kernel routing was not probed. */
  readonly kernel: ProbedKernel | null;
  /** Why programs that do not bind to a NIC do not reach IMDS; see `diagnoseUnboundRouting`. */
  readonly note: Verdict | null;
  readonly elapsedMs: number;
}

/** Probes IMDS through all NICs at the same time, and says why a NIC does not reach IMDS. */
export async function probeAllNics(host: Host, options: ProbeNicsOptions): Promise<ProbeResult> {
  const settings = parseImdsSettings(options, host.env);
  const startMs = host.clock.now();
  const { candidates, others } = await selectNicsToProbe(host, settings.nic);
  const links = candidates.map(({ link }) => link);
  const deadlineMs = startMs + settings.timeoutMs;
  const stop = host.signal;
  const facts = await withLeases(host, settings, host.log.warn, async (addLeasedAddress) => {
    const request = { settings, links, deadlineMs, stop, addLeasedAddress };
    return collectProbeFacts(host, await probePaths(host, request));
  });
  stop.throwIfAborted();
  const { nics, kernel } = diagnoseNics(candidates, facts);
  const note = diagnoseUnboundRouting(nics, kernel);
  const elapsedMs = Math.round(host.clock.now() - startMs);
  return { nics: [...nics, ...others.map(toUnprobedNic)], kernel, note, elapsedMs };
}

function toUnprobedNic({ link, reason }: RejectedLink): ProbedNic {
  const verdict = { word: "not-a-candidate", text: reason, fix: null } as const;
  return { link, rank: null, reason, paths: [], verdict };
}

type Diagnoses = Pick<ProbeResult, "nics" | "kernel">;

/** The verdicts on the NICs that were probed, and on kernel routing. */
function diagnoseNics(candidates: readonly RankedLink[], facts: ProbeFacts): Diagnoses {
  const nics = candidates.flatMap(({ link, rank, reason }) => {
    const nic = facts.probed.find((each) => each.link?.name === link.name);
    if (nic === undefined) return [];
    const paths = diagnosePaths(nic, link.name, facts);
    return { link: nic.link ?? link, rank, reason, paths, verdict: diagnoseNic(nic.link, paths) };
  });
  const kernelRouting = facts.probed.find(({ link }) => link === null);
  if (kernelRouting === undefined) return { nics, kernel: null };
  const paths = diagnosePaths(kernelRouting, candidates[0]?.link.name ?? null, facts);
  const routes = paths.map(({ pathFacts }) => pathFacts.route);
  const links = routes.map((route) => (route?.kind === "route" ? route.nic : null));
  const link = links.find((name) => name !== null) ?? null;
  return { nics, kernel: { link, paths, verdict: diagnoseNic(null, paths) } };
}

function diagnosePaths(
  own: LinkFacts,
  name: string | null,
  { probed, machine }: ProbeFacts,
): readonly ProbedPath[] {
  const { link, nicFacts } = own;
  const otherPaths = probed.flatMap((each) => (each === own ? [] : each.paths));
  const isReachedElsewhere = otherPaths.some(({ probe }) => isReached(probe));
  return own.paths.map(({ probe, pathFacts, source }) => {
    const { host: address, port } = splitEndpoint(probe.endpoint);
    const nic = isBindable(probe.endpoint) ? name : null;
    const path = { nic, link, address, port, source, probe, pathFacts };
    const verdict = diagnoseImdsPath({ ...path, nicFacts, machine, isReachedElsewhere });
    return { probe, pathFacts, verdict };
  });
}
