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
    "absent: IMDS does not list its MAC yet [mac-list]",
  ],
  [
    "a MAC that was just listed is not-yet",
    { memory: { folder: "unread", leaves: {} } },
    "not-yet: its folder is not read yet [folder]",
  ],
  [
    "a listed MAC whose folder is a 404 is not-yet",
    { memory: { folder: "gone", leaves: {} } },
    "not-yet: its folder is still missing [folder]",
  ],
  [
    "a MAC that disappears before it was usable is not-yet",
    { memory: { folder: "gone" } },
    "not-yet: its folder has disappeared [folder]",
  ],
  [
    "a usable MAC that disappears for a second stays usable",
    { memory: { folder: "gone" }, facts: { lastUsable }, quietMs: 20_000 },
    "usable 10.0.1.20; its folder has disappeared",
  ],
  [
    "an empty folder is not-yet",
    { memory: { leaves: {} } },
    "not-yet: interface-id is still missing [folder]",
  ],
  [
    "without meta-data/mac the primary is not known",
    { facts: { primaryMac: null } },
    "not-yet: meta-data/mac is still missing [primary-mac]",
  ],
  [
    "the default card 0 is used only when the number of cards is known",
    { facts: { primaryHasCard: null } },
    "not-yet: whether this instance has several network cards is not known yet [primary-folder]",
  ],
  [
    "a primary without network-card means one card",
    { facts: { primaryHasCard: false } },
    "usable 10.0.1.20",
  ],
  [
    "network-card is late if the primary has one",
    { facts: { primaryHasCard: true } },
    "not-yet: network-card is still missing, though another ENI has one [folder]",
  ],
  [
    "network-card is late if another plugged ENI has one",
    { facts: { otherEnis: otherEni({ "network-card": "1" }) } },
    "not-yet: network-card is still missing, though another ENI has one [folder]",
  ],
  [
    "an ENI with network-card does not need that of the others",
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
    "a listed leaf that is a 404 is late, and is requested again",
    { leaves: { "local-ipv4s": notThere } },
    "not-yet: local-ipv4s: listed, but without a value yet [local-ipv4s]",
  ],
  [
    "the reason names all late leaves, and one is requested again",
    { leaves: { "device-number": notThere, "interface-id": notThere } },
    "not-yet: device-number, interface-id: listed, but without a value yet [device-number]",
  ],
  [
    "a listed leaf that was not requested yet is not absent",
    { leaves: { ipv6s: { value: null, isAsked: false } } },
    "not-yet: ipv6s: listed, but not read yet [ipv6s]",
  ],
  [
    "for a leaf that is not listed, the listing is requested again",
    { leaves: { "device-number": undefined } },
    "not-yet: device-number is still missing [folder]",
  ],
  [
    "an empty list is late",
    { leaves: { "local-ipv4s": emptyList } },
    "not-yet: local-ipv4s: listed, but without a value yet [local-ipv4s]",
  ],
  [
    "device-number 0 of an ENI that is not the primary has not propagated",
    { leaves: { "device-number": "0" } },
    "not-yet: device-number reads 0, the primary's number, so it has not propagated yet [device-number]",
  ],
  [
    "two ENIs in one slot are not-yet",
    { facts: { otherEnis: otherEni({}) } },
    "not-yet: network card 0, device 1 is also the slot of 06:aa:bb:cc:dd:03 [device-number]",
  ],
  [
    "an invalid value is not-yet: a later one may be valid",
    { leaves: { "device-number": "soon" } },
    'not-yet: 06:aa:bb:cc:dd:02/device-number: "soon" is not a number from 0 to 31 [device-number]',
  ],
  [
    "an IPv4 address outside of its subnet is not-yet",
    { leaves: { "subnet-ipv4-cidr-block": "10.0.2.0/24" } },
    "not-yet: 10.0.1.20 lies in no subnet of subnet-ipv4-cidr-block (10.0.2.0/24) [subnet-ipv4-cidr-block]",
  ],
  ["an IPv4 address with its subnet is usable", {}, "usable 10.0.1.20"],
  ["both families are usable", { leaves: ipv6 }, "usable 10.0.1.20 2001:db8:1::9"],
  ["IPv6 alone is usable", { leaves: { ...noAddress, ...ipv6 } }, "usable 2001:db8:1::9"],
  [
    "a late IPv6 leaf leaves IPv4 usable",
    { leaves: { ipv6s: notThere }, facts: { lastUsable } },
    "usable 10.0.1.20; ipv6s: listed, but without a value yet",
  ],
  [
    "late IPv6 without its subnet leaves IPv4 usable",
    { leaves: { ipv6s: ipv6.ipv6s }, facts: { lastUsable } },
    "usable 10.0.1.20; subnet-ipv6-cidr-blocks is still missing",
  ],
  [
    "device-number that changes back to 0 is ignored",
    { leaves: { "device-number": "0" }, facts: { lastUsable } },
    "usable 10.0.1.20; device-number reads 0, the primary's number, so it has not propagated yet",
  ],
  [
    "an address whose leaf disappears stays usable, with the reason",
    { leaves: { "local-ipv4s": { value: ["10.0.1.20"], isListed: false, retractedSinceMs: 900 } } },
    "usable 10.0.1.20; local-ipv4s: the last answer lacks a value that an earlier answer had",
  ],
  ["unchanged for less than --settle is not settled", { quietMs: 9999 }, "usable 10.0.1.20"],
  ["unchanged for --settle is settled", { quietMs: 10_000 }, "settled 10.0.1.20"],
  ["with --settle 0, usable is settled", { settleMs: 0 }, "settled 10.0.1.20"],
  [
    "with --settle 0, later metadata is not awaited",
    { settleMs: 0, facts: { kernel: { ...idleLink, dhcp: ["10.0.1.99"] } } },
    "settled 10.0.1.20",
  ],
  [
    "time without a read does not count",
    {
      memory: { folderReadMs: 1500 },
      facts: { times: { nowMs: 60_000, settleMs, confirmAbsenceMs: settleMs } },
    },
    "usable 10.0.1.20",
  ],
  [
    "a retracted leaf never settles",
    { leaves: { "local-ipv4s": { value: ["10.0.1.20"], retractedSinceMs: 900 } }, quietMs: 20_000 },
    "usable 10.0.1.20; local-ipv4s: the last answer lacks a value that an earlier answer had",
  ],
  [
    "an ENI without an address is late or EFA-only",
    { leaves: noAddress },
    "not-yet: IMDS lists no address yet; if nothing changes for 10 s, the ENI is EFA-only [folder]",
  ],
  [
    "an ENI without an address for --settle is EFA-only",
    { leaves: noAddress, quietMs: 10_000 },
    "settled ",
  ],
  [
    "--settle 0 does not turn a late ENI into an EFA-only one",
    { leaves: noAddress, settleMs: 0, quietMs: 9000 },
    "not-yet: IMDS lists no address yet; if nothing changes for 10 s, the ENI is EFA-only [folder]",
  ],
  [
    "the primary is never EFA-only",
    { leaves: noAddress, facts: { primaryMac: mac }, quietMs: 20_000 },
    "not-yet: both local-ipv4s and ipv6s are still missing [folder]",
  ],
  [
    "an ENI with an address from DHCP is never EFA-only",
    { leaves: noAddress, quietMs: 30_000, facts: { kernel: { ...idleLink, dhcp: ["10.0.1.20"] } } },
    "not-yet: DHCP gave 10.0.1.20, but IMDS lists no address yet [folder]",
  ],
  [
    "an address from DHCP that IMDS lists changes nothing",
    { quietMs: 10_000, facts: { kernel: { ...idleLink, dhcp: ["10.0.1.20"] } } },
    "settled 10.0.1.20",
  ],
  [
    "an address from DHCP that IMDS does not list is awaited",
    { quietMs: 10_000, facts: { kernel: { ...idleLink, dhcp: ["2001:db8:1::9"] } } },
    "usable 10.0.1.20; DHCP gave 2001:db8:1::9, which IMDS does not list yet",
  ],
  [
    "a router on the link hints at IPv6",
    { facts: { kernel: { ...idleLink, hasRouter: true } } },
    "usable 10.0.1.20; (a router advertises itself, so ipv6s may still appear)",
  ],
  [
    "a router on the link does not delay settling: the ENI may have no IPv6",
    { quietMs: 10_000, facts: { kernel: { ...idleLink, hasRouter: true } } },
    "settled 10.0.1.20",
  ],
  [
    "a link without carrier is a hint",
    { facts: { kernel: { ...idleLink, hasCarrier: false } } },
    "usable 10.0.1.20; (the link has no carrier)",
  ],
];

describe("one plugged ENI", () => {
  test.each(table)("%s", (_name, given, expected) => {
    expect(describeVerdict(given)).toBe(expected);
  });
});
