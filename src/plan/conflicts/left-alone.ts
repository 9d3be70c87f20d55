import type { DaemonLink, DaemonLinks } from "../../model/backend-facts.ts";
import type { Link } from "../../model/link.ts";
import type { OtherFile } from "../../model/plan.ts";
import { findUnmanagedSetting } from "./network-manager-match.ts";
import { isUnmanagedFile, matchNetworkFile, type MatchedNic } from "./networkd-match.ts";
import { listUnits } from "./unit-files.ts";

/** The NICs that a daemon is told to leave alone. */
export interface Exclusions {
  /** The reasons, by MAC. */
  readonly byMac: Readonly<Record<string, string>>;
  /** The reason if this is true of every NIC; else null. */
  readonly ofAll: string | null;
}

export interface ExclusionFacts {
  readonly otherFiles: readonly OtherFile[];
  readonly daemonLinks: DaemonLinks;
  /** The links that are NICs; empty for an image. */
  readonly nics: readonly Link[];
}

type FindReason = (nic: MatchedNic, link: DaemonLink | undefined) => string | null;

/** The NICs that each daemon is told to leave alone: by its files, by udev, or by a command. */
export function findExclusions(facts: ExclusionFacts): {
  readonly networkManager: Exclusions;
  readonly networkd: Exclusions;
} {
  const files = facts.otherFiles;
  return {
    networkManager: collect(facts, (nic, link) => networkManagerReason(files, nic, link)),
    networkd: collect(facts, (nic, link) => networkdReason(files, nic, link)),
  };
}

/** What is known about the NICs of an image: that they are Ethernet. */
const anyNic: MatchedNic = { mac: "", name: null, driver: null, kind: null };

function collect({ nics, daemonLinks }: ExclusionFacts, find: FindReason): Exclusions {
  const reasons = nics.map((nic) => {
    return [nic.mac ?? "", find({ ...nic, mac: nic.mac ?? "" }, daemonLinks[nic.name])] as const;
  });
  const found = reasons.flatMap(([mac, reason]) => (reason === null ? [] : [[mac, reason]]));
  const [first] = reasons;
  const ofAll = found.length === reasons.length ? (first?.[1] ?? null) : null;
  return {
    byMac: Object.fromEntries(found),
    ofAll: first === undefined ? find(anyNic, undefined) : ofAll,
  };
}

/** NM_DEVICE_STATE_UNMANAGED, nm-dbus-interface.h */
const unmanagedState = 10;

/**
 * NMDeviceStateReason since NetworkManager 1.48, for devices that the admin wants unmanaged. Other
 * reasons can pass, for example while the link is being set up.
 */
const unmanagedReasons: Readonly<Record<number, string>> = {
  74: "its configuration says so",
  75: "nmcli device set managed no",
  76: "unmanaged-devices in its configuration",
  77: "udev says NM_UNMANAGED=1",
};

/** If NetworkManager runs, a device that it manages is not left alone, whatever the files say. */
function networkManagerReason(
  files: readonly OtherFile[],
  nic: MatchedNic,
  link: DaemonLink | undefined,
): string | null {
  const device = link?.networkManager ?? null;
  if (device !== null && device.state !== unmanagedState) return null;
  const path = findUnmanagedSetting(files, nic);
  const told = "tells NetworkManager to leave the NIC alone";
  if (path !== null) return `${path} ${told}`;
  if (link?.udev["NM_UNMANAGED"] === "1") return `udev's NM_UNMANAGED=1 ${told}`;
  const reason = device === null ? undefined : unmanagedReasons[device.reason];
  return reason === undefined ? null : `NetworkManager leaves the NIC alone: ${reason}`;
}

/** networkd's value of `ID_NET_MANAGED_BY`, systemd-networkd.service(8), since 256. */
const networkdId = "io.systemd.Network";

/**
 * `Unmanaged=yes` counts in the file that networkd would use without ours, also if ours comes first
 * by name: its author wants the NIC left alone.
 */
function networkdReason(
  files: readonly OtherFile[],
  nic: MatchedNic,
  link: DaemonLink | undefined,
): string | null {
  const state = link?.networkd?.state ?? "unmanaged";
  const manager = link?.udev["ID_NET_MANAGED_BY"];
  if (manager !== undefined && manager !== networkdId && state === "unmanaged") {
    return `udev's ID_NET_MANAGED_BY=${manager} tells networkd to leave the NIC alone`;
  }
  const matches = listUnits(files).map((file) => {
    return { file, match: matchNetworkFile(file.content, nic).result };
  });
  const used = matches.find(({ match }) => match !== "no");
  if (used === undefined || !isUnmanagedFile(used.file.content)) return null;
  const isSure = used.match === "yes" || link?.networkd?.state === "unmanaged";
  return isSure ? `${used.file.path} (Unmanaged=yes) tells networkd to leave the NIC alone` : null;
}
