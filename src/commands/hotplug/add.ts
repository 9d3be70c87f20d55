import { readUnmanaged } from "../../inspect/machine/managed-files.ts";
import { type Batch, joinBatch } from "../../apply/leader.ts";
import { Failure } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import { type ImdsSettings, imdsSettings } from "../../imds/protocol/settings.ts";
import { findLink } from "../../inspect/links/find-link.ts";
import { whyNoNic } from "../../inspect/links/rank.ts";
import type { HotplugAnswer, LinkClue } from "../../model/hotplug.ts";
import type { KnownLink } from "../../model/link.ts";
import { unmanagedPath } from "../../model/managed-paths.ts";
import { parseUnmanaged } from "../../plan/config/select-nics.ts";
import { type Followed, followEnis } from "./run.ts";
import { doneOf, reportAnswer, reportFollowed, reportNothing } from "./report.ts";
import type { HotplugOptions } from "./options.ts";
import { keepNic } from "./known-nic.ts";
import { LateFailure } from "./partial-result.ts";
import { changesMachine, requireRights } from "../../apply/preconditions.ts";
import { type Imds, withImds } from "../../imds/open-imds.ts";

/** udev renames a link while its event is handled; a link that is not there by then never came. */
const linkPatienceMs = 10_000;
/** However long another run was waited for: a look at IMDS. */
const leastMs = 1000;

/**
 * `hotplug add`: a NIC came. Throws `NOPERM`, `TEMPFAIL` where one that somebody named did not come
 * in time, `USAGE` where that name is no NIC's, and what the watch and the activation throw.
 */
export async function addNic(host: Host, options: HotplugOptions, clue: LinkClue): Promise<number> {
  requireRights(host, options, "hotplug add");
  const settings = imdsSettings(options, host.env);
  const found = await findLink(host, clue, linkDeadlineMs(host.clock, clue, settings));
  if (found.kind === "not-found") {
    if (isTyped(clue)) throw new Failure("TEMPFAIL", found.why, { hint: hintFor(clue) });
    host.log.warn(`${found.why}: nothing to configure`);
    return reportNothing(host, options, []);
  }
  const { link } = found;
  const other = whyNoNic(link.kind);
  if (other !== null && isTyped(clue)) {
    const hint = "which are: ec2nic probe-nics";
    throw new Failure("USAGE", `${link.name} is no NIC (${other})`, { hint });
  }
  if (other !== null) return reportNothing(host, options, [], `${link.name} is no NIC (${other})`);
  if (link.mac === null) return reportNothing(host, options, [], `${link.name} has no MAC`);
  const nic = { ...link, mac: link.mac };
  const left = await whyLeftAlone(host, options, nic);
  if (left !== null) return reportNothing(host, options, [{ ...left, name: link.name, eni: null }]);
  const isDevice = clue.kind === "device" || clue.kind === "bus";
  const kept = isDevice ? await keepNic(host, options, nic) : null;
  return kept ?? (await follow(host, options, nic, settings));
}

/** People type names and MACs; events tell of devices. */
function isTyped({ kind }: LinkClue): boolean {
  return kind === "name" || kind === "mac";
}

/** Who names a NIC may be about to plug it in. */
function linkDeadlineMs(
  clock: Pick<Host["clock"], "now">,
  clue: LinkClue,
  { timeoutMs }: ImdsSettings,
): number {
  return isTyped(clue) ? timeoutMs : clock.now() + Math.min(linkPatienceMs, timeoutMs);
}

function hintFor({ kind }: LinkClue): string {
  return kind === "mac"
    ? "those that are here: ip -br link"
    : "those that are here: ls /sys/class/net";
}

async function whyLeftAlone(host: Host, { root }: HotplugOptions, { mac, name }: KnownLink) {
  const { entries } = parseUnmanaged(await readUnmanaged(host, root));
  const entry = [mac, name].find((word) => entries.has(word));
  const reason = `${unmanagedPath} lists ${entry}`;
  return entry === undefined ? null : ({ mac, outcome: "skipped", reason } as const);
}

async function follow(
  host: Host,
  options: HotplugOptions,
  { mac }: KnownLink,
  settings: ImdsSettings,
): Promise<number> {
  const lead = (batch: Batch | null) => {
    // a run that waited for another one has the rest of its time
    const timeoutMs = Math.max(leastMs, settings.timeoutMs - host.clock.now());
    let soFar: SoFar = () => null;
    const onStart = (tells: () => Followed): void => void (soFar = tells);
    const work = (imds: Imds) => followEnis(host, options, imds, { mac, batch, onStart });
    return withImds(host, { ...settings, timeoutMs }, work).catch((error: unknown) => {
      // it ends the run all the same; what was done stays done
      throw late(error, soFar());
    });
  };
  const deadlineMs = settings.timeoutMs;
  const wanted = { mac, key: keyOf(options, settings), deadlineMs };
  const ending: Followed | HotplugAnswer = changesMachine(options)
    ? await joinBatch(host, wanted, lead)
    : await lead(null);
  return "own" in ending
    ? reportFollowed(host, options, ending)
    : reportAnswer(host, options, ending);
}

type SoFar = () => Followed | null;

function late(error: unknown, done: Followed | null): unknown {
  return done !== null && error instanceof Failure ? new LateFailure(error, doneOf(done)) : error;
}

/** Runs that want the same of IMDS and of the machine can be one. */
function keyOf({ backend, stage, settleMs }: HotplugOptions, settings: ImdsSettings): string {
  const { endpoints, nic, dhcp, retries } = settings;
  return JSON.stringify([backend, stage, settleMs, endpoints, nic, dhcp, retries]);
}
