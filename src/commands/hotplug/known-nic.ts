import type { Host } from "../../host/host.ts";
import type { KnownLink, Link } from "../../model/link.ts";
import { isOfEarlierBoot, whyNeverGone } from "../../plan/presence/arrival.ts";
import type { HotplugOptions } from "./options.ts";
import { lookForRemovals, type SeenNics } from "../configure/find-removed.ts";
import { reportNothing } from "./report.ts";
import { changesMachine } from "../../apply/preconditions.ts";
import { inspectBackends, inspectProfiles } from "../../inspect/machine/backends.ts";
import { runSteps } from "../../apply/run-steps.ts";
import type { Failure } from "../../exit.ts";
import { readLinkState } from "../../inspect/links/link-states.ts";
import type { Activation } from "../../model/plan.ts";
import { macDigits, profileUuid } from "../../model/managed-paths.ts";
import { isNetworkManager } from "../../plan/drift/ask-daemon.ts";
import { wakeSteps } from "../../plan/backend/activation-steps.ts";
import { alone } from "../../apply/lock.ts";
import { chooseStage } from "../configure/stage.ts";
import { activationOf } from "../../plan/plan-activation.ts";
import { isThere } from "../../apply/leader.ts";
import { bootUnit } from "../../install/units/unit.ts";

/**
 * A NIC that came and was here before: its driver was reloaded, or the machine boots with what an
 * earlier boot configured, and nothing is new. Asks IMDS nothing. Gives the exit status; null: it is
 * another NIC, or nothing is known of it, or something of it has just changed. Throws what the
 * activation throws.
 */
export async function keepNic(
  host: Host,
  options: HotplugOptions,
  link: KnownLink,
): Promise<number | null> {
  const seen = await lookAfterBootRun(host, options, link);
  if (seen === null) return null;
  const { state, devices, notes } = seen;
  const reason = whyNeverGone({ link, files: state.files, devices, notes });
  if (reason === null) return null;
  const failure = await bringBack(host, options, link);
  if (failure !== null) throw failure;
  const nic = { mac: link.mac, name: link.name, eni: null, outcome: "kept", reason } as const;
  return reportNothing(host, options, [nic]);
}

/**
 * At a boot udev tells of NICs that the boot's own run is about to look at. What that finds as it has
 * to be is what an earlier boot configured, and needs no second look, and no watch at each boot. A NIC
 * without files waits for nobody; null: of one whose files that run wrote, more may come.
 */
async function lookAfterBootRun(
  host: Host,
  options: HotplugOptions,
  link: KnownLink,
): Promise<SeenNics | null> {
  const seen = await lookForRemovals(host, options.root);
  const isOld = isOfEarlierBoot({ link, files: seen.state.files, notes: seen.notes });
  if (!isOld || !changesMachine(options)) return seen;
  await awaitBootRun(host, options.timeoutMs);
  const after = await lookForRemovals(host, options.root);
  const note = after.notes.find(({ mac }) => mac === link.mac);
  return note?.hadFiles === true ? after : null;
}

/** In which a daemon takes up a link whose configuration it has; it takes them tenths of it. */
const patienceMs = 1500;

const devicePollMs = 50;

/**
 * Sees to it that a link which came back is taken up by the daemon in charge, and tells that to do
 * so where it does not by itself. Asks nobody for addresses. Gives why it could not; null: it is up.
 */
async function bringBack(
  host: Host,
  options: HotplugOptions,
  link: KnownLink,
): Promise<Failure | null> {
  if (await comesBack(host, link)) return null;
  const { stage } = await chooseStage(host, options.stage, options.root);
  const [backends, profiles] = [
    await inspectBackends(host, options.root),
    await inspectProfiles(host),
  ];
  const { activation } = activationOf({ backends, profiles, stage }, options.backend);
  if (await isTakenUp(host, link, activation)) return null;
  const steps = wakeSteps({ ...link, isPrimary: false }, activation);
  if (options.dryRun || steps.length === 0) return null;
  const [failed] = await alone(host, { ...options, check: false }, () => runSteps(host, steps));
  return failed?.failure ?? null;
}

/** Whether it has an address again before patience ends: nothing more can be wanted. */
async function comesBack(host: Pick<Host, "addresses" | "clock" | "signal">, { name }: Link) {
  const deadlineMs = host.clock.now() + patienceMs;
  const isBack = (): boolean =>
    host.addresses().some(({ nic, address }) => nic === name && !address.startsWith("fe80:"));
  while (!isBack() && host.clock.now() < deadlineMs) {
    await host.clock.sleep(devicePollMs, host.signal);
  }
  return isBack();
}

/** A link that networkd has taken up is up; NetworkManager takes up any, to look for a carrier. */
async function isTakenUp(
  host: Pick<Host, "files">,
  { name, mac }: KnownLink,
  activation: Activation,
): Promise<boolean> {
  if (!isNetworkManager(activation)) return (await readLinkState(host, name)).isUp;
  return activation.active[name] === profileUuid(macDigits(mac));
}

/**
 * It takes tenths of a second where nothing is new. Where it takes this long, IMDS is silent, or a NIC
 * that is new is not whole yet: the others need not wait for that.
 */
const longestMs = 10_000;

const bootRunPollMs = 100;

/**
 * Waits for the run that configures all NICs, where systemd has one going, until it ends or patience
 * does: for `timeoutMs` at most. Rejects with the signal's reason.
 */
async function awaitBootRun(
  host: Pick<Host, "clock" | "exec" | "files" | "log" | "signal">,
  timeoutMs: number,
): Promise<void> {
  const patienceMs = Math.min(longestMs, timeoutMs);
  const deadlineMs = host.clock.now() + patienceMs;
  const argv = ["systemctl", "show", "--property=MainPID", bootUnit];
  const { stdout } = await host.exec(argv, { timeoutMs: patienceMs });
  const [, pid] = /^MainPID=([1-9]\d*)$/m.exec(stdout) ?? [];
  if (pid === undefined) return;
  host.log.verbose(`${bootUnit} (process ${pid}) is about to look at all NICs: waiting for it`);
  while (host.clock.now() < deadlineMs && (await isThere(host, pid))) {
    await host.clock.sleep(bootRunPollMs, host.signal);
  }
}
