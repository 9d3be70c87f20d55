import { describe, expect, test } from "bun:test";
import {
  lastUsable,
  type EniFactChanges,
  ipv6,
  notThere,
  mac,
  otherEni,
  noAddress,
  emptyList,
  describeVerdict,
  settleMs,
  idleLink,
} from "../../../kit/facts/eni-facts.ts";

const table: readonly (readonly [string, EniFactChanges, string])[] = [
  [
    "a MAC that macs/ does not list is absent",
    { memory: { listedMs: null, folder: "unread", leaves: {} } },
    "absent: macs/ does not list it [mac-list]",
  ],
  [
    "a MAC that was listed a moment ago is not read yet",
    { memory: { folder: "unread", leaves: {} } },
    "not-yet: its folder is not read yet [folder]",
  ],
  [
    "a listed MAC whose folder is a 404 is not there yet",
    { memory: { folder: "gone", leaves: {} } },
    "not-yet: listed, but its folder is not there yet [folder]",
  ],
  [
    "a MAC that vanishes before it was whole is waited for",
    { memory: { folder: "gone" } },
    "not-yet: its folder is gone again [folder]",
  ],
  [
    "a MAC that vanishes for a second after it was whole is kept",
    { memory: { folder: "gone" }, facts: { lastUsable }, quietMs: 20_000 },
    "usable 10.0.1.20; its folder is gone again",
  ],
  [
    "an empty folder says nothing yet",
    { memory: { leaves: {} } },
    "not-yet: interface-id is not there yet [folder]",
  ],
  [
    "without meta-data/mac nobody knows which ENI is the primary",
    { facts: { primaryMac: null } },
    "not-yet: meta-data/mac is not there yet [primary-mac]",
  ],
  [
    "whether there are several cards must be known before 0 is taken for the card",
    { facts: { primaryHasCard: null } },
    "not-yet: whether this instance has several network cards is not known yet [primary-folder]",
  ],
  [
    "a primary without network-card means one card",
    { facts: { primaryHasCard: false } },
    "usable 10.0.1.20",
  ],
  [
    "where another ENI has network-card, ours is late",
    { facts: { primaryHasCard: true } },
    "not-yet: network-card is not there yet, though another ENI has one [folder]",
  ],
  [
    "where another plugged ENI has network-card, ours is late",
    { facts: { otherEnis: otherEni({ "network-card": "1" }) } },
    "not-yet: network-card is not there yet, though another ENI has one [folder]",
  ],
  [
    "its own network-card says all, whatever the others have",
    { leaves: { "network-card": "1" }, facts: { primaryHasCard: null } },
    "usable 10.0.1.20",
  ],
  [
    "the primary is card 0 on every type",
    {
      leaves: { "device-number": "0" },
      facts: { primaryMac: mac, primaryHasCard: null },
    },
    "usable 10.0.1.20",
  ],
  [
    "a listed leaf that is a 404 is late, and is asked again itself",
    { leaves: { "local-ipv4s": notThere } },
    "not-yet: local-ipv4s: listed, but not there yet [local-ipv4s]",
  ],
  [
    "several late leaves are all told, and one is watched",
    { leaves: { "device-number": notThere, "interface-id": notThere } },
    "not-yet: device-number, interface-id: listed, but not there yet [device-number]",
  ],
  [
    "a listed leaf that was not asked for yet is no absence",
    { leaves: { ipv6s: { value: null, isAsked: false } } },
    "not-yet: ipv6s: listed, not read yet [ipv6s]",
  ],
  [
    "a leaf that is not listed shows in the listing first",
    { leaves: { "device-number": undefined } },
    "not-yet: device-number is not there yet [folder]",
  ],
  [
    "interface-id is needed",
    { leaves: { "interface-id": undefined } },
    "not-yet: interface-id is not there yet [folder]",
  ],
  [
    "a list without a line is on its way",
    { leaves: { "local-ipv4s": emptyList } },
    "not-yet: local-ipv4s is listed, but empty [local-ipv4s]",
  ],
  [
    "device-number 0 on another than the primary has not propagated",
    { leaves: { "device-number": "0" } },
    "not-yet: device-number reads 0, which is the primary's: it has not propagated yet [device-number]",
  ],
  [
    "device-number 0 on another card is real",
    { leaves: { "device-number": "0", "network-card": "1" } },
    "usable 10.0.1.20",
  ],
  [
    "two ENIs at one place: one of them is wrong",
    { facts: { otherEnis: otherEni({}) } },
    "not-yet: network card 0, device 1 is also that of 06:aa:bb:cc:dd:03 [device-number]",
  ],
  [
    "a value that is no metadata may be one later",
    { leaves: { "device-number": "soon" } },
    'not-yet: 06:aa:bb:cc:dd:02/device-number: "soon" is not a number from 0 to 99 [device-number]',
  ],
  [
    "an IPv4 address without its subnet",
    { leaves: { "subnet-ipv4-cidr-block": undefined } },
    "not-yet: subnet-ipv4-cidr-block is not there yet [folder]",
  ],
  [
    "an IPv4 address outside of its subnet",
    { leaves: { "subnet-ipv4-cidr-block": "10.0.2.0/24" } },
    "not-yet: 10.0.1.20 lies in no subnet of subnet-ipv4-cidr-block (10.0.2.0/24) [subnet-ipv4-cidr-block]",
  ],
  [
    "an IPv6 address without its subnet",
    { leaves: { ipv6s: ipv6.ipv6s } },
    "not-yet: subnet-ipv6-cidr-blocks is not there yet [folder]",
  ],
  ["an IPv4 address with its subnet is usable", {}, "usable 10.0.1.20"],
  ["both families are usable", { leaves: ipv6 }, "usable 10.0.1.20 2001:db8:1::9"],
  ["IPv6 alone is usable", { leaves: { ...noAddress, ...ipv6 } }, "usable 2001:db8:1::9"],
  [
    "a late IPv6 leaf takes nothing from what is usable already",
    { leaves: { ipv6s: notThere }, facts: { lastUsable } },
    "usable 10.0.1.20; ipv6s: listed, but not there yet",
  ],
  [
    "late IPv6 without its subnet waits for it, and IPv4 stays",
    { leaves: { ipv6s: ipv6.ipv6s }, facts: { lastUsable } },
    "usable 10.0.1.20; subnet-ipv6-cidr-blocks is not there yet",
  ],
  [
    "device-number that falls back to 0 is not believed",
    { leaves: { "device-number": "0" }, facts: { lastUsable } },
    "usable 10.0.1.20; device-number reads 0, which is the primary's: it has not propagated yet",
  ],
  [
    "an address whose leaf vanishes again is kept, and doubted",
    { leaves: { "local-ipv4s": { value: ["10.0.1.20"], isListed: false, retractedSinceMs: 900 } } },
    "usable 10.0.1.20; local-ipv4s: the last answer said less than the one before",
  ],
  ["unchanged for less than --settle is not settled", { quietMs: 9999 }, "usable 10.0.1.20"],
  ["unchanged for --settle is settled", { quietMs: 10_000 }, "settled 10.0.1.20"],
  ["with --settle 0, usable is settled", { settleMs: 0 }, "settled 10.0.1.20"],
  [
    "with --settle 0, what else may come is not waited for",
    { settleMs: 0, facts: { kernel: { ...idleLink, dhcp: ["10.0.1.99"] } } },
    "settled 10.0.1.20",
  ],
  [
    "time in which nothing was read does not count",
    {
      memory: { folderReadMs: 1500 },
      facts: { times: { nowMs: 60_000, settleMs, confirmAbsenceMs: settleMs } },
    },
    "usable 10.0.1.20",
  ],
  [
    "what is doubted is not settled, however long it is so",
    { leaves: { "local-ipv4s": { value: ["10.0.1.20"], retractedSinceMs: 900 } }, quietMs: 20_000 },
    "usable 10.0.1.20; local-ipv4s: the last answer said less than the one before",
  ],
  [
    "without any address, it is late or EFA-only",
    { leaves: noAddress },
    "not-yet: no address is listed: late, or EFA-only (if still so after 10 s) [folder]",
  ],
  [
    "without any address for --settle, it is EFA-only",
    { leaves: noAddress, quietMs: 10_000 },
    "settled ",
  ],
  [
    "--settle 0 does not make an EFA-only ENI of a late one",
    { leaves: noAddress, settleMs: 0, quietMs: 9000 },
    "not-yet: no address is listed: late, or EFA-only (if still so after 10 s) [folder]",
  ],
  [
    "the primary is never EFA-only",
    { leaves: noAddress, facts: { primaryMac: mac }, quietMs: 20_000 },
    "not-yet: neither local-ipv4s nor ipv6s is there yet [folder]",
  ],
  [
    "what has an address by DHCP is not EFA-only, however long IMDS is silent",
    { leaves: noAddress, quietMs: 30_000, facts: { kernel: { ...idleLink, dhcp: ["10.0.1.20"] } } },
    "not-yet: DHCP gave 10.0.1.20, IMDS lists no address yet [folder]",
  ],
  [
    "an address by DHCP that IMDS lists is no news",
    { quietMs: 10_000, facts: { kernel: { ...idleLink, dhcp: ["10.0.1.20"] } } },
    "settled 10.0.1.20",
  ],
  [
    "an address by DHCP that IMDS does not list will come",
    { quietMs: 10_000, facts: { kernel: { ...idleLink, dhcp: ["2001:db8:1::9"] } } },
    "usable 10.0.1.20; DHCP gave 2001:db8:1::9, which IMDS does not list yet",
  ],
  [
    "a router on the link hints at IPv6",
    { facts: { kernel: { ...idleLink, hasRouter: true } } },
    "usable 10.0.1.20; (a router advertises itself: ipv6s may still come)",
  ],
  [
    "a router on the link is no reason to wait longer: the subnet has IPv6, the ENI need not",
    { quietMs: 10_000, facts: { kernel: { ...idleLink, hasRouter: true } } },
    "settled 10.0.1.20",
  ],
  [
    "no carrier is told",
    { facts: { kernel: { ...idleLink, hasCarrier: false } } },
    "usable 10.0.1.20; (the link has no carrier)",
  ],
];

describe("one plugged ENI", () => {
  test.each(table)("%s", (_name, given, expected) => {
    expect(describeVerdict(given)).toBe(expected);
  });
});
