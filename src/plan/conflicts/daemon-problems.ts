import type { DaemonLink, DaemonLinks } from "../../model/backend-facts.ts";
import {
  macDigits,
  netplanId,
  managedPath,
  profileUuid,
  unmanagedPath,
} from "../../model/managed-paths.ts";
import {
  type Activation,
  type NicResult,
  type OtherFile,
  type Step,
  usesNetworkManager,
} from "../../model/plan.ts";
import { baseName } from "../../model/text.ts";

/** Why the configuration of a NIC is not in force, as the daemon in charge says. */
export interface DaemonProblem {
  readonly mac: string;
  readonly name: string;
  readonly text: string;
  readonly hint: string;
  /**
   * `held`: another file takes precedence. `unread`: ours would, if the daemon read it again.
   * `failed`: the daemon uses ours, but could not do what it says.
   */
  readonly kind: "held" | "unread" | "failed";
}

interface DaemonView {
  readonly activation: Pick<Activation, "backend" | "renderer" | "isRunning" | "stage">;
  readonly daemonLinks: DaemonLinks;
  readonly otherFiles: readonly OtherFile[];
}

interface NamedNic {
  readonly mac: string;
  readonly name: string | null;
}

/**
 * The NICs that the daemon in charge calls failed, or that it configures with another file than
 * ours. A daemon that is still configuring a NIC is no problem, and one that does not run says
 * nothing. networkd fails a NIC for example if the kernel refuses one of its rules.
 */
export function findDaemonProblems(
  nics: readonly NamedNic[],
  { activation, daemonLinks, otherFiles }: DaemonView,
): readonly DaemonProblem[] {
  if (activation.stage === "local" || !activation.isRunning) return [];
  return nics.flatMap(({ mac, name }) => {
    const link = name === null ? undefined : daemonLinks[name];
    if (name === null || link === undefined) return [];
    const nic = { mac, name };
    const problem = usesNetworkManager(activation)
      ? networkManagerProblem(nic, link, otherFiles)
      : networkdProblem(
          { ...nic, ours: managedUnitPath(activation.backend, mac) },
          link,
          otherFiles,
        );
    return problem === null ? [] : [{ ...nic, ...problem }];
  });
}

/** The path of the `.network` file that networkd should use for the NIC. */
export function managedUnitPath(backend: Activation["backend"], mac: string): string {
  if (backend === "networkd") return managedPath("networkd", mac);
  return `/run/systemd/network/10-netplan-${netplanId(macDigits(mac))}.network`;
}

/**
 * The planned outcomes of the NICs with problems: `configured` if the run's commands may solve the
 * problem, else `failed`. A NIC that a command of the daemon resets says so.
 */
export function planOutcomes(
  nics: readonly NicResult[],
  problems: readonly DaemonProblem[],
  steps: readonly Step[],
): readonly NicResult[] {
  return nics.map((nic) => {
    const problem = problems.find(({ mac }) => mac === nic.mac);
    if (nic.outcome !== "unchanged") return nic;
    if (problem === undefined) return { ...nic, ...reconfiguredReason(nic, steps) };
    const isRepaired = problem.kind === "unread" || steps.some(({ mac }) => mac === nic.mac);
    if (isRepaired) return { ...nic, outcome: "configured", reason: `before, ${problem.text}` };
    return { ...nic, outcome: "failed", reason: problem.text };
  });
}

function reconfiguredReason({ mac }: NicResult, steps: readonly Step[]): Pick<NicResult, "reason"> {
  const step = steps.find((each) => each.mac === mac && each.argv[0] !== "ip");
  return step === undefined ? {} : { reason: `${step.argv.join(" ")}: ${step.reason}` };
}

type Problem = Pick<DaemonProblem, "text" | "hint" | "kind">;
type Nic = Pick<DaemonProblem, "mac" | "name">;

function networkdProblem(
  { name, ours }: Nic & { readonly ours: string },
  link: DaemonLink,
  files: readonly OtherFile[],
): Problem | null {
  if (link.networkd === null) return null;
  const { state, file } = link.networkd;
  if (file !== null && file !== ours) {
    const isFirst = baseName(file) <= baseName(ours) && files.some(({ path }) => path === file);
    const kind = isFirst ? "held" : "unread";
    const text = `${name}: networkd uses ${file}, not ${ours}`;
    const rename = `remove ${file}, or give it a name that sorts after ${baseName(ours)}`;
    return { text, hint: `${rename}, or list ${name} in ${unmanagedPath}`, kind };
  }
  if (state === "unmanaged") {
    const hint = `networkctl status ${name}`;
    return { text: `${name}: networkd does not manage it`, hint, kind: "unread" };
  }
  if (state !== "failed") return null;
  const text = `${name}: networkd could not configure it (networkctl says "failed")`;
  return { text, hint: "journalctl -b -u systemd-networkd", kind: "failed" };
}

/** NM_DEVICE_STATE_FAILED, nm-dbus-interface.h */
const failedState = 120;

function networkManagerProblem(
  { mac, name }: Nic,
  { networkManager: device }: DaemonLink,
  files: readonly OtherFile[],
): Problem | null {
  const ours = profileUuid(macDigits(mac));
  if (device === null) return null;
  if (device.state === failedState) {
    const text = `${name}: NetworkManager could not activate it (nmcli says "failed")`;
    return { text, hint: "journalctl -b -u NetworkManager", kind: "failed" };
  }
  if (device.profile === null || device.profile === ours) return null;
  const holder = files.find(({ content }) => content.includes(`uuid=${device.profile}`));
  const profile = holder === undefined ? `the profile ${device.profile}` : holder.path;
  const text = `${name}: NetworkManager uses ${profile}, not ec2nic's profile`;
  const activate = `nmcli connection up uuid ${ours} ifname ${name}`;
  return { text, hint: `${activate}, or list ${name} in ${unmanagedPath}`, kind: "held" };
}
