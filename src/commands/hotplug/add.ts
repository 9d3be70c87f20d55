import { readUnmanaged } from "../../inspect/machine/managed-files.ts";
import { type Followers, leadOrJoin } from "../../apply/leader.ts";
import { Failure } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import type { TargetHost } from "../../host/target.ts";
import { type ImdsSettings, parseImdsSettings } from "../../imds/protocol/settings.ts";
import { findLink } from "../../inspect/links/find-link.ts";
import { describeNonNic } from "../../inspect/links/rank.ts";
import type { HotplugAnswer, LinkSelector } from "../../model/hotplug.ts";
import type { LinkWithMac } from "../../model/link.ts";
import { unmanagedPath } from "../../model/managed-paths.ts";
import { parseUnmanaged } from "../../plan/config/select-nics.ts";
import { type WatchResult, watchAndConfigure } from "./run.ts";
import {
  buildPartialResult,
  reportJoinAnswer,
  reportWatchResult,
  reportNoChange,
} from "./report.ts";
import type { HotplugOptions } from "./options.ts";
import { handleKnownNic } from "./known-nic.ts";
import { PartialFailure } from "./partial-result.ts";
import { changesMachine, requireRootUser } from "../../apply/preconditions.ts";
import { type ImdsContext, withImds } from "../../imds/open-imds.ts";

/** udev renames a link while its event is handled; a link that is not there by then never came. */
const maxLinkWaitMs = 10_000;
/** However long another run was waited for: a look at IMDS. */
const minWatchMs = 1000;

/**
 * `hotplug add`: a NIC came. Throws `NOPERM`, `TEMPFAIL` where one that somebody named did not come
 * in time, `USAGE` where that name is no NIC's, and what the watch and the activation throw.
 */
export async function addNic(
  host: TargetHost,
  options: HotplugOptions,
  clue: LinkSelector,
): Promise<number> {
  requireRootUser(host, options, "hotplug add");
  const settings = parseImdsSettings(options, host.env);
  const found = await findLink(host, clue, linkDeadlineMs(host.clock, clue, settings));
  if (found.kind === "not-found") {
    if (isNamedByUser(clue))
      throw new Failure("TEMPFAIL", found.reason, { hint: describePresentLinks(clue) });
    host.log.warn(`${found.reason}: nothing to configure`);
    return reportNoChange(host, options, []);
  }
  const { link } = found;
  const notNicReason = describeNonNic(link.kind);
  if (notNicReason !== null && isNamedByUser(clue)) {
    const hint = "which are: ec2nic probe-nics";
    throw new Failure("USAGE", `${link.name} is no NIC (${notNicReason})`, { hint });
  }
  if (notNicReason !== null)
    return reportNoChange(host, options, [], `${link.name} is no NIC (${notNicReason})`);
  if (link.mac === null) return reportNoChange(host, options, [], `${link.name} has no MAC`);
  const nic = { ...link, mac: link.mac };
  const unmanaged = await findUnmanagedReason(host, nic);
  if (unmanaged !== null)
    return reportNoChange(host, options, [{ ...unmanaged, name: link.name, eni: null }]);
  const isDevice = clue.kind === "device" || clue.kind === "bus";
  const exitCode = isDevice ? await handleKnownNic(host, options, nic) : null;
  return exitCode ?? (await watchNic(host, options, nic, settings));
}

/** People type names and MACs; events tell of devices. */
function isNamedByUser({ kind }: LinkSelector): boolean {
  return kind === "name" || kind === "mac";
}

/** Who names a NIC may be about to plug it in. */
function linkDeadlineMs(
  clock: Pick<Host["clock"], "now">,
  clue: LinkSelector,
  { timeoutMs }: ImdsSettings,
): number {
  return isNamedByUser(clue) ? timeoutMs : clock.now() + Math.min(maxLinkWaitMs, timeoutMs);
}

function describePresentLinks({ kind }: LinkSelector): string {
  return kind === "mac"
    ? "those that are here: ip -br link"
    : "those that are here: ls /sys/class/net";
}

async function findUnmanagedReason(
  { target }: Pick<TargetHost, "target">,
  { mac, name }: LinkWithMac,
) {
  const { entries } = parseUnmanaged(await readUnmanaged(target));
  const entry = [mac, name].find((word) => entries.has(word));
  const reason = `${unmanagedPath} lists ${entry}`;
  return entry === undefined ? null : ({ mac, outcome: "skipped", reason } as const);
}

async function watchNic(
  host: TargetHost,
  options: HotplugOptions,
  { mac }: LinkWithMac,
  settings: ImdsSettings,
): Promise<number> {
  const runAsLeader = (followers: Followers | null) => {
    // a run that waited for another one has the rest of its time
    const timeoutMs = Math.max(minWatchMs, settings.timeoutMs - host.clock.now());
    let getProgress: GetProgress = () => null;
    const onStart = (getResult: () => WatchResult): void => void (getProgress = getResult);
    const work = (imds: ImdsContext) =>
      watchAndConfigure(host, options, imds, { mac, followers, onStart });
    return withImds(host, { ...settings, timeoutMs }, work).catch((error: unknown) => {
      // it ends the run all the same; what was done stays done
      throw attachProgress(error, getProgress());
    });
  };
  const deadlineMs = settings.timeoutMs;
  const joinOptions = { mac, key: buildJoinKey(options, settings), deadlineMs };
  const result: WatchResult | HotplugAnswer = changesMachine(options)
    ? await leadOrJoin(host, joinOptions, runAsLeader)
    : await runAsLeader(null);
  return "own" in result
    ? reportWatchResult(host, options, result)
    : reportJoinAnswer(host, options, result);
}

type GetProgress = () => WatchResult | null;

function attachProgress(error: unknown, progress: WatchResult | null): unknown {
  return progress !== null && error instanceof Failure
    ? new PartialFailure(error, buildPartialResult(progress))
    : error;
}

/** Runs that want the same of IMDS and of the machine can be one. */
function buildJoinKey(
  { backend, stage, settleMs }: HotplugOptions,
  settings: ImdsSettings,
): string {
  const { endpoints, nic, dhcp, retries } = settings;
  return JSON.stringify([backend, stage, settleMs, endpoints, nic, dhcp, retries]);
}
