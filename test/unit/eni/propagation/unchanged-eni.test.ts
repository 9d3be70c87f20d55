import { describe, expect, test } from "bun:test";
import { transientError } from "../../../../src/imds/protocol/answer.ts";
import {
  currentDhcpAddresses,
  recordDhcpAddresses,
} from "../../../../src/eni/propagation/dhcp-addresses.ts";
import type { EniSpec } from "../../../../scripts/simulator/scenario/eni-spec.ts";
import {
  describeVerdict,
  type EniFactChanges,
  ipv6,
  notThere,
} from "../../../kit/facts/eni-facts.ts";
import { pluggedMac as mac, watchInMemory } from "../../../kit/propagation/watch-in-memory.ts";

const unchanged = { quietMs: 10_000 };
const outside = { "local-ipv4s": ["10.0.1.20", "10.0.9.9"] };

// cloud-init's fixtures; awslabs/amazon-eks-ami #2031; VPC CNI #3753
const table: readonly (readonly [string, EniFactChanges, string])[] = [
  [
    "a listed leaf without a value for less than --settle is late",
    { leaves: { ipv6s: notThere }, quietMs: 9999 },
    "not-yet: ipv6s: listed, but without a value yet [ipv6s]",
  ],
  [
    "a listed leaf without a value for --settle is empty",
    { leaves: { ipv6s: notThere, "ipv4-prefix": notThere }, ...unchanged },
    "settled 10.0.1.20",
  ],
  [
    "a leaf that was read with errors only is not empty",
    { leaves: { ipv6s: { ...notThere, answeredMs: null } }, ...unchanged },
    "not-yet: ipv6s: listed, but without a value yet [ipv6s]",
  ],
  [
    "a leaf whose last answer is older than the folder's is not empty yet",
    { leaves: { ipv6s: { ...notThere, answeredMs: 10_999 } }, ...unchanged },
    "not-yet: ipv6s: listed, but without a value yet [ipv6s]",
  ],
  [
    "of the late leaves, the one that was not answered for the longest time is requested",
    {
      leaves: {
        "ipv4-prefix": { ...notThere, answeredMs: 900 },
        ipv6s: { ...notThere, answeredMs: 800 },
      },
    },
    "not-yet: ipv4-prefix, ipv6s: listed, but without a value yet [ipv6s]",
  ],
  [
    "local-ipv4s that stays empty beside IPv6 leaves IPv6",
    { leaves: { ...ipv6, "local-ipv4s": notThere }, ...unchanged },
    "settled 2001:db8:1::9",
  ],
  [
    "an EFA-only ENI may list an empty local-ipv4s",
    { leaves: { "local-ipv4s": notThere, "subnet-ipv4-cidr-block": notThere }, ...unchanged },
    "settled ",
  ],
  [
    "an address in no subnet is left out, and named",
    { leaves: outside, ...unchanged },
    "settled 10.0.1.20; problem: 10.0.9.9 lies in no subnet of subnet-ipv4-cidr-block (10.0.1.0/24): it is left out",
  ],
  [
    "an ENI whose device-number stays 0 is not usable",
    { leaves: { "device-number": "0" }, ...unchanged },
    "not-yet: device-number reads 0, the primary's number, so it has not propagated yet [device-number]",
  ],
  [
    "an invalid value does not become valid by waiting",
    { leaves: { "device-number": "soon" }, ...unchanged },
    'not-yet: 06:aa:bb:cc:dd:02/device-number: "soon" is not a number from 0 to 31 [device-number]',
  ],
  [
    "device-number 0 is real if the primary has another one",
    { leaves: { "device-number": "0" }, facts: { primaryDevice: 1 } },
    "usable 10.0.1.20",
  ],
  [
    "device-number 1 is the primary's if the primary has it",
    { facts: { primaryDevice: 1 } },
    "not-yet: network card 0, device 1 is also the slot of 06:aa:bb:cc:dd:01 [device-number]",
  ],
];

describe("an ENI that does not change any more", () => {
  test.each(table)("%s", (_name, given, expected) => {
    expect(describeVerdict(given)).toBe(expected);
  });
});

// https://github.com/amazonlinux/amazon-ec2-utils/issues/27
test("an address that DHCPv4 gives in an IPv6-only subnet is no address of the ENI", () => {
  const given = ["169.254.9.7", "2001:db8:1::9"];
  const history = recordDhcpAddresses({}, { ens6: { dhcp: given, addresses: given } }, 0);
  expect(currentDhcpAddresses(history)).toEqual({ ens6: ["2001:db8:1::9"] });
});

const never = { afterMs: 1e9, before: "" };
const plugged = (late: NonNullable<EniSpec["late"]>, primary: Partial<EniSpec> = {}) => ({
  enis: [
    { device: 0, ...primary },
    { device: 1, dualStack: true, late },
  ],
});
const kindsOf = ({ events }: Awaited<ReturnType<typeof watchInMemory>>) =>
  events.map(({ event }) => event.kind);

describe("a watch", () => {
  test("ends with the other values if leaves stay empty", async () => {
    const late = { ipv6s: never, "subnet-ipv6-cidr-blocks": never, "vpc-ipv6-cidr-blocks": never };
    const run = await watchInMemory({ scenario: plugged(late) });
    expect(kindsOf(run)).toEqual(["usable", "settled"]);
    expect(run.events[0]?.event.eni).toMatchObject({
      ipv4: { addresses: ["10.0.1.10"] },
      ipv6: { addresses: [] },
    });
    expect(run.endMs).toBeGreaterThanOrEqual(10_000);
    expect(run.endMs).toBeLessThan(16_000);
  });

  test("never takes an error for an empty value", async () => {
    const busy = transientError("503, throttled");
    const fault = (path: string) => (path.endsWith("/ipv6s") ? busy : null);
    const run = await watchInMemory({ scenario: plugged({}), fault });
    expect(run.events.at(-1)?.event).toMatchObject({ kind: "incomplete", isFinal: false });
    // an error after an empty answer does not count either
    const later = (path: string, atMs: number) => (atMs > 2000 ? fault(path) : null);
    const second = await watchInMemory({ scenario: plugged({ ipv6s: never }), fault: later });
    expect(second.events.at(-1)?.event).toMatchObject({ kind: "incomplete", isFinal: false });
  });

  test("ends for good if the device number stays that of another ENI", async () => {
    const scenario = plugged({ "device-number": { afterMs: 1e9, before: "0" } });
    const { events } = await watchInMemory({ scenario });
    const reasons = [expect.stringContaining("device-number reads 0")];
    expect(events.map(({ event }) => event)).toMatchObject([
      { kind: "incomplete", eni: null, reasons, isFinal: true },
    ]);
    // less time shows too little
    const short = await watchInMemory({ scenario, deadlineMs: 20_000 });
    expect(short.events.at(-1)?.event).toMatchObject({ kind: "incomplete", isFinal: false });
  });

  // https://github.com/aws/amazon-vpc-cni-k8s/issues/3753
  test("asks for the primary's number once, if an ENI has number 0, and uses it", async () => {
    const scenario = {
      enis: [
        { device: 1, mac: "06:ec:2a:00:00:09" },
        { device: 0, mac, subnetCidr: "10.0.7.0/24" },
      ],
    };
    const run = await watchInMemory({ scenario, settleMs: 0 });
    expect(kindsOf(run)).toEqual(["usable", "settled"]);
    expect(run.events[0]).toMatchObject({ event: { eni: { isPrimary: false, deviceNumber: 0 } } });
    const asked = run.requests.filter(({ path }) => path.endsWith("09/device-number"));
    expect(asked.length).toBe(1);
    const usual = await watchInMemory({ scenario: plugged({}), settleMs: 0 });
    expect(usual.requests.filter(({ path }) => path.endsWith("00/device-number"))).toEqual([]);
  });
});
