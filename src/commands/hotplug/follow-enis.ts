import type { Batch } from "../../apply/join-batch.ts";
import type { Host } from "../../host/host.ts";
import { watchEnis } from "./poll.ts";
import type { EniEvent } from "../../eni/propagation/nic.ts";
import { describeMs } from "../../model/duration.ts";
import type { Eni } from "../../model/eni.ts";
import type { NicResult } from "../../model/network-plan.ts";
import { untoldFamilies } from "../../plan/config/kept-leases.ts";
import { type AppliedNics, applyNics } from "../configure/apply-nics.ts";
import type { Asked } from "../configure/load-enis.ts";
import type { HotplugOptions } from "./options.ts";
import { type NicCase, takeApplied, takeEvents } from "../../eni/propagation/cases.ts";
import { noteSettled } from "../configure/carry-out.ts";
import { caseBook } from "./case-book.ts";
import type { Imds } from "../../imds/with-imds.ts";

export interface Followed {
  /** The NIC that this run is for. */
  readonly own: NicCase;
  /** In order. */
  readonly applied: readonly AppliedNics[];
  readonly imds: Asked["imds"];
}

interface Task {
  /** The NIC that this run is for. */
  readonly mac: string;
  /** Other runs; null: nobody can join. */
  readonly batch: Batch | null;
  /** Called at the start, with what tells how far it is at any time. */
  readonly onStart: (soFar: () => Followed) => void;
}

/**
 * Watches the ENI of a NIC, and of those that other runs wish for, and configures each the moment it
 * is usable, and again when more of it arrives; what is heard together is activated together. What
 * could not be activated is tried again when its NIC comes again, and when it has settled. Ends
 * when all are settled, or when there is no more time. Throws what the watch and `applyNics` throw.
 */
export async function followEnis(
  host: Host,
  options: HotplugOptions,
  imds: Imds,
  { mac, batch, onStart }: Task,
): Promise<Followed> {
  const book = caseBook(host, { root: options.root, mac, batch });
  const applied: AppliedNics[] = [];
  const known = new Map<string, Eni>();
  const stats = () => ({ ...imds.session.stats(), elapsedMs: Math.round(host.clock.now()) });
  const apply = async (enis: readonly Eni[], isEnd = false): Promise<void> => {
    if (enis.length === 0) return;
    for (const eni of enis) known.set(eni.mac, eni);
    const leases = await book.leases();
    const asked = { parsed: parsedOf(enis), imds: stats(), settings: imds.settings, leases };
    const macs = enis.map((eni) => eni.mac);
    const done = await applyNics(host, options, asked, macs);
    applied.push(done);
    for (const nic of isEnd ? [] : done.nics) tellApplied(host, options, nic);
    book.change((cases) => takeApplied(cases, done));
  };
  const macs = async (): Promise<readonly string[]> => {
    const wanted = await book.macs();
    await apply(book.due().flatMap((each) => known.get(each) ?? []));
    return wanted;
  };
  const soFar = (): Followed => ({ own: book.own(), applied, imds: stats() });
  onStart(soFar);
  const watched = { ...book, macs, settleMs: options.settleMs };
  for await (const events of watchEnis(host, imds.session, watched)) {
    // what this run's own NIC is at the end is known even where it is not whole
    const untold = known.has(mac) ? [] : [mac];
    const isEnd = events.some(({ kind }) => kind === "incomplete");
    await apply(newsOf(events, [...book.failed(), ...untold, ...unsure(applied)]), isEnd);
    book.change((cases) => takeEvents(cases, events));
    await book.answer();
    await noteSettledIn(host, options, events, applied);
  }
  await book.close();
  return soFar();
}

/** Whose DHCP was left on for a lease that IMDS did not list, in the last plan for them. */
function unsure(applied: readonly AppliedNics[]): readonly string[] {
  const configs = applied.flatMap(({ plan }) => plan.config.nics);
  const last = new Map(configs.map((nic) => [nic.mac, nic]));
  return [...last.values()].filter((nic) => untoldFamilies(nic).length > 0).map(({ mac }) => mac);
}

/** Whose watch is over, and whose configuration was activated, is done with. */
async function noteSettledIn(
  host: Host,
  options: HotplugOptions,
  events: readonly EniEvent[],
  applied: readonly AppliedNics[],
): Promise<void> {
  const over = options.settleMs === 0 ? [] : events.filter(({ kind }) => kind === "settled");
  const last = new Map(applied.flatMap(({ nics }) => nics).map((nic) => [nic.mac, nic.outcome]));
  const isDone = (mac: string) => ["configured", "unchanged"].includes(last.get(mac) ?? "");
  const settled = over.map(({ mac }) => mac).filter(isDone);
  await noteSettled(host, options, settled);
}

function parsedOf(enis: readonly Eni[]): Asked["parsed"] {
  return { enis, incomplete: [], ghosts: [], missing: null };
}

/** A person may want to go on with a NIC before it is settled. */
function tellApplied(
  { clock, log }: Pick<Host, "clock" | "log">,
  { dryRun, settleMs }: HotplugOptions,
  { mac, name, outcome }: NicResult,
): void {
  if (dryRun || settleMs === 0 || outcome !== "configured") return;
  const at = `configured after ${describeMs(clock.now())}`;
  log.info(`${name ?? mac}: ${at}; watching for what comes later`);
}

/** The last word on each ENI of which there is something new, or which is `due` in any case. */
function newsOf(events: readonly EniEvent[], due: readonly string[]): readonly Eni[] {
  const news = events.filter(
    ({ kind, mac }) => kind === "usable" || kind === "changed" || due.includes(mac),
  );
  const enis = news.flatMap(({ eni }) => (eni === null ? [] : [[eni.mac, eni] as const]));
  return [...new Map(enis).values()];
}
