import { type Followers, leadOrJoin } from "../../apply/leader.ts";
import { changesMachine, requireRootUser } from "../../apply/preconditions.ts";
import { Failure } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import type { TargetHost } from "../../host/target.ts";
import { type ImdsContext, withImds } from "../../imds/open-imds.ts";
import { type ImdsSettings, parseImdsSettings } from "../../imds/protocol/settings.ts";
import { findLink } from "../../inspect/links/find-link.ts";
import { describeNonNic } from "../../inspect/links/rank.ts";
import { readUnmanaged } from "../../inspect/machine/managed-files.ts";
import type { LinkSelector } from "../../model/hotplug.ts";
import type { Link, LinkWithMac } from "../../model/link.ts";
import { unmanagedPath } from "../../model/managed-paths.ts";
import { parseUnmanaged } from "../../plan/config/select-nics.ts";
import { handleKnownNic } from "./known-nic.ts";
import type { HotplugOptions } from "./options.ts";
import { PartialFailure } from "./partial-result.ts";
import {
  buildPartialResult,
  reportJoinAnswer,
  reportNoChange,
  reportWatchResult,
} from "./report.ts";
import { watchAndConfigure, type WatchResult } from "./watch-loop.ts";

/** udev may rename a link while it handles the event. A link that is missing for longer is gone. */
const maxLinkWaitMs = 10_000;
/** A watch lasts at least one poll, even if the wait for another run took all of `--timeout`. */
const minWatchMs = 1000;

/**
 * `hotplug add`: configures a NIC that was plugged in; returns the exit status. Throws `NOPERM` if
 * the user is not root, `TEMPFAIL` if the link that the user named does not appear in time, `USAGE`
 * if this link is not a NIC, and what `handleKnownNic` and `watchAndConfigure` throw.
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
    host.log.warn(`${found.reason}, so there is nothing to configure`);
    return reportNoChange(host, options, []);
  }
  const { link } = found;
  const notNicReason = describeNotNic(link, clue);
  if (notNicReason !== null) return reportNoChange(host, options, [], notNicReason);
  if (link.mac === null)
    return reportNoChange(host, options, [], `${link.name} has no MAC and cannot be configured`);
  const nic = { ...link, mac: link.mac };
  const unmanagedReason = await findUnmanagedReason(host, nic);
  if (unmanagedReason !== null) {
    const { mac, name } = nic;
    const skipped = { mac, name, eni: null, outcome: "skipped", reason: unmanagedReason } as const;
    return reportNoChange(host, options, [skipped]);
  }
  const exitCode = isNamedByUser(clue) ? null : await handleKnownNic(host, options, nic);
  return exitCode ?? (await watchNic(host, options, nic.mac, settings));
}

/** Users give the name or MAC of a link; udev's events give its device. */
function isNamedByUser({ kind }: LinkSelector): boolean {
  return kind === "name" || kind === "mac";
}

/** A user may name a NIC before it is plugged in, so the run waits for it until `--timeout`. */
function linkDeadlineMs(
  clock: Pick<Host["clock"], "now">,
  clue: LinkSelector,
  { timeoutMs }: ImdsSettings,
): number {
  return isNamedByUser(clue) ? timeoutMs : clock.now() + Math.min(maxLinkWaitMs, timeoutMs);
}

function describePresentLinks({ kind }: LinkSelector): string {
  return `list the links: ${kind === "mac" ? "ip -br link" : "ls /sys/class/net"}`;
}

/** Why a link is not a NIC; null if it is one. Throws `USAGE` if the user named the link. */
function describeNotNic({ kind, name }: Link, clue: LinkSelector): string | null {
  const nonNic = describeNonNic(kind);
  if (nonNic === null) return null;
  const reason = `${name} is not a NIC (${nonNic})`;
  if (!isNamedByUser(clue)) return reason;
  throw new Failure("USAGE", reason, { hint: "list the NICs: ec2nic probe-nics" });
}

async function findUnmanagedReason(
  { target }: Pick<TargetHost, "target">,
  { mac, name }: LinkWithMac,
): Promise<string | null> {
  const { entries } = parseUnmanaged(await readUnmanaged(target));
  const entry = [mac, name].find((word) => entries.has(word));
  return entry === undefined ? null : `${unmanagedPath} lists ${entry}`;
}

/** Watches the NIC as the leader of runs with the same options, or waits for their leader. */
async function watchNic(
  host: TargetHost,
  options: HotplugOptions,
  mac: string,
  settings: ImdsSettings,
): Promise<number> {
  const runAsLeader = (followers: Followers | null): Promise<WatchResult> => {
    // the wait for another leader may have taken part of the time
    const timeoutMs = Math.max(minWatchMs, settings.timeoutMs - host.clock.now());
    let getProgress = (): WatchResult | null => null;
    const onStart = (getResult: () => WatchResult): void => void (getProgress = getResult);
    const work = (imds: ImdsContext) =>
      watchAndConfigure(host, options, imds, { mac, followers, onStart });
    return withImds(host, { ...settings, timeoutMs }, work).catch((error: unknown) => {
      throw attachProgress(error, getProgress());
    });
  };
  const key = buildJoinKey(options, settings);
  const result = changesMachine(host, options)
    ? await leadOrJoin(host, { mac, key, deadlineMs: settings.timeoutMs }, runAsLeader)
    : await runAsLeader(null);
  return "own" in result
    ? reportWatchResult(host, options, result)
    : reportJoinAnswer(host, options, result);
}

/** Adds to an error what the run had already done, so that this is reported too. */
function attachProgress(error: unknown, progress: WatchResult | null): unknown {
  return progress !== null && error instanceof Failure
    ? new PartialFailure(error, buildPartialResult(progress))
    : error;
}

/** Runs with equal keys send the same requests and make the same changes, so one run is enough. */
function buildJoinKey(
  { backend, stage, settleMs }: HotplugOptions,
  settings: ImdsSettings,
): string {
  const { endpoints, nic, dhcp, retries } = settings;
  return JSON.stringify([backend, stage, settleMs, endpoints, nic, dhcp, retries]);
}
