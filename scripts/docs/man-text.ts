import { createdDirectoriesPath } from "../../src/install/plan.ts";
import { pathTemplates, policyPath, unmanagedPath } from "../../src/model/managed-paths.ts";

/** Terms and their explanations, for parts of the man page that no subcommand's help has. */
export type Terms = readonly (readonly [term: string, text: string])[];

export const summary = "network configuration for EC2 instances, from the metadata service";

export const description = [
  "ec2nic reads the instance metadata service (IMDS) through any NIC that reaches it, plans the " +
    "network from the metadata and from the state of the kernel, writes the plan as configuration " +
    "of netplan, NetworkManager or systemd-networkd, and activates it. It uses IMDSv2 only. It " +
    "retries while IMDS is incomplete or throttles, and never mistakes an error for missing data.",
  "Results go to stdout, messages to stderr. The exit status says why a run failed.",
] as const;

export const environment: Terms = [
  ["AWS_EC2_METADATA_SERVICE_ENDPOINT", "The URL of IMDS, like --endpoint."],
  [
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "IPv4 or IPv6: use only this one of the two standard addresses of IMDS.",
  ],
  ["AWS_EC2_METADATA_DISABLED", "true: never send requests to IMDS, regardless of flags."],
  ["AWS_METADATA_SERVICE_TIMEOUT", "The time limit of one try, in seconds (default: 2)."],
  [
    "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
    "The number of tries per request, like --retries plus one (default: until the deadline).",
  ],
  [
    "ACTION, SUBSYSTEM, DEVPATH, INTERFACE",
    "udev sets them; hotplug without an action takes the event from them.",
  ],
];

export const files: Terms = [
  ...Object.values(pathTemplates).map(
    (path) => [path, "The configuration of one NIC, for the backend that is used."] as const,
  ),
  [
    policyPath,
    "Settings for all NICs, one word per line: no-secondary-defaults keeps the default routes of all " +
      "ENIs except the primary out of the main table.",
  ],
  [unmanagedPath, "NICs that ec2nic must not configure: one MAC, name or ENI id per line."],
  ["/etc/ec2nic/always", "If this file exists, units and rules also work outside of EC2."],
  [
    "/etc/systemd/system/ec2nic-*, /etc/udev/rules.d/90-ec2nic.rules",
    "Written by hotplug --install; packages have units and rules below /usr/lib.",
  ],
  [createdDirectoriesPath, "The directories that hotplug --install created."],
  ["/run/ec2nic/", "The cache of fetch --max-age, records, leases and locks, until the next boot."],
];

export const seeAlso = [
  ["netplan", 5],
  ["NetworkManager", 8],
  ["systemd.network", 5],
  ["sysexits", 3],
  ["udev", 7],
] as const;
