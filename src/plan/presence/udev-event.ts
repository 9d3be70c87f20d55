import { Failure } from "../../exit.ts";
import { parseMac } from "../../model/ip.ts";
import type { LinkClue, NicEvent } from "../../model/hotplug.ts";

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
  const told = clueOfFlags(flags);
  if (told !== null && action === "add") return { kind: "added", clue: told };
  if (told !== null && action === "remove") return removalOf(told);
  if (told === null && isOfDevice(env)) return eventOfUdev({ ...env, ACTION: action ?? "" });
  if (told === null && action === "remove") return { kind: "gone-from-bus", device: null };
  throw whyUnclear(flags);
}

function whyUnclear({ action, ...flags }: EventFlags): Failure {
  const names = (["devpath", "mac", "nic"] as const).filter((flag) => flags[flag] !== null);
  const [given] = names.map((flag) => `--${flag} ${flags[flag]}`);
  if (given !== undefined) {
    const hint = `ec2nic hotplug add ${given}, or remove`;
    return new Failure("USAGE", `${given}: whether it came or went is not said`, { hint });
  }
  if (action !== null) {
    const hint = `ec2nic hotplug ${action} --nic eth1, or --mac, or --devpath`;
    return new Failure("USAGE", `hotplug ${action}: which NIC is not said`, { hint });
  }
  const hint = "ec2nic hotplug add --nic eth1; without words it is for udev to call";
  return new Failure("USAGE", "neither a flag nor udev's environment says what happened", { hint });
}

/** The first of them tells enough: more would only be able to contradict it. */
function clueOfFlags({ devpath, mac, nic }: EventFlags): LinkClue | null {
  if (devpath !== null) return clueOfDevpath(devpath);
  if (mac !== null) {
    const parsed = parseMac(mac);
    if (parsed === null) throw new Failure("USAGE", `--mac ${mac}: not a MAC`);
    return { kind: "mac", mac: parsed };
  }
  return nic === null ? null : { kind: "name", name: nic };
}

/** What follows `_` is the event's number: it only keeps the units of two events apart. */
function clueOfDevpath(devpath: string): LinkClue {
  const [, address] = /^([\w:.-]+?)(?:_\d*)?$/.exec(devpath) ?? [];
  if (address !== undefined && !address.startsWith(".")) return { kind: "bus", address };
  const path = /^(?:\/sys)?(\/devices\/.+)$/.exec(devpath)?.[1];
  if (path === undefined || path.split("/").includes("..")) {
    const hint = "a path below /sys/devices, or the device's name on its bus";
    throw new Failure("USAGE", `--devpath ${devpath}: not a device`, { hint });
  }
  return { kind: "device", path: deviceOf(path), name: null };
}

/** Of what was removed by the flags' word, the device's name is all that can still be looked for. */
function removalOf(clue: LinkClue): NicEvent {
  if (clue.kind === "name") return { kind: "gone-from-kernel", name: clue.name, mac: null };
  if (clue.kind === "mac") return { kind: "gone-from-kernel", name: null, mac: clue.mac };
  const device = clue.kind === "bus" ? clue.address : lastPart(clue.path);
  return { kind: "gone-from-bus", device };
}

function isOfDevice(env: Environment): boolean {
  return subsystemOf(env) !== undefined && env["DEVPATH"] !== undefined;
}

/** Only a link has a name of its own: a caller that passes on three words passes on this one. */
function subsystemOf(env: Environment): string | undefined {
  return env["SUBSYSTEM"] ?? (env["INTERFACE"] === undefined ? undefined : "net");
}

function eventOfUdev(env: Environment): NicEvent {
  const { ACTION: action = "", DEVPATH: path = "" } = env;
  const subsystem = subsystemOf(env) ?? "";
  const irrelevant = (why: string): NicEvent => ({ kind: "irrelevant", why });
  if (action !== "add" && action !== "remove") {
    return irrelevant(`${action || "no action"}: neither comes nor goes a NIC by it`);
  }
  if (subsystem === "net") return netEvent(env, action, path);
  const why = notOurs(env, subsystem, path);
  if (why !== null) return irrelevant(why);
  if (action === "add") return irrelevant(`${lastPart(path)}: its link has an event of its own`);
  return { kind: "gone-from-bus", device: env["PCI_SLOT_NAME"] ?? lastPart(path) };
}

/** Under `queues` lies no link; a bridge, a veth, a VLAN has no device, which its path tells. */
function netEvent(env: Environment, action: "add" | "remove", path: string): NicEvent {
  if (path.startsWith("/devices/virtual/")) {
    return { kind: "irrelevant", why: `${lastPart(path)}: no device is behind it` };
  }
  const name = env["INTERFACE"] ?? lastPart(path);
  if (action === "remove") return { kind: "gone-from-kernel", name, mac: null };
  const renamedTo = env["ID_RENAMING"] === "1" ? name : null;
  return { kind: "added", clue: { kind: "device", path: deviceOf(path), name: renamedTo } };
}

/**
 * Why a device of a bus is no NIC, null where it is one. A virtio device below a PCI function goes
 * when its driver is unbound, and the NIC is still there: the function's own removal tells.
 * PCI_CLASS is hexadecimal without leading zeros, class 02 is network (kernel: pci_uevent). Xen's
 * devices are named after their type and number (kernel: xenbus_probe_node).
 */
function notOurs(env: Environment, subsystem: string, path: string): string | null {
  const name = lastPart(path);
  if (subsystem === "pci") {
    return /^2[0-9A-F]{4}$/i.test(env["PCI_CLASS"] ?? "") ? null : `${name}: no network device`;
  }
  if (subsystem === "xen") return /^vif-\d+$/.test(name) ? null : `${name}: no network device`;
  if (subsystem !== "virtio") return `${subsystem}: no bus with NICs`;
  if (!(env["MODALIAS"] ?? "").startsWith("virtio:d00000001v")) return `${name}: no network device`;
  return path.includes("/pci") ? `${name}: the PCI device that it belongs to tells` : null;
}

/** The device that a link's path belongs to; another path, and a link's without device, as it is. */
function deviceOf(path: string): string {
  if (path.startsWith("/devices/virtual/")) return path;
  return path.replace(/\/net(?:\/[^/]+)?$/, "");
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
