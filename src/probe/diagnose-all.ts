import { addressOf, isBindable } from "../imds/protocol/endpoint.ts";
import type { RankedLink } from "../model/link-state.ts";
import type { ProbedKernel, ProbedNic, ProbedWay } from "../model/probed-nic.ts";
import { isReached } from "../model/way-probe.ts";
import { diagnoseNic } from "./diagnose/diagnose-nic.ts";
import { diagnoseWay } from "./diagnose/diagnose-way.ts";
import type { Examined, ExaminedNic } from "./examine.ts";

export interface Diagnosed {
  readonly nics: readonly ProbedNic[];
  readonly kernel: ProbedKernel | null;
}

/** What is the matter with each NIC that was asked through, and with the kernel's own routing. */
export function diagnoseAll(candidates: readonly RankedLink[], examined: Examined): Diagnosed {
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
