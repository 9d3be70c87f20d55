import type { EniSpec } from "../../../scripts/simulator/scenario/eni-spec.ts";
import type { FaultRule } from "../../../scripts/simulator/faults/fault.ts";
import type { Change } from "../../../scripts/simulator/scenario/scenario.ts";

/**
 * How the metadata of an attached ENI appears: late, wrong and flapping keys, in orders that users
 * reported (the rows have the issues). Times are in milliseconds since the attachment, as on EC2;
 * `scaleSchedule` makes them shorter.
 */
export interface HotplugSchedule {
  readonly eni: EniSpec;
  /** The ENIs that are already attached; default: the primary. */
  readonly before?: readonly EniSpec[];
  readonly changes?: readonly Change[];
  readonly faults?: readonly FaultRule[];
  /** When IMDS has all values for a first configuration; null: it depends on the faults. */
  readonly possibleMs: number | null;
  /** When IMDS has all values; default: `possibleMs`, else 0. */
  readonly completeMs?: number;
  /** The last value appears in no listing: only reading a known key again shows it. */
  readonly isHidden?: boolean;
  /** The events of a watch in order; default: `usable` and `settled`. */
  readonly expectedEvents?: readonly ("usable" | "changed" | "settled")[];
}

const mac = "06:ec:2a:00:00:01";
const lateMs = 2800;
const listed = { afterMs: lateMs, listed: true };
const withOneChange = ["usable", "changed", "settled"] as const;

/** A second ENI with its late keys. */
function plugged(late: NonNullable<EniSpec["late"]>, spec: Partial<EniSpec> = {}): EniSpec {
  return { device: 1, ...spec, late };
}

/** Everything that an ENI can have. */
const rich = {
  dualStack: true,
  ipv4: ["10.0.1.10", "10.0.1.11"],
  ipv4Prefixes: ["10.0.1.32/28"],
  ipv6Prefixes: ["2600:1f14:ec2:101:1::/80"],
} as const;

function ipv6At(ms: number) {
  return { ipv6s: ms, "subnet-ipv6-cidr-blocks": ms, "vpc-ipv6-cidr-blocks": ms };
}

/** Missing for 4 s. */
function vanishing(fromMs: number): readonly Change[] {
  return [
    { afterMs: fromMs, detach: { mac } },
    { afterMs: fromMs + 4000, attach: { device: 1 } },
  ];
}

function failThree(match: string, status: number, skip = 0): readonly FaultRule[] {
  return [{ match, skip, times: 3, fault: { kind: "status", status } }];
}

const addressesPath = `network/interfaces/macs/${mac}/local-ipv4s`;
const twoAddresses = { ipv4: ["10.0.1.10", "10.0.1.11"] } as const;
/** The second address is not listed for some time, although it was listed before. */
const shrinking: readonly Change[] = [
  { afterMs: 3200, set: { path: addressesPath, value: [twoAddresses.ipv4[0]] } },
  { afterMs: 6400, set: { path: addressesPath, value: twoAddresses.ipv4 } },
];
const cards: readonly EniSpec[] = [{ device: 0, card: 0 }];

export const hotplugSchedules: Readonly<Record<string, HotplugSchedule>> = {
  "complete from the start": { eni: plugged({}), possibleMs: 0 },
  "complete from the start, with all there is": { eni: plugged({}, rich), possibleMs: 0 },
  "not listed for 2.8 s": { eni: plugged({ ".": lateMs }), possibleMs: lateMs },
  // up to 30 s were observed
  "not listed for 20 s": { eni: plugged({ ".": 20_000 }), possibleMs: 20_000 },
  "device-number late": { eni: plugged({ "device-number": lateMs }), possibleMs: lateMs },
  "interface-id late": { eni: plugged({ "interface-id": lateMs }), possibleMs: lateMs },
  "local-ipv4s late": { eni: plugged({ "local-ipv4s": lateMs }), possibleMs: lateMs },
  "the subnet late": { eni: plugged({ "subnet-ipv4-cidr-block": lateMs }), possibleMs: lateMs },
  "the VPC's networks late": {
    eni: plugged({ "vpc-ipv4-cidr-block": lateMs, "vpc-ipv4-cidr-blocks": lateMs }),
    possibleMs: 0,
    completeMs: lateMs,
    expectedEvents: withOneChange,
  },
  // https://github.com/amazonlinux/amazon-ec2-net-utils/issues/38
  "the VPC's networks listed, but 404": {
    eni: plugged({ "vpc-ipv4-cidr-blocks": listed }),
    possibleMs: lateMs,
  },
  "device-number listed, but 404": {
    eni: plugged({ "device-number": listed }),
    possibleMs: lateMs,
  },
  "local-ipv4s listed, but 404": { eni: plugged({ "local-ipv4s": listed }), possibleMs: lateMs },
  "local-ipv4s listed, but empty": {
    eni: plugged({ "local-ipv4s": { afterMs: lateMs, before: "" } }),
    possibleMs: lateMs,
  },
  "everything listed, but 404, one by one": {
    eni: plugged({
      "device-number": { afterMs: 2000, listed: true },
      "interface-id": { afterMs: 4400, listed: true },
      "local-ipv4s": { afterMs: 3200, listed: true },
    }),
    possibleMs: 4400,
  },
  "device-number 0, then 3": {
    eni: plugged({ "device-number": { afterMs: 3600, before: "0" } }, { device: 3, mac }),
    possibleMs: 3600,
  },
  "device-number 0 for 15 s": {
    eni: plugged({ "device-number": { afterMs: 15_000, before: "0" } }),
    possibleMs: 15_000,
  },
  "all keys at once, after device-number 0": {
    eni: plugged({ ".": 1600, "device-number": { afterMs: 4000, before: "0" } }),
    possibleMs: 4000,
  },
  "the MAC vanishing for a while": { eni: plugged({}), changes: vanishing(3200), possibleMs: 0 },
  "the MAC vanishing before it is complete": {
    eni: plugged({ "device-number": 20_000 }),
    changes: vanishing(3200),
    possibleMs: 7200,
  },
  // https://github.com/amazonlinux/amazon-ec2-net-utils/issues/161
  "the second address not said for a while": {
    eni: plugged({}, twoAddresses),
    changes: shrinking,
    possibleMs: 0,
  },
  "a burst of 503": { eni: plugged({}), faults: failThree("GET *", 503, 4), possibleMs: null },
  "a burst of 401": { eni: plugged({}), faults: failThree("GET */macs/*", 401), possibleMs: null },
  "no token at first": { eni: plugged({}), faults: failThree("PUT *", 503), possibleMs: null },
  "connections refused at first": {
    eni: plugged({}),
    faults: [{ forMs: 2400, fault: { kind: "refuse" } }],
    possibleMs: null,
  },
  // https://github.com/canonical/cloud-init/issues/5373
  "IPv6 at 8 s": {
    eni: plugged(ipv6At(8000), { dualStack: true }),
    possibleMs: 0,
    completeMs: 8000,
    expectedEvents: withOneChange,
  },
  "the IPv6 address at 2.8 s, its subnet at 6 s": {
    eni: plugged({ ipv6s: lateMs, "subnet-ipv6-cidr-blocks": 6000 }, { dualStack: true }),
    possibleMs: 0,
    completeMs: 6000,
    expectedEvents: withOneChange,
  },
  "a prefix at 12 s": {
    eni: plugged({ "ipv4-prefix": 12_000 }, { ipv4Prefixes: ["10.0.1.32/28"] }),
    possibleMs: 0,
    completeMs: 12_000,
    expectedEvents: withOneChange,
  },
  "IPv6 at 8 s, a prefix of each family at 12 s": {
    eni: plugged({ ...ipv6At(8000), "ipv4-prefix": 12_000, "ipv6-prefix": 12_000 }, rich),
    possibleMs: 0,
    completeMs: 12_000,
  },
  "the second address at 6 s": {
    eni: plugged({ "local-ipv4s": { afterMs: 6000, before: ["10.0.1.10"] } }, twoAddresses),
    possibleMs: 0,
    completeMs: 6000,
    isHidden: true,
    expectedEvents: withOneChange,
  },
  // https://github.com/amazonlinux/amazon-ec2-net-utils/issues/153
  "network-card late on a type with several": {
    before: cards,
    eni: plugged({ "network-card": 6000 }, { card: 1, mac }),
    possibleMs: 6000,
  },
  "device-number 0, then 1, on the second card": {
    before: cards,
    eni: plugged({ "device-number": { afterMs: 3600, before: "0" } }, { card: 1, mac }),
    possibleMs: 0,
    completeMs: 3600,
    isHidden: true,
    expectedEvents: withOneChange,
  },
};
