import type { Host } from "../../host/host.ts";
import type { TargetHost } from "../../host/target.ts";
import type { LinkWithMac, Link } from "../../model/link.ts";
import { wasConfiguredByEarlierBoot, driverReloadReason } from "../../plan/presence/arrival.ts";
import type { HotplugOptions } from "./options.ts";
import { findRemovedNics, type NicInventory } from "../configure/find-removed.ts";
import { reportNoChange } from "./report.ts";
import { changesMachine } from "../../apply/preconditions.ts";
import { inspectBackends, readActiveProfiles } from "../../inspect/machine/backends.ts";
import { runSteps } from "../../apply/run-steps.ts";
import type { Failure } from "../../exit.ts";
import { readLinkState } from "../../inspect/links/link-states.ts";
import type { Activation } from "../../model/plan.ts";
import { macDigits, profileUuid } from "../../model/managed-paths.ts";
import { usesNetworkManager } from "../../model/plan.ts";
import { reactivateSteps } from "../../plan/backend/activation-steps.ts";
import { runExclusively } from "../../apply/lock.ts";
import { chooseStage } from "../configure/stage.ts";
import { chooseActivation } from "../../plan/plan-activation.ts";
import { isProcessAlive } from "../../apply/leader.ts";
import { bootUnit } from "../../install/units/unit.ts";

/**
 * A NIC that came and was here before: its driver was reloaded, or the machine boots with what an
 * earlier boot configured, and nothing is new. Asks IMDS nothing. Gives the exit status; null: it is
 * another NIC, or nothing is known of it, or something of it has just changed. Throws what the
 * activation throws.
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
 * At a boot udev tells of NICs that the boot's own run is about to look at. What that finds as it has
 * to be is what an earlier boot configured, and needs no second look, and no watch at each boot. A NIC
 * without files waits for nobody; null: of one whose files that run wrote, more may come.
 */
async function readInventoryAfterBootRun(
  host: TargetHost,
  options: HotplugOptions,
  link: LinkWithMac,
): Promise<NicInventory | null> {
  const inventory = await findRemovedNics(host);
  const isFromEarlierBoot = wasConfiguredByEarlierBoot({
    link,
    files: inventory.state.files,
    records: inventory.records,
  });
  if (!isFromEarlierBoot || !changesMachine(options)) return inventory;
  await waitForBootRun(host, options.timeoutMs);
  const inventoryAfter = await findRemovedNics(host);
  const record = inventoryAfter.records.find(({ mac }) => mac === link.mac);
  return record?.foundUnchanged === true ? inventoryAfter : null;
}

/** In which a daemon takes up a link whose configuration it has; it takes them tenths of it. */
const daemonWaitMs = 1500;

const addressPollMs = 50;

/**
 * Sees to it that a link which came back is taken up by the daemon in charge, and tells that to do
 * so where it does not by itself. Asks nobody for addresses. Gives why it could not; null: it is up.
 */
async function ensureActive(
  host: TargetHost,
  options: HotplugOptions,
  link: LinkWithMac,
): Promise<Failure | null> {
  if (await waitForAddress(host, link)) return null;
  const { stage } = await chooseStage(host, options.stage);
  const [backends, profiles] = [await inspectBackends(host), await readActiveProfiles(host)];
  const { activation } = chooseActivation({ backends, profiles, stage }, options.backend);
  if (await isActivated(host, link, activation)) return null;
  const steps = reactivateSteps({ ...link, isPrimary: false }, activation);
  if (options.dryRun || steps.length === 0) return null;
  const [failed] = await runExclusively(host, { ...options, check: false }, () =>
    runSteps(host, steps),
  );
  return failed?.failure ?? null;
}

/** Whether it has an address again before patience ends: nothing more can be wanted. */
async function waitForAddress(host: Pick<Host, "addresses" | "clock" | "signal">, { name }: Link) {
  const deadlineMs = host.clock.now() + daemonWaitMs;
  const hasAddress = (): boolean =>
    host.addresses().some(({ nic, address }) => nic === name && !address.startsWith("fe80:"));
  while (!hasAddress() && host.clock.now() < deadlineMs) {
    await host.clock.sleep(addressPollMs, host.signal);
  }
  return hasAddress();
}

/** A link that networkd has taken up is up; NetworkManager takes up any, to look for a carrier. */
async function isActivated(
  host: Pick<Host, "files">,
  { name, mac }: LinkWithMac,
  activation: Activation,
): Promise<boolean> {
  if (!usesNetworkManager(activation)) return (await readLinkState(host, name)).isUp;
  return activation.activeProfiles[name] === profileUuid(macDigits(mac));
}

/**
 * It takes tenths of a second where nothing is new. Where it takes this long, IMDS is silent, or a NIC
 * that is new is not whole yet: the others need not wait for that.
 */
const maxBootRunWaitMs = 10_000;

const bootRunPollMs = 100;

/**
 * Waits for the run that configures all NICs, where systemd has one going, until it ends or patience
 * does: for `timeoutMs` at most. Rejects with the signal's reason.
 */
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
  host.log.verbose(`${bootUnit} (process ${pid}) is about to look at all NICs: waiting for it`);
  while (host.clock.now() < deadlineMs && (await isProcessAlive(host, pid))) {
    await host.clock.sleep(bootRunPollMs, host.signal);
  }
}
