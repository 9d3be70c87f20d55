import { parseMac } from "../../model/ip.ts";
import type { OtherFile } from "../../model/plan.ts";
import { baseName } from "../../model/text.ts";
import { autoconnectPriority } from "../../render/network-manager.ts";
import {
  allOf,
  matchGlob,
  parseIniEntries,
  type IniEntry,
  negate,
  anyOf,
  type TriState,
} from "./match.ts";
import type { MatchedNic } from "./networkd-match.ts";

/**
 * Whether NetworkManager would activate this keyfile's profile on a NIC instead of ours. It must be
 * for Ethernet, autoconnect, match the NIC (by MAC, by name, or any), and have a higher priority.
 * If the priority is equal, the profile that was active last counts, which the file does not show.
 * nm-settings-keyfile(5)
 */
export function matchProfile(content: string, nic: MatchedNic): TriState {
  const entries = parseIniEntries(content);
  const connection = readValues(entries, "connection");
  const ethernet = readValues(entries, "ethernet", "802-3-ethernet");
  const priority = Number(connection.get("autoconnect-priority") ?? "0");
  return allOf([
    /^(ethernet|802-3-ethernet)$/.test(connection.get("type") ?? "") ? "yes" : "no",
    isFalse(connection.get("autoconnect")) ? "no" : "yes",
    priority < autoconnectPriority ? "no" : priority === autoconnectPriority ? "unknown" : "yes",
    matchMac(ethernet.get("mac-address"), nic),
    matchName(connection.get("interface-name"), nic),
    entries.some(({ section }) => section === "match") ? "unknown" : "yes",
  ]);
}

/**
 * Whether a file of NetworkManager's own configuration makes a NIC unmanaged: `unmanaged-devices=`
 * in `[keyfile]`, or `managed=0` for a device. NetworkManager.conf(5), "Device List Format".
 */
export function matchUnmanagedDevices(content: string, nic: MatchedNic): TriState {
  const entries = parseIniEntries(content);
  const lists = entries
    .filter(({ section, key }) => section === "keyfile" && /^unmanaged-devices\+?$/.test(key))
    .map(({ value }) => value);
  return anyOf([
    ...lists.map((list) => matchDeviceList(list, nic)),
    matchDeviceSections(content, nic),
  ]);
}

/** Whether a `[device]` section says `managed=0` for a NIC. */
function matchDeviceSections(content: string, nic: MatchedNic): TriState {
  const entries = parseIniEntries(content);
  const devices = entries.filter(({ section, key, value }) => {
    return section.startsWith("device") && key === "managed" && isFalse(value);
  });
  const lists = devices.map(({ section }) => {
    return entries.find((each) => each.section === section && each.key === "match-device")?.value;
  });
  return anyOf(lists.map((list) => matchDeviceList(list ?? "*", nic)));
}

/** A later file overrides an earlier one: by directory, then by name (NetworkManager.conf(5)). */
const confOrder = [
  "/usr/lib/NetworkManager/conf.d/",
  "/run/NetworkManager/conf.d/",
  "/etc/NetworkManager/NetworkManager.conf",
  "/etc/NetworkManager/conf.d/",
];

function confRank(path: string): number {
  return confOrder.findIndex((start) => path.startsWith(start));
}

/** Leaves out files of NetworkManager's own configuration that others with the same name mask. */
export function dropMasked(files: readonly OtherFile[]): readonly OtherFile[] {
  return files.filter(({ path }) => {
    const masks = (other: OtherFile): boolean =>
      baseName(other.path) === baseName(path) && confRank(other.path) > confRank(path);
    return confRank(path) < 0 || !files.some(masks);
  });
}

/**
 * The file of NetworkManager's configuration that makes a NIC unmanaged; null if none certainly
 * does. `unmanaged-devices=` replaces the list of earlier files, and `unmanaged-devices+=` adds to it.
 */
export function findUnmanagedSetting(files: readonly OtherFile[], nic: MatchedNic): string | null {
  const configuration = dropMasked(files.filter(({ path }) => confRank(path) >= 0));
  const sorted = configuration.toSorted((left, right) => {
    const byRank = confRank(left.path) - confRank(right.path);
    return byRank === 0 ? (left.path < right.path ? -1 : 1) : byRank;
  });
  const entries = sorted.flatMap(({ path, content }) =>
    parseIniEntries(content).map((entry) => ({ ...entry, path })),
  );
  const lists = entries.filter(({ section, key }) => {
    return section === "keyfile" && /^unmanaged-devices\+?$/.test(key);
  });
  const first = lists.findLastIndex(({ key }) => key === "unmanaged-devices");
  const list = lists.slice(Math.max(first, 0));
  if (matchDeviceList(list.map(({ value }) => value).join(";"), nic) === "yes") {
    return list.at(-1)?.path ?? null;
  }
  const devices = sorted.find(({ content }) => matchDeviceSections(content, nic) === "yes");
  return devices?.path ?? null;
}

/** The list matches if one entry matches the device and no exception does. */
function matchDeviceList(list: string, nic: MatchedNic): TriState {
  const words = list.split(/[,;]/).map((word) => word.trim());
  const specs = words.filter((word) => word !== "");
  const exceptions = specs.filter((spec) => spec.startsWith("except:"));
  const others = specs.filter((spec) => !spec.startsWith("except:"));
  return allOf([
    ...exceptions.map((spec) => negate(matchDeviceSpec(spec.slice("except:".length), nic))),
    anyOf(others.map((spec) => matchDeviceSpec(spec, nic))),
  ]);
}

function matchDeviceSpec(spec: string, nic: MatchedNic): TriState {
  const [, kind, value = ""] = /^([a-z][a-z0-9-]*):(.*)$/.exec(spec) ?? [];
  if (spec === "*") return "yes";
  if (parseMac(spec) !== null) return matchMac(spec, nic);
  if (kind === undefined) return matchName(spec, nic);
  if (kind === "mac") return matchMac(value, nic);
  if (kind === "interface-name") return matchGlob(value.replace(/^[=~]/, ""), nic.name);
  if (kind === "driver") return matchGlob(value, nic.driver);
  if (kind === "type") return value === "ethernet" ? "yes" : "no";
  return "unknown";
}

function matchMac(mac: string | undefined, nic: MatchedNic): TriState {
  return mac === undefined || parseMac(mac) === nic.mac ? "yes" : "no";
}

function matchName(name: string | undefined, nic: MatchedNic): TriState {
  if (name === undefined) return "yes";
  return nic.name === null ? "unknown" : name === nic.name ? "yes" : "no";
}

function isFalse(value: string | undefined): boolean {
  return /^(0|no|false|off)$/i.test(value ?? "");
}

function readValues(entries: readonly IniEntry[], ...sections: readonly string[]) {
  const selected = entries.filter(({ section }) => sections.includes(section));
  return new Map(selected.map(({ key, value }) => [key, value]));
}
