import { isProcessAlive } from "../../apply/leader.ts";
import { runExclusively } from "../../apply/lock.ts";
import { changesMachine } from "../../apply/preconditions.ts";
import { runSteps } from "../../apply/run-steps.ts";
import type { Failure } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import type { TargetHost } from "../../host/target.ts";
import { readLinkState } from "../../inspect/links/link-states.ts";
import { inspectBackends, readActiveProfiles } from "../../inspect/machine/backends.ts";
import { readDaemonLinks } from "../../inspect/machine/daemon-links.ts";
import { readOtherFiles } from "../../inspect/machine/other-files.ts";
import { readLinks } from "../../inspect/links/links.ts";
import { filterNicLinks } from "../../plan/config/match-nics.ts";
import { bootUnit } from "../../install/units/unit.ts";
import type { Link, LinkWithMac } from "../../model/link.ts";
import { macDigits, profileUuid } from "../../model/managed-paths.ts";
import { type Activation, usesNetworkManager } from "../../model/plan.ts";
import { reactivateSteps } from "../../plan/backend/activation-steps.ts";
import { chooseActivation } from "../../plan/plan-activation.ts";
import { driverReloadReason, wasConfiguredByEarlierBoot } from "../../plan/presence/arrival.ts";
import { chooseStage } from "../configure/choose-stage.ts";
import { findRemovedNics, type NicInventory } from "../configure/find-removed.ts";
import type { HotplugOptions } from "./options.ts";
import { reportNoChange } from "./report.ts";

/** The longest wait for a daemon to configure a link that it knows (usually about 100 ms). */
const daemonWaitMs = 1500;
const addressPollMs = 50;

/**
 * The longest wait for the run of `bootUnit`, which usually needs about 100 ms if nothing has
 * changed. A longer run waits for IMDS or for metadata of another NIC, and this NIC need not wait
 * for that.
 */
const maxBootRunWaitMs = 10_000;
const bootRunPollMs = 100;

/**
 * Handles, without IMDS, a NIC that was present before: its driver was reloaded, or the machine
 * boots with the configuration of an earlier boot and nothing has changed. Returns the exit status,
 * or null if the NIC must be configured as a new one. Throws what the activation throws.
 */
export async function handleKnownNic(
  host: TargetHost,
  options: HotplugOptions,
  link: LinkWithMac,
): Promise<number | null> {
  const inventory = await readInventoryAfterBootRun(host, options, link);
  if (inventory === null) return null;
  const { state, devices, records } = inventory;
  const reason = driverReloadReason({ link, files: state.files, devices, records });
  if (reason === null) return null;
  const failure = await ensureActive(host, options, link);
  if (failure !== null) throw failure;
  const nic = { mac: link.mac, name: link.name, eni: null, outcome: "kept", reason } as const;
  return reportNoChange(host, options, [nic]);
}

/**
 * At boot, udev's events arrive before `bootUnit` has checked all NICs. If an earlier boot
 * configured the NIC, this waits for that run, because a NIC that it finds unchanged needs no check
 * and no watch. Returns null if the run changed the NIC: then more metadata may arrive.
 */
async function readInventoryAfterBootRun(
  host: TargetHost,
  options: HotplugOptions,
  link: LinkWithMac,
): Promise<NicInventory | null> {
  const inventory = await findRemovedNics(host);
  const { records, state } = inventory;
  const isFromEarlierBoot = wasConfiguredByEarlierBoot({ link, files: state.files, records });
  if (!isFromEarlierBoot || !changesMachine(host, options)) return inventory;
  await waitForBootRun(host, options.timeoutMs);
  const inventoryAfter = await findRemovedNics(host);
  const record = inventoryAfter.records.find(({ mac }) => mac === link.mac);
  return record?.foundUnchanged === true ? inventoryAfter : null;
}

/**
 * Waits until the network daemon has configured a link that came back. If it does not, commands it
 * to, and does not check addresses afterwards. Returns the failure of that command, or null.
 */
async function ensureActive(
  host: TargetHost,
  options: HotplugOptions,
  link: LinkWithMac,
): Promise<Failure | null> {
  if (await waitForAddress(host, link)) return null;
  const { stage } = await chooseStage(host, options.stage);
  const [backends, profiles] = [await inspectBackends(host), await readActiveProfiles(host)];
  const otherFiles = await readOtherFiles(host.target);
  const links = filterNicLinks(await readLinks(host));
  const daemonLinks = await readDaemonLinks(host, links, backends.networkManager.isRunning);
  const facts = { backends, daemonLinks, otherFiles, profiles, stage, facts: { links } };
  const { activation, leftAlone } = chooseActivation(facts, options.backend);
  if (leftAlone[link.mac] !== undefined) return null;
  if (await isActivated(host, link, activation)) return null;
  const steps = reactivateSteps({ ...link, isPrimary: false }, activation);
  if (options.dryRun || steps.length === 0) return null;
  const [failed] = await runExclusively(host, options, () => runSteps(host, steps));
  return failed?.failure ?? null;
}

/** Whether the link gets an address that is not link-local within `daemonWaitMs`. */
async function waitForAddress(host: Pick<Host, "addresses" | "clock" | "signal">, { name }: Link) {
  const deadlineMs = host.clock.now() + daemonWaitMs;
  const hasAddress = (): boolean =>
    host.addresses().some(({ nic, address }) => nic === name && !address.startsWith("fe80:"));
  while (!hasAddress() && host.clock.now() < deadlineMs) {
    await host.clock.sleep(addressPollMs, host.signal);
  }
  return hasAddress();
}

/** For networkd, a link that is up is proof. NetworkManager sets up every link, to see carrier. */
async function isActivated(
  host: Pick<Host, "files">,
  { name, mac }: LinkWithMac,
  activation: Activation,
): Promise<boolean> {
  if (!usesNetworkManager(activation)) return (await readLinkState(host, name)).isUp;
  return activation.activeProfiles[name] === profileUuid(macDigits(mac));
}

/** Waits until the run of `bootUnit`, if there is one, has ended; at most `timeoutMs`. */
async function waitForBootRun(
  host: Pick<Host, "clock" | "exec" | "files" | "log" | "signal">,
  timeoutMs: number,
): Promise<void> {
  const waitMs = Math.min(maxBootRunWaitMs, timeoutMs);
  const deadlineMs = host.clock.now() + waitMs;
  const argv = ["systemctl", "show", "--property=MainPID", bootUnit];
  const { stdout } = await host.exec(argv, { timeoutMs: waitMs });
  const [, pid] = /^MainPID=([1-9]\d*)$/m.exec(stdout) ?? [];
  if (pid === undefined) return;
  host.log.verbose(`waiting until ${bootUnit} (process ${pid}) has checked all NICs`);
  while (host.clock.now() < deadlineMs && (await isProcessAlive(host, pid))) {
    await host.clock.sleep(bootRunPollMs, host.signal);
  }
}
