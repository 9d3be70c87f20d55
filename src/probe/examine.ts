import { inspectImdsSurroundings } from "./inspect-imds-surroundings.ts";
import type { Host } from "../host/host.ts";
import { addressOf, familyOf } from "../imds/protocol/endpoint.ts";
import { readFirewall } from "./firewall/read-firewall.ts";
import { readPath } from "./read-path.ts";
import { readRefusals } from "./read-refusals.ts";
import { readNicFacts } from "./read-nic-facts.ts";
import type { LinkState } from "../model/link-state.ts";
import { sourceFor } from "../model/source-for.ts";
import type { MachineFacts, NicFacts, PathFacts } from "../model/probe-facts.ts";
import { isReached, type WayProbe } from "../model/way-probe.ts";
import type { Asked } from "./probe-paths.ts";

/** All that a diagnosis depends on. */
export interface Examined {
  readonly asked: readonly ExaminedNic[];
  readonly machine: MachineFacts;
}

export interface ExaminedNic {
  readonly link: LinkState | null;
  readonly nicFacts: NicFacts;
  readonly ways: readonly {
    readonly probe: WayProbe;
    readonly path: PathFacts;
    /** The address of the NIC that is asked from; null: it has none, or the kernel chooses. */
    readonly source: string | null;
  }[];
}

/**
 * Reads what may lie between the NICs and IMDS, at once after they were asked, while the kernel still
 * knows who answered on the link. The firewall and the like are looked at only where IMDS was missed.
 */
export async function examine(host: Host, asked: readonly Asked[]): Promise<Examined> {
  const nics = await Promise.all(asked.map((each) => examineNic(host, each)));
  const isAllWell = asked.every(({ probes }) => probes.some(isReached));
  const addresses = new Set(
    asked
      .flatMap(({ probes }) => probes.map(({ endpoint }) => endpoint))
      .filter((endpoint) => familyOf(endpoint) !== null)
      .map((endpoint) => addressOf(endpoint).host),
  );
  const [surroundings, firewall, refusals] = await Promise.all([
    inspectImdsSurroundings(host),
    isAllWell ? null : readFirewall(host),
    isAllWell ? [] : Promise.all([...addresses].map((each) => readRefusals(host, each))),
  ]);
  return { asked: nics, machine: { ...surroundings, firewall, refusals: refusals.flat() } };
}

async function examineNic(host: Host, { link, probes }: Asked): Promise<ExaminedNic> {
  const nicFacts =
    link === null ? { rpFilter: null, exceeded: null } : await readNicFacts(host, link.name);
  const ways = await Promise.all(
    probes.map(async (probe) => {
      const { host: address } = addressOf(probe.endpoint);
      const source = link === null ? null : (sourceFor(address, link.addresses)?.address ?? null);
      const path = await readPath(host, { nic: link?.name ?? null, address, source });
      return { probe, path, source };
    }),
  );
  return { link, nicFacts, ways };
}
