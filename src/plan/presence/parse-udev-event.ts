import { Failure } from "../../exit.ts";
import { parseMac } from "../../model/ip.ts";
import { baseName } from "../../model/text.ts";
import type { LinkSelector, NicEvent } from "../../model/hotplug.ts";

/** What the caller says; null: nothing, udev's environment is to tell. */
export interface EventFlags {
  readonly action: "add" | "remove" | null;
  readonly nic: string | null;
  readonly mac: string | null;
  /** A sysfs path, or a device's name on its bus as the unit gives it (`0000:00:06.0_1214`). */
  readonly devpath: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What is meant, by the flags, else by udev's environment (udev(7), and `udevadm monitor
 * --property` on bookworm and trixie). A flag wins over the environment: who gives one knows which
 * NIC is meant, and virtual ones are taken too. Throws `USAGE` where neither tells, with what is
 * missing.
 */
export function parseNicEvent(env: Environment, flags: EventFlags): NicEvent {
  const action = flags.action ?? env["ACTION"] ?? null;
  const selector = parseSelectorFlags(flags);
  if (selector !== null && action === "add") return { kind: "added", selector: selector };
  if (selector !== null && action === "remove") return removalEvent(selector);
  if (selector === null && hasDevice(env)) return parseUdevEvent({ ...env, ACTION: action ?? "" });
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

/** The first of them tells enough: more would only be able to contradict it. */
function parseSelectorFlags({ devpath, mac, nic }: EventFlags): LinkSelector | null {
  if (devpath !== null) return parseDevpath(devpath);
  if (mac !== null) {
    const parsed = parseMac(mac);
    if (parsed === null) throw new Failure("USAGE", `--mac ${mac}: not a MAC`);
    return { kind: "mac", mac: parsed };
  }
  return nic === null ? null : { kind: "name", name: nic };
}

/** What follows `_` is the event's number: it only keeps the units of two events apart. */
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

/** Of what was removed by the flags' word, the device's name is all that can still be looked for. */
function removalEvent(selector: LinkSelector): NicEvent {
  if (selector.kind === "name") return { kind: "link-removed", name: selector.name, mac: null };
  if (selector.kind === "mac") return { kind: "link-removed", name: null, mac: selector.mac };
  const device = selector.kind === "bus" ? selector.address : baseName(selector.path);
  return { kind: "device-removed", device };
}

function hasDevice(env: Environment): boolean {
  return readSubsystem(env) !== undefined && env["DEVPATH"] !== undefined;
}

/** Only a link has a name of its own: a caller that passes on three words passes on this one. */
function readSubsystem(env: Environment): string | undefined {
  return env["SUBSYSTEM"] ?? (env["INTERFACE"] === undefined ? undefined : "net");
}

function parseUdevEvent(env: Environment): NicEvent {
  const { ACTION: action = "", DEVPATH: path = "" } = env;
  const subsystem = readSubsystem(env) ?? "";
  const irrelevant = (why: string): NicEvent => ({ kind: "irrelevant", reason: why });
  if (action !== "add" && action !== "remove") {
    return irrelevant(`${action || "no action"}: udev action that neither adds nor removes a NIC`);
  }
  if (subsystem === "net") return parseNetEvent(env, action, path);
  const reason = notNicReason(env, subsystem, path);
  if (reason !== null) return irrelevant(reason);
  if (action === "add") return irrelevant(`${baseName(path)}: its link has an event of its own`);
  return { kind: "device-removed", device: env["PCI_SLOT_NAME"] ?? baseName(path) };
}

/** Under `queues` lies no link; a bridge, a veth, a VLAN has no device, which its path tells. */
function parseNetEvent(env: Environment, action: "add" | "remove", path: string): NicEvent {
  if (path.startsWith("/devices/virtual/")) {
    return { kind: "irrelevant", reason: `${baseName(path)}: a virtual link, not a NIC` };
  }
  const name = env["INTERFACE"] ?? baseName(path);
  if (action === "remove") return { kind: "link-removed", name, mac: null };
  const renamedTo = env["ID_RENAMING"] === "1" ? name : null;
  return {
    kind: "added",
    selector: { kind: "device", path: stripLinkPath(path), name: renamedTo },
  };
}

/**
 * Why a device of a bus is no NIC, null where it is one. A virtio device below a PCI function goes
 * when its driver is unbound, and the NIC is still there: the function's own removal tells.
 * PCI_CLASS is hexadecimal without leading zeros, class 02 is network (kernel: pci_uevent). Xen's
 * devices are named after their type and number (kernel: xenbus_probe_node).
 */
function notNicReason(env: Environment, subsystem: string, path: string): string | null {
  const name = baseName(path);
  if (subsystem === "pci") {
    return /^2[0-9A-F]{4}$/i.test(env["PCI_CLASS"] ?? "") ? null : `${name}: no network device`;
  }
  if (subsystem === "xen") return /^vif-\d+$/.test(name) ? null : `${name}: no network device`;
  if (subsystem !== "virtio") return `${subsystem}: no bus with NICs`;
  if (!(env["MODALIAS"] ?? "").startsWith("virtio:d00000001v")) return `${name}: no network device`;
  return path.includes("/pci") ? `${name}: the PCI device that it belongs to tells` : null;
}

/** The device that a link's path belongs to; another path, and a link's without device, as it is. */
function stripLinkPath(path: string): string {
  if (path.startsWith("/devices/virtual/")) return path;
  return path.replace(/\/net(?:\/[^/]+)?$/, "");
}
