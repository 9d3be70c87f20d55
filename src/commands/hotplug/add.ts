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

/** udev renames a link while it handles the event; a link that is still missing then is gone. */
const maxLinkWaitMs = 10_000;
/** For the watch, even if waiting for another run took all of `--timeout`: one poll of IMDS. */
const minWatchMs = 1000;

/**
 * `hotplug add`: configures a NIC that was plugged in; returns the exit status. Throws `NOPERM`,
 * `TEMPFAIL` if a NIC named by the user does not appear in time, `USAGE` if that name is not a NIC's,
 * and what the watch and the activation throw.
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
  const notNicReason = describeNotNic(link, clue);
  if (notNicReason !== null) return reportNoChange(host, options, [], notNicReason);
  if (link.mac === null)
    return reportNoChange(host, options, [], `${link.name} has no MAC: nothing to configure`);
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

/** Users give names and MACs; events give devices. */
function isNamedByUser({ kind }: LinkSelector): boolean {
  return kind === "name" || kind === "mac";
}

/** A user may name a NIC before it is plugged in, so that is waited for until `--timeout`. */
function linkDeadlineMs(
  clock: Pick<Host["clock"], "now">,
  clue: LinkSelector,
  { timeoutMs }: ImdsSettings,
): number {
  return isNamedByUser(clue) ? timeoutMs : clock.now() + Math.min(maxLinkWaitMs, timeoutMs);
}

function describePresentLinks({ kind }: LinkSelector): string {
  const command = kind === "mac" ? "ip -br link" : "ls /sys/class/net";
  return `list the links: ${command}`;
}

/** Why a link is not a NIC; null: it is one. Throws `USAGE` if the user named it. */
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

/** Watches the NIC as leader of all runs with the same options, or lets their leader do it. */
async function watchNic(
  host: TargetHost,
  options: HotplugOptions,
  mac: string,
  settings: ImdsSettings,
): Promise<number> {
  const runAsLeader = (followers: Followers | null): Promise<WatchResult> => {
    // waiting for another leader may have taken part of the time
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

/** Adds to an error what the run had already done, so that it is reported too. */
function attachProgress(error: unknown, progress: WatchResult | null): unknown {
  return progress !== null && error instanceof Failure
    ? new PartialFailure(error, buildPartialResult(progress))
    : error;
}

/** Runs with equal keys ask IMDS and change the machine in the same way, so one can do the work. */
function buildJoinKey(
  { backend, stage, settleMs }: HotplugOptions,
  settings: ImdsSettings,
): string {
  const { endpoints, nic, dhcp, retries } = settings;
  return JSON.stringify([backend, stage, settleMs, endpoints, nic, dhcp, retries]);
}
