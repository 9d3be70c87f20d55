import { describe, expect, test } from "bun:test";
import { transientError } from "../../../../src/imds/protocol/answer.ts";
import type { EniSpec } from "../../../../scripts/simulator/scenario/eni-spec.ts";
import { pluggedMac as mac, watchInMemory } from "../../../kit/propagation/watch-in-memory.ts";

const primaryNumber = { afterMs: 1e9, before: "0" };
const busy = transientError("503, throttled");

/** A primary and the NIC that was plugged in. */
function plugged(late: NonNullable<EniSpec["late"]> = {}, spec: Partial<EniSpec> = {}) {
  return { enis: [{ device: 0 }, { device: 1, dualStack: true, late, ...spec }] };
}

function lastReasons({ events }: Awaited<ReturnType<typeof watchInMemory>>): readonly string[] {
  const { event } = events.at(-1) ?? {};
  return event?.kind === "incomplete" ? event.reasons : ["it did not end incomplete"];
}

describe("at the deadline", () => {
  const hints = { dhcp: [], hasRouter: true, hasCarrier: false };

  test("a hint is no reason: a complete ENI has no reasons", async () => {
    const complete = { scenario: plugged({}, { dualStack: false }), settleMs: 3_600_000 };
    const run = await watchInMemory({ ...complete, deadlineMs: 3000, kernel: () => hints });
    expect(run.events.at(-1)?.event).toMatchObject({ kind: "incomplete", reasons: [] });
    const reasons = run.log.waits.map((wait) => wait?.reason);
    expect(reasons).toContain("a router advertises itself, so ipv6s may still appear");
  });

  test("the error is the reason where IMDS has stopped to answer", async () => {
    const run = await watchInMemory({
      scenario: plugged(),
      deadlineMs: 5000,
      kernel: () => hints,
      fault: (_path, atMs) => (atMs >= 1000 ? busy : null),
    });
    const [reason, ...more] = lastReasons(run);
    expect([reason, more]).toEqual([expect.stringContaining(": 503, throttled"), []]);
    const unlisted = await watchInMemory({
      scenario: { enis: [{ device: 0 }] },
      deadlineMs: 5000,
      fault: (_path, atMs) => (atMs >= 1000 ? busy : null),
    });
    const error = expect.stringContaining(": 503, throttled");
    expect(lastReasons(unlisted)).toEqual([error, "IMDS does not list its MAC yet"]);
  });

  test("an earlier error is the reason, and not the request that the deadline cut", async () => {
    const cut = transientError("no complete answer within 900 ms", { isCutByDeadline: true });
    const run = await watchInMemory({
      scenario: plugged(),
      deadlineMs: 5000,
      fault: (_path, atMs) => (atMs >= 1000 ? cut : busy),
    });
    expect(run.requests.some(({ atMs }) => atMs >= 1000)).toBe(true);
    expect(run.failure).toMatchObject({ message: expect.stringContaining(": 503, throttled") });
  });

  // Requests for a token end then; a later request would report one try in 7 ms.
  test("no request is sent in the last 100 ms", async () => {
    const unlisted = { scenario: { enis: [{ device: 0 }] } };
    const lastMs = async (deadlineMs: number) =>
      (await watchInMemory({ ...unlisted, deadlineMs })).requests.at(-1)?.atMs;
    expect([await lastMs(5070), await lastMs(5080)]).toEqual([4725, 4975]);
  });

  test("a request that the deadline cut is no reason", async () => {
    const cut = transientError("no complete answer within 90 ms", { isCutByDeadline: true });
    const run = await watchInMemory({
      scenario: plugged(),
      deadlineMs: 5000,
      fault: (_path, atMs) => (atMs >= 4700 ? cut : null),
    });
    expect(run.requests.at(-1)?.atMs).toBeGreaterThanOrEqual(4700);
    expect(lastReasons(run)).toEqual([]);
  });

  const never = { afterMs: 1e9, listed: true };
  const lastAddresses = ({
    events: all,
  }: Awaited<ReturnType<typeof watchInMemory>>): readonly unknown[] => {
    const eni = all.at(-1)?.event.eni ?? null;
    return eni === null ? [] : [...eni.ipv4.addresses, ...eni.ipv6.addresses];
  };
  const [four, six] = ["10.0.17.10", "2600:1f14:ec2:111::10"];

  test.each<readonly [string, NonNullable<EniSpec["late"]>, readonly string[]]>([
    ["late IPv6", { ipv6s: never }, [four]],
    ["a subnet of IPv6 that is late", { "subnet-ipv6-cidr-blocks": never }, [four]],
    ["late IPv4", { "local-ipv4s": never }, [six]],
    ["late prefixes", { "ipv4-prefix": never, "ipv6-prefix": never }, [four, six]],
    ["both families late", { "local-ipv4s": never, ipv6s: never }, []],
    ["late IPv6 and no id", { ipv6s: never, "interface-id": never }, []],
    ["late IPv6 and no number", { ipv6s: never, "device-number": never }, []],
    ["late IPv6 and a card that is late", { ipv6s: never, "network-card": never }, []],
  ])("the event has the known addresses, with %s", async (_name, late, addresses) => {
    const prefixes = {
      ipv4Prefixes: ["10.0.17.32/28"],
      ipv6Prefixes: ["2600:1f14:ec2:111:1::/80"],
    };
    const run = await watchInMemory({
      scenario: {
        enis: [{ device: 0 }, { device: 1, card: 1, mac, dualStack: true, ...prefixes, late }],
      },
      deadlineMs: 5000,
    });
    expect(run.events.map(({ event }) => event.kind)).toEqual(["incomplete"]);
    expect(lastAddresses(run)).toEqual([...addresses]);
    expect(lastReasons(run)).toHaveLength(1);
  });

  test("the event has no address, with late IPv6 and the device number of the primary", async () => {
    const late = { ipv6s: never, "device-number": primaryNumber };
    expect(
      lastAddresses(await watchInMemory({ scenario: plugged(late), deadlineMs: 5000 })),
    ).toEqual([]);
  });

  test("the event has no address where DHCP gave one of the incomplete family", async () => {
    const run = await watchInMemory({
      scenario: plugged({ "local-ipv4s": never }),
      deadlineMs: 5000,
      kernel: () => ({ ...hints, dhcp: ["10.0.1.10"] }),
    });
    expect(lastAddresses(run)).toEqual([]);
  });

  test("an ENI without addresses is not taken for EFA-only", async () => {
    const run = await watchInMemory({
      scenario: plugged({}, { efaOnly: true, dualStack: false }),
      deadlineMs: 5000,
    });
    expect(run.events.map(({ event }) => [event.kind, event.eni])).toEqual([["incomplete", null]]);
  });
});
