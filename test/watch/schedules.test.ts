import { expect, test } from "bun:test";
import type { EniEvent } from "../../src/imds/watched-eni.ts";
import type { EniSpec } from "../support/imds-simulator/eni-spec.ts";
import type { Scenario } from "../support/imds-simulator/scenario.ts";
import { watchSimulator } from "../support/watch-simulator.ts";

const mac = "06:ec:2a:00:00:01";
const settleMs = 1200;
/** From the moment IMDS made it possible; a busy machine gets a little more. */
const firstUseMs = 300 + 150;

type Late = NonNullable<EniSpec["late"]>;

interface Schedule {
  readonly scenario: Scenario;
  /** When IMDS has all that is needed; null: it depends on what the faults strike. */
  readonly possibleMs: number | null;
  /** `card/device addresses prefixes`, at the end. */
  readonly ends?: string;
  /** When what comes later is there; told within the same time. */
  readonly laterMs?: number;
  /** What is told, in this order. */
  readonly told?: readonly EniEvent["kind"][];
}

/** A second NIC, and what is late of it. */
function plugged(late: Late, spec: Partial<EniSpec> = {}): Scenario {
  return { enis: [{ device: 0 }, { device: 1, late, ...spec }] };
}

const listed = { afterMs: 700, listed: true };
const ipv6 = { ipv6s: 900, "subnet-ipv6-cidr-blocks": 900, "vpc-ipv6-cidr-blocks": 900 };
const twoCards: readonly EniSpec[] = [
  { device: 0, card: 0 },
  { device: 1, card: 1, mac, late: { "network-card": 900 } },
];
const vanishing = [
  { afterMs: 800, detach: { mac } },
  { afterMs: 1800, attach: { device: 1 } },
];
const late401 = {
  match: "GET */macs/*",
  times: 3,
  fault: { kind: "status", status: 401 },
} as const;
const late503 = {
  match: "GET *",
  skip: 4,
  times: 3,
  fault: { kind: "status", status: 503 },
} as const;

const tokenless = { match: "PUT *", times: 3, fault: { kind: "status", status: 503 } } as const;

const schedules: Readonly<Record<string, Schedule>> = {
  "complete from the start": { scenario: plugged({}), possibleMs: 0 },
  "not listed for 0.7 s": { scenario: plugged({ ".": 700 }), possibleMs: 700 },
  "device-number late": { scenario: plugged({ "device-number": 700 }), possibleMs: 700 },
  "interface-id late": { scenario: plugged({ "interface-id": 700 }), possibleMs: 700 },
  "local-ipv4s late": { scenario: plugged({ "local-ipv4s": 700 }), possibleMs: 700 },
  "the subnet late": { scenario: plugged({ "subnet-ipv4-cidr-block": 700 }), possibleMs: 700 },
  "the VPC's networks listed, but 404": {
    scenario: plugged({ "vpc-ipv4-cidr-blocks": listed }),
    possibleMs: 700,
  },
  "device-number listed, but 404": {
    scenario: plugged({ "device-number": listed }),
    possibleMs: 700,
  },
  "local-ipv4s listed, but 404": { scenario: plugged({ "local-ipv4s": listed }), possibleMs: 700 },
  "local-ipv4s listed, but empty": {
    scenario: plugged({ "local-ipv4s": { afterMs: 700, before: "" } }),
    possibleMs: 700,
  },
  "everything listed, but 404, one by one": {
    scenario: plugged({
      "device-number": { afterMs: 500, listed: true },
      "interface-id": { afterMs: 1100, listed: true },
      "local-ipv4s": { afterMs: 800, listed: true },
    }),
    possibleMs: 1100,
  },
  "device-number 0, then 3": {
    scenario: plugged({ "device-number": { afterMs: 900, before: "0" } }, { device: 3, mac }),
    possibleMs: 900,
    ends: "0/3 10.0.3.10",
  },
  "the whole NIC at once, after device-number 0": {
    scenario: plugged({ ".": 400, "device-number": { afterMs: 1000, before: "0" } }),
    possibleMs: 1000,
  },
  "the MAC vanishing for a second": {
    scenario: { ...plugged({}), changes: vanishing },
    possibleMs: 0,
    told: ["usable", "settled"],
  },
  "the MAC vanishing for a second before it is whole": {
    scenario: { ...plugged({ "device-number": 5000 }), changes: vanishing },
    possibleMs: 1800,
  },
  "a burst of 503": { scenario: { ...plugged({}), faults: [late503] }, possibleMs: null },
  "a burst of 401": { scenario: { ...plugged({}), faults: [late401] }, possibleMs: null },
  "no token at first": { scenario: { ...plugged({}), faults: [tokenless] }, possibleMs: null },
  "connections refused at first": {
    scenario: { ...plugged({}), faults: [{ forMs: 600, fault: { kind: "refuse" } }] },
    possibleMs: null,
  },
  "IPv6 late": {
    scenario: plugged(ipv6, { dualStack: true }),
    possibleMs: 0,
    laterMs: 900,
    ends: "0/1 10.0.1.10 2600:1f14:ec2:101::10",
    told: ["usable", "changed", "settled"],
  },
  "a prefix late": {
    scenario: plugged({ "ipv4-prefix": 800 }, { ipv4Prefixes: ["10.0.1.32/28"] }),
    possibleMs: 0,
    laterMs: 800,
    ends: "0/1 10.0.1.10 10.0.1.32/28",
    told: ["usable", "changed", "settled"],
  },
  "network-card late on a type with several": {
    scenario: { enis: twoCards },
    possibleMs: 900,
    ends: "1/1 10.0.17.10",
  },
};

for (const [name, schedule] of Object.entries(schedules)) {
  test.concurrent(name, async () => {
    const { scenario, possibleMs, laterMs, ends = "0/1 10.0.1.10", told } = schedule;
    const run = await watchSimulator({ scenario, macs: [mac], settleMs, timeoutMs: 15_000 });
    const kinds = run.told.map(({ event }) => event.kind);
    expect(kinds).toEqual([...(told ?? ["usable", "settled"])]);
    const { eni } = run.told.at(-1)?.event ?? {};
    const addresses = [eni?.ipv4, eni?.ipv6].flatMap((each) => [
      ...(each?.addresses ?? []),
      ...(each?.prefixes ?? []),
    ]);
    expect(`${eni?.networkCard}/${eni?.deviceNumber} ${addresses.join(" ")}`).toBe(ends);

    const usableMs = run.told[0]?.atMs ?? Infinity;
    const struckMs = run.requests.filter(({ fault }) => fault !== null).at(-1)?.atMs ?? 600;
    // after trouble, it is left alone for a while: 100, 200, 400 ms with chance at a half
    const allowedMs = possibleMs === null ? struckMs + 400 : possibleMs;
    expect(usableMs - allowedMs).toBeLessThanOrEqual(firstUseMs);
    if (laterMs !== undefined) {
      expect((run.told[1]?.atMs ?? Infinity) - laterMs).toBeLessThanOrEqual(firstUseMs);
    }

    const last = run.requests.at(-1)?.atMs ?? 0;
    const untilUsable = run.requests.filter(({ atMs }) => atMs < usableMs);
    if (possibleMs === 0) expect(untilUsable.length).toBeLessThanOrEqual(20);
    // what is learnt once, and five a second
    expect(run.requests.length).toBeLessThanOrEqual(30 + (last / 1000) * 5);
  });
}

test.concurrent(
  "four NICs at once: one token, one conversation, each in its own time",
  async () => {
    const macs = [1, 2, 3, 4].map((device) => `06:ec:2a:00:00:0${device}`);
    const late = (device: number): Late => ({ ".": 200 * device });
    const others = [1, 2, 3, 4].map((device) => ({ device, late: late(device) }));
    const scenario = { enis: [{ device: 0 }, ...others] };
    const run = await watchSimulator({ scenario, macs, settleMs, timeoutMs: 20_000 });
    expect(run.told.filter(({ event }) => event.kind === "settled").length).toBe(4);
    expect(run.requests.filter(({ method }) => method === "PUT").length).toBe(1);
    expect(run.connections).toBeLessThanOrEqual(6);
  },
);

test.concurrent("an EFA-only ENI is whole without an address, when --settle is over", async () => {
  const scenario = plugged({}, { efaOnly: true });
  const run = await watchSimulator({ scenario, macs: [mac], settleMs, timeoutMs: 10_000 });
  expect(run.told.map(({ event }) => event.kind)).toEqual(["usable", "settled"]);
  expect(run.told[0]?.atMs).toBeGreaterThan(settleMs);
});
