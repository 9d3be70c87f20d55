import { createdDirectoriesPath } from "../../src/install/plan.ts";
import { pathTemplates, unmanagedPath } from "../../src/model/managed-paths.ts";

/** What the man page says that no subcommand's help does: a term, and what it is. */
export type Terms = readonly (readonly [term: string, text: string])[];

export const summary = "network configuration for EC2 instances, from the metadata service";

export const description = [
  "ec2nic reads the instance metadata service (IMDS) over whichever NIC works, turns what it says " +
    "and what the kernel shows into a network plan, writes that as configuration of netplan, " +
    "NetworkManager or systemd-networkd, and activates it. It speaks IMDSv2 only. A late or " +
    "throttled IMDS is waited for, and an error is never read as nothing.",
  "Data goes to stdout, talk to stderr. Where a run fails, the exit status says how.",
] as const;

export const environment: Terms = [
  ["AWS_EC2_METADATA_SERVICE_ENDPOINT", "Where IMDS is, like --endpoint."],
  [
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "IPv4 or IPv6: only that one of the two usual addresses.",
  ],
  ["AWS_EC2_METADATA_DISABLED", "true: IMDS is not asked, whatever the flags say."],
  ["AWS_METADATA_SERVICE_TIMEOUT", "Seconds that one try may take (2)."],
  [
    "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
    "Tries per request (until the deadline), like --retries plus one.",
  ],
  ["ACTION, SUBSYSTEM, DEVPATH, INTERFACE", "What udev says to hotplug without an action."],
];

export const files: Terms = [
  ...Object.values(pathTemplates).map(
    (path) => [path, "The configuration of one NIC, of the backend in charge."] as const,
  ),
  [unmanagedPath, "NICs to be left alone: a MAC, a name or an ENI id a line."],
  ["/etc/ec2nic/always", "Where it is, units and rules work off EC2, too."],
  [
    "/etc/systemd/system/ec2nic-*, /etc/udev/rules.d/90-ec2nic.rules",
    "What hotplug --install writes; a package has its own below /usr/lib.",
  ],
  [createdDirectoriesPath, "The folders that --install made."],
  ["/run/ec2nic/", "Answers kept by fetch --max-age; the lock; leases. Gone with a boot."],
];

export const seeAlso = [
  ["netplan", 5],
  ["NetworkManager", 8],
  ["systemd.network", 5],
  ["sysexits", 3],
  ["udev", 7],
] as const;
