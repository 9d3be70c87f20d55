import { parseMac } from "../../model/ip.ts";
import { every, fits, iniEntries, type IniEntry, not, some, type Verdict } from "./match.ts";
import type { MatchedNic } from "./networkd-match.ts";

/** Ours; see the profile that is rendered. */
const ownPriority = 130;

/**
 * Whether NetworkManager would bring up this keyfile's profile on a NIC rather than ours: it is for
 * Ethernet, comes up by itself, means the NIC (by MAC, by name, or any), and has no lower priority.
 * Of equal priorities the one that was up last counts, which a file does not tell.
 * nm-settings-keyfile(5)
 */
export function profileMatch(content: string, nic: MatchedNic): Verdict {
  const entries = iniEntries(content);
  const connection = valuesOf(entries, "connection");
  const ethernet = valuesOf(entries, "ethernet", "802-3-ethernet");
  const priority = Number(connection.get("autoconnect-priority") ?? "0");
  return every([
    /^(ethernet|802-3-ethernet)$/.test(connection.get("type") ?? "") ? "yes" : "no",
    isFalse(connection.get("autoconnect")) ? "no" : "yes",
    priority < ownPriority ? "no" : priority === ownPriority ? "unknown" : "yes",
    macVerdict(ethernet.get("mac-address"), nic),
    nameVerdict(connection.get("interface-name"), nic),
    entries.some(({ section }) => section === "match") ? "unknown" : "yes",
  ]);
}

/**
 * Whether a file of NetworkManager's own configuration keeps it off a NIC: `unmanaged-devices=` in
 * `[keyfile]`, or `managed=0` for a device. NetworkManager.conf(5), "Device List Format".
 */
export function unmanagedMatch(content: string, nic: MatchedNic): Verdict {
  const entries = iniEntries(content);
  const lists = entries
    .filter(({ section, key }) => section === "keyfile" && /^unmanaged-devices\+?$/.test(key))
    .map(({ value }) => value);
  const devices = entries.filter(({ section, key, value }) => {
    return section.startsWith("device") && key === "managed" && isFalse(value);
  });
  const matches = devices.map(({ section }) => {
    return entries.find((each) => each.section === section && each.key === "match-device")?.value;
  });
  return some([...lists, ...matches].map((list) => listVerdict(list ?? "*", nic)));
}

/** One of the list has to mean the device, and no exception. */
function listVerdict(list: string, nic: MatchedNic): Verdict {
  const words = list.split(/[,;]/).map((word) => word.trim());
  const specs = words.filter((word) => word !== "");
  const [exceptions, others] = [true, false].map((isException) =>
    specs.filter((spec) => spec.startsWith("except:") === isException),
  );
  return every([
    ...(exceptions ?? []).map((spec) => not(specVerdict(spec.slice("except:".length), nic))),
    some((others ?? []).map((spec) => specVerdict(spec, nic))),
  ]);
}

function specVerdict(spec: string, nic: MatchedNic): Verdict {
  const [, kind, value = ""] = /^([a-z][a-z0-9-]*):(.*)$/.exec(spec) ?? [];
  if (spec === "*") return "yes";
  if (parseMac(spec) !== null) return macVerdict(spec, nic);
  if (kind === undefined) return nameVerdict(spec, nic);
  if (kind === "mac") return macVerdict(value, nic);
  if (kind === "interface-name") return fits(value.replace(/^[=~]/, ""), nic.name);
  if (kind === "driver") return fits(value, nic.driver);
  if (kind === "type") return value === "ethernet" ? "yes" : "no";
  return "unknown";
}

function macVerdict(mac: string | undefined, nic: MatchedNic): Verdict {
  return mac === undefined || parseMac(mac) === nic.mac ? "yes" : "no";
}

function nameVerdict(name: string | undefined, nic: MatchedNic): Verdict {
  if (name === undefined) return "yes";
  return nic.name === null ? "unknown" : name === nic.name ? "yes" : "no";
}

function isFalse(value: string | undefined): boolean {
  return /^(0|no|false|off)$/i.test(value ?? "");
}

function valuesOf(entries: readonly IniEntry[], ...sections: readonly string[]) {
  const own = entries.filter(({ section }) => sections.includes(section));
  return new Map(own.map(({ key, value }) => [key, value]));
}
