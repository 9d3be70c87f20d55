import { inspectBackends } from "../../inspect/machine/inspect-backends.ts";
import { inspectProfiles } from "../../inspect/machine/inspect-profiles.ts";
import { runSteps } from "../../apply/run-steps.ts";
import type { Failure } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import { readLinkState } from "../../inspect/links/read-link-states.ts";
import type { Activation } from "../../model/activation.ts";
import type { KnownLink, Link } from "../../model/link.ts";
import { macDigits } from "../../model/own-files.ts";
import { profileUuid } from "../../model/own-names.ts";
import { isNetworkManager } from "../../plan/drift/ask-daemon.ts";
import { wakeSteps } from "../../plan/backend/wake-steps.ts";
import { alone } from "../configure/carry-out.ts";
import { chooseStage } from "../configure/stage.ts";
import type { HotplugOptions } from "./options.ts";
import { activationOf } from "../../plan/plan-activation.ts";

/** In which a daemon takes up a link whose configuration it has; it takes them tenths of it. */
const patienceMs = 1500;
const lookAgainMs = 50;

/**
 * Sees to it that a link which came back is taken up by the daemon in charge, and tells that to do
 * so where it does not by itself. Asks nobody for addresses. Gives why it could not; null: it is up.
 */
export async function bringBack(
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
    await host.clock.sleep(lookAgainMs, host.signal);
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
