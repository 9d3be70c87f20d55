import { Failure } from "../../exit.ts";
import { parseMac } from "../../model/ip.ts";
import { baseName } from "../../model/text.ts";
import type { LinkSelector, NicEvent } from "../../model/hotplug.ts";

/** The flags of `hotplug`; null: not given, so udev's environment is used. */
export interface EventFlags {
  readonly action: "add" | "remove" | null;
  readonly nic: string | null;
  readonly mac: string | null;
  /** A sysfs path, or a device's name on its bus as the unit gives it (`0000:00:06.0_1214`). */
  readonly devpath: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The event, from the flags, else from udev's environment (udev(7), and `udevadm monitor --property`
 * on bookworm and trixie). Flags take precedence, and may name a virtual link too. Throws `USAGE`,
 * naming what is missing, if neither describes an event.
 */
export function parseNicEvent(env: Environment, flags: EventFlags): NicEvent {
  const action = flags.action ?? env["ACTION"] ?? null;
  const selector = parseSelectorFlags(flags);
  if (selector !== null && action === "add") return { kind: "added", selector };
  if (selector !== null && action === "remove") return removalEvent(selector);
  const hasDevice = readSubsystem(env) !== undefined && env["DEVPATH"] !== undefined;
  if (selector === null && hasDevice) return parseUdevEvent({ ...env, ACTION: action ?? "" });
  if (selector === null && action === "remove") return { kind: "device-removed", device: null };
  throw unclearEventFailure(flags);
}

function unclearEventFailure({ action, ...flags }: EventFlags): Failure {
  const names = (["devpath", "mac", "nic"] as const).filter((flag) => flags[flag] !== null);
  const [given] = names.map((flag) => `--${flag} ${flags[flag]}`);
  if (given !== undefined) {
    const hint = `ec2nic hotplug add ${given}, or remove`;
    return new Failure("USAGE", `${given}: no action given (add or remove)`, { hint });
  }
  if (action !== null) {
    const hint = `ec2nic hotplug ${action} --nic eth1, or --mac, or --devpath`;
    return new Failure("USAGE", `hotplug ${action}: no NIC given`, { hint });
  }
  const hint = "ec2nic hotplug add --nic eth1 (only udev calls it without an action)";
  return new Failure("USAGE", "no action given, and none in udev's environment", { hint });
}

/** Uses the first flag given, in this order: a second one could only contradict it. */
function parseSelectorFlags({ devpath, mac, nic }: EventFlags): LinkSelector | null {
  if (devpath !== null) return parseDevpath(devpath);
  if (mac !== null) {
    const parsed = parseMac(mac);
    if (parsed === null) throw new Failure("USAGE", `--mac ${mac}: not a MAC`);
    return { kind: "mac", mac: parsed };
  }
  return nic === null ? null : { kind: "name", name: nic };
}

/** After `_` comes the event's number, which only makes the unit's name unique. */
function parseDevpath(devpath: string): LinkSelector {
  const [, address] = /^([\w:.-]+?)(?:_\d*)?$/.exec(devpath) ?? [];
  if (address !== undefined && !address.startsWith(".")) return { kind: "bus", address };
  const path = /^(?:\/sys)?(\/devices\/.+)$/.exec(devpath)?.[1];
  if (path === undefined || path.split("/").includes("..")) {
    const hint = "a path below /sys/devices, or the device's name on its bus";
    throw new Failure("USAGE", `--devpath ${devpath}: not a device`, { hint });
  }
  return { kind: "device", path: stripLinkPath(path), name: null };
}

/** A removed device's path no longer exists: only its name can still be compared. */
function removalEvent(selector: LinkSelector): NicEvent {
  if (selector.kind === "name") return { kind: "link-removed", name: selector.name, mac: null };
  if (selector.kind === "mac") return { kind: "link-removed", name: null, mac: selector.mac };
  const device = selector.kind === "bus" ? selector.address : baseName(selector.path);
  return { kind: "device-removed", device };
}

/** Without SUBSYSTEM, INTERFACE means a link: a caller may pass on only three variables. */
function readSubsystem(env: Environment): string | undefined {
  return env["SUBSYSTEM"] ?? (env["INTERFACE"] === undefined ? undefined : "net");
}

function parseUdevEvent(env: Environment): NicEvent {
  const { ACTION: action = "", DEVPATH: path = "" } = env;
  const subsystem = readSubsystem(env) ?? "";
  const irrelevant = (reason: string): NicEvent => ({ kind: "irrelevant", reason });
  if (action !== "add" && action !== "remove") {
    return irrelevant(`udev action "${action}" neither adds nor removes a NIC`);
  }
  if (subsystem === "net") return parseNetEvent(env, action, path);
  const reason = notNicReason(env, subsystem, path);
  if (reason !== null) return irrelevant(reason);
  if (action === "add") return irrelevant(`${baseName(path)}: its link has an event of its own`);
  return { kind: "device-removed", device: env["PCI_SLOT_NAME"] ?? baseName(path) };
}

/** A link below /devices/virtual (bridge, veth, VLAN) has no device, so it is no NIC. */
function parseNetEvent(env: Environment, action: "add" | "remove", path: string): NicEvent {
  if (path.startsWith("/devices/virtual/")) {
    return { kind: "irrelevant", reason: `${baseName(path)}: a virtual link, not a NIC` };
  }
  const name = env["INTERFACE"] ?? baseName(path);
  if (action === "remove") return { kind: "link-removed", name, mac: null };
  const renamedTo = env["ID_RENAMING"] === "1" ? name : null;
  const selector = { kind: "device", path: stripLinkPath(path), name: renamedTo } as const;
  return { kind: "added", selector };
}

/**
 * Why a device on a bus is no NIC; null: it is one. A virtio device below a PCI function disappears
 * when its driver is unbound although the NIC is still attached, so only the PCI function's removal
 * counts. PCI_CLASS is hexadecimal without leading zeros, class 02 is network (kernel: pci_uevent).
 * Xen devices are named after their type and number (kernel: xenbus_probe_node).
 */
function notNicReason(env: Environment, subsystem: string, path: string): string | null {
  const name = baseName(path);
  const noNetworkDevice = `${name}: not a network device`;
  if (subsystem === "pci") {
    return /^2[0-9A-F]{4}$/i.test(env["PCI_CLASS"] ?? "") ? null : noNetworkDevice;
  }
  if (subsystem === "xen") return /^vif-\d+$/.test(name) ? null : noNetworkDevice;
  if (subsystem !== "virtio") return `subsystem ${subsystem} has no NICs`;
  if (!(env["MODALIAS"] ?? "").startsWith("virtio:d00000001v")) return noNetworkDevice;
  return path.includes("/pci") ? `${name}: its PCI device has an event of its own` : null;
}

/** The path of a link's device; a path of anything else, or of a virtual link, is unchanged. */
function stripLinkPath(path: string): string {
  if (path.startsWith("/devices/virtual/")) return path;
  return path.replace(/\/net(?:\/[^/]+)?$/, "");
}
