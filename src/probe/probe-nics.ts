import type { Host } from "../host/host.ts";
import { parseImdsSettings } from "../imds/protocol/settings.ts";
import type { RejectedLink, RankedLink } from "../model/link.ts";
import {
  isReached,
  type PathProbe,
  type ProbedKernel,
  type ProbedNic,
  type ProbedPath,
  type Verdict,
} from "../model/probe.ts";
import { diagnoseNic, diagnoseImdsPath, diagnoseUnboundRouting } from "./diagnose/diagnose.ts";
import { type NextHop, nextHopOf, type PathEvidence } from "./diagnose/evidence.ts";
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
  const routes = kernelRouting.paths.map(({ pathFacts }) => pathFacts.route);
  const links = routes.map((route) => (route?.kind === "route" ? route.nic : null));
  const link = links.find((name) => name !== null) ?? null;
  const [only = null, ...more] = candidates.filter((each) => each.link.hasCarrier);
  // without a route, a NIC that was not probed is a fix only if there is no other NIC
  const paths = diagnosePaths(
    kernelRouting,
    more.length > 0 ? null : (only?.link.name ?? null),
    facts,
  );
  return { nics, kernel: { link, paths, verdict: diagnoseNic(null, paths) } };
}

function diagnosePaths(
  own: LinkFacts,
  name: string | null,
  facts: ProbeFacts,
): readonly ProbedPath[] {
  return own.paths.map((path) => {
    const { probe, pathFacts } = path;
    const evidence = toEvidence(own, path, name, facts);
    const repairs = findRepairs(probe.endpoint, facts);
    return { probe, pathFacts, verdict: diagnoseImdsPath({ ...evidence, repairs }) };
  });
}

type LinkPath = LinkFacts["paths"][number];

function toEvidence(
  { link, nicFacts }: LinkFacts,
  { probe, pathFacts, source }: LinkPath,
  name: string | null,
  { probed, machine }: ProbeFacts,
): PathEvidence {
  const { host: address, port } = splitEndpoint(probe.endpoint);
  const route = link === null && pathFacts.route?.kind === "route" ? pathFacts.route.nic : null;
  const nic = isBindable(probe.endpoint) ? (route ?? name) : null;
  const sender = probed.find((each) => each.link?.name === nic)?.link ?? null;
  return {
    nic,
    link,
    sender,
    address,
    port,
    source,
    probe,
    pathFacts,
    nicFacts,
    machine,
    isReachedElsewhere: isReachedByAnother(probe, probed),
    reachedNic: findReachedNic(probe.endpoint, probed),
    routing: findRouting(probed),
    repairs: new Map(),
  };
}

/** What makes each NIC reach IMDS at `endpoint`, as if its route were right. */
function findRepairs(endpoint: string, facts: ProbeFacts): PathEvidence["repairs"] {
  const found = facts.probed.flatMap((own) =>
    own.paths.flatMap((path): readonly (readonly [string, readonly string[]])[] => {
      const { link } = own;
      if (link === null || path.probe.endpoint !== endpoint) return [];
      const evidence = toEvidence(own, path, link.name, facts);
      const { word, fix } = diagnoseImdsPath({ ...evidence, routing: "reached" });
      return word === "reached" || fix !== null ? [[link.name, fix ?? []]] : [];
    }),
  );
  return new Map(found);
}

function findRouting(probed: readonly LinkFacts[]): PathEvidence["routing"] {
  const kernelRouting = probed.find(({ link }) => link === null);
  if (kernelRouting === undefined) return "unknown";
  return kernelRouting.paths.some(({ probe }) => isReached(probe)) ? "reached" : "failed";
}

function isReachedByAnother(own: PathProbe, probed: readonly LinkFacts[]): boolean {
  return probed.some(({ paths }) => paths.some(({ probe }) => probe !== own && isReached(probe)));
}

/** The best NIC through which IMDS answers at `endpoint`; null if there is none. */
function findReachedNic(endpoint: string, probed: readonly LinkFacts[]): NextHop | null {
  const found = probed.flatMap(({ link, paths }) =>
    paths.flatMap(({ probe, pathFacts }) =>
      link !== null && probe.endpoint === endpoint && isReached(probe)
        ? [nextHopOf(link, pathFacts)]
        : [],
    ),
  );
  return found[0] ?? null;
}
