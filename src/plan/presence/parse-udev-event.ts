import { Failure } from "../../exit.ts";
import { parseMac } from "../../model/ip.ts";
import { baseName } from "../../model/text.ts";
import type { LinkSelector, NicEvent } from "../../model/hotplug.ts";

/** The flags of `hotplug`. A flag that is not given is null: udev's environment is used instead. */
export interface EventFlags {
  readonly action: "add" | "remove" | null;
  readonly nic: string | null;
  readonly mac: string | null;
  /** A sysfs path, or a device's name on its bus as udev's unit passes it (`0000:00:06.0_1214`). */
  readonly devpath: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the event from the flags, or else from udev's environment (udev(7), and `udevadm monitor
 * --property` on bookworm and trixie). Flags take precedence, and can also name a virtual link.
 * Throws `USAGE`, which names what is missing, if neither describes an event.
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
  const hint = "name an action and a NIC: ec2nic hotplug add --nic eth1";
  return new Failure("USAGE", "no action given, and none in udev's environment", { hint });
}

/** Uses --devpath, else --mac, else --nic, since a second flag could only contradict the first. */
function parseSelectorFlags({ devpath, mac, nic }: EventFlags): LinkSelector | null {
  if (devpath !== null) return parseDevpath(devpath);
  if (mac !== null) {
    const parsed = parseMac(mac);
    if (parsed === null) throw new Failure("USAGE", `--mac ${mac}: not a MAC`);
    return { kind: "mac", mac: parsed };
  }
  return nic === null ? null : { kind: "name", name: nic };
}

/** In a unit's name, `_` and a number follow the device, and only make the unit's name unique. */
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

/** Only the name of a removed device can still be compared, because its path no longer exists. */
function removalEvent(selector: LinkSelector): NicEvent {
  if (selector.kind === "name") return { kind: "link-removed", name: selector.name, mac: null };
  if (selector.kind === "mac") return { kind: "link-removed", name: null, mac: selector.mac };
  const device = selector.kind === "bus" ? selector.address : baseName(selector.path);
  return { kind: "device-removed", device };
}

/** INTERFACE without SUBSYSTEM means a link, because a caller may pass on only three variables. */
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
  if (action === "add") return irrelevant(`${baseName(path)}: udev reports its link separately`);
  return { kind: "device-removed", device: env["PCI_SLOT_NAME"] ?? baseName(path) };
}

/** A link below /devices/virtual (bridge, veth, VLAN) has no device, so it is not a NIC. */
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
 * Why a device on a bus is not a NIC; null if it is a NIC. A virtio device below a PCI function
 * disappears when its driver is unbound, although the NIC is still attached, so only the removal of
 * the PCI function counts. PCI_CLASS is hexadecimal without leading zeros, and class 02 is network
 * (kernel: pci_uevent). A Xen device's name is its type and number (kernel: xenbus_probe_node).
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
  return path.includes("/pci") ? `${name}: udev reports its PCI device separately` : null;
}

/** The path of a link's device. A path of a virtual link, or of no link, is returned as it is. */
function stripLinkPath(path: string): string {
  if (path.startsWith("/devices/virtual/")) return path;
  return path.replace(/\/net(?:\/[^/]+)?$/, "");
}
