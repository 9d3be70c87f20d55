import type { Host } from "../host/host.ts";
import { imdsSettings } from "../imds/protocol/settings.ts";
import type { PassedOver } from "../model/link-state.ts";
import type { ProbedKernel, ProbedNic } from "../model/probed-nic.ts";
import type { Verdict } from "../model/verdict.ts";
import { noteOnRouting } from "./diagnose/note-on-routing.ts";
import { diagnoseAll } from "./diagnose-all.ts";
import { examine } from "./examine.ts";
import { nicsToProbe } from "./nics-to-probe.ts";
import type { ProbeNicsOptions } from "./options.ts";
import { probeWays } from "./probe-paths.ts";
import { withLeases } from "../imds/connect/with-leases.ts";

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
