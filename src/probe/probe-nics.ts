import type { Host } from "../host/host.ts";
import { imdsSettings } from "../imds/protocol/settings.ts";
import type { PassedOver, RankedLink } from "../model/link.ts";
import {
  isReached,
  type ProbedKernel,
  type ProbedNic,
  type ProbedWay,
  type Verdict,
} from "../model/probe.ts";
import { diagnoseNic, diagnoseWay, noteOnRouting } from "./diagnose/diagnose.ts";
import { examine, type Examined, type ExaminedNic } from "./collect-facts.ts";
import { nicsToProbe } from "./find-first.ts";
import type { ProbeNicsOptions } from "./options.ts";
import { probeWays } from "./probe-paths.ts";
import { withLeases } from "../imds/connect/ephemeral-leases.ts";
import { addressOf, isBindable } from "../imds/protocol/endpoint.ts";

/** One look at all NICs. */
export interface Look {
  /** Best first; those that are not asked at the end. */
  readonly nics: readonly ProbedNic[];
  /** The kernel's own routing; null: it was not asked. */
  readonly kernel: ProbedKernel | null;
  /** What is the matter for programs that bind to no NIC; null: nothing. */
  readonly note: Verdict | null;
  readonly elapsedMs: number;
}

/** Asks over every NIC at once, and finds out what is the matter with those that do not answer. */
export async function lookAtNics(host: Host, options: ProbeNicsOptions): Promise<Look> {
  const settings = imdsSettings(options, host.env);
  const startMs = host.clock.now();
  const { candidates, others } = await nicsToProbe(host, settings.nic);
  const links = candidates.map(({ link }) => link);
  const deadlineMs = startMs + settings.timeoutMs;
  const stop = host.signal;
  const tell = (refusal: string): void => host.log.warn(refusal);
  const examined = await withLeases(host, settings, tell, async (lend) => {
    const asked = await probeWays(host, { settings, links, deadlineMs, stop, lend });
    return examine(host, asked);
  });
  stop.throwIfAborted();
  const { nics, kernel } = diagnoseAll(candidates, examined);
  const elapsedMs = Math.round(host.clock.now() - startMs);
  return {
    nics: [...nics, ...others.map(passedOver)],
    kernel,
    note: noteOnRouting(nics, kernel),
    elapsedMs,
  };
}

function passedOver({ link, reason }: PassedOver): ProbedNic {
  const verdict = { word: "not-a-candidate", text: reason, mend: null } as const;
  return { link, rank: null, reason, ways: [], verdict };
}

interface Diagnosed {
  readonly nics: readonly ProbedNic[];
  readonly kernel: ProbedKernel | null;
}

/** What is the matter with each NIC that was asked through, and with the kernel's own routing. */
function diagnoseAll(candidates: readonly RankedLink[], examined: Examined): Diagnosed {
  const ofKernel = examined.asked.find(({ link }) => link === null);
  const best = candidates[0]?.link.name ?? null;
  const nics = candidates.flatMap(({ link, rank, reason }) => {
    const nic = examined.asked.find((each) => each.link?.name === link.name);
    if (nic === undefined) return [];
    const ways = waysOf(nic, link.name, examined);
    return { link: nic.link ?? link, rank, reason, ways, verdict: diagnoseNic(nic.link, ways) };
  });
  if (ofKernel === undefined) return { nics, kernel: null };
  const ways = waysOf(ofKernel, best, examined);
  const found = ways.map(({ path }) => (path.route?.kind === "way" ? path.route.nic : null));
  const link = found.find((name) => name !== null) ?? null;
  return { nics, kernel: { link, ways, verdict: diagnoseNic(null, ways) } };
}

function waysOf(nic: ExaminedNic, name: string | null, examined: Examined): readonly ProbedWay[] {
  const { link, nicFacts } = nic;
  const { asked, machine } = examined;
  const isReachedElsewhere = asked.some(
    (each) => each !== nic && each.ways.some(({ probe }) => isReached(probe)),
  );
  return nic.ways.map(({ probe, path, source }) => {
    const { host: address, port } = addressOf(probe.endpoint);
    const known = {
      nic: isBindable(probe.endpoint) ? name : null,
      link,
      address,
      port,
      source,
      nicFacts,
      machine,
      isReachedElsewhere,
    };
    return { probe, path, verdict: diagnoseWay({ ...known, probe, path }) };
  });
}
