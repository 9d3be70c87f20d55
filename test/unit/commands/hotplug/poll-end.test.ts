import { describe, expect, test } from "bun:test";
import { transientError } from "../../../../src/imds/protocol/answer.ts";
import type { EniSpec } from "../../../../scripts/simulator/scenario/eni-spec.ts";
import { pluggedMac as mac, watchInMemory } from "../../../kit/propagation/watch-in-memory.ts";

const zero = { afterMs: 1e9, before: "0" };
const busy = transientError("503, throttled");

/** A primary and the NIC that was plugged in. */
function plugged(late: NonNullable<EniSpec["late"]> = {}, spec: Partial<EniSpec> = {}) {
  return { enis: [{ device: 0 }, { device: 1, dualStack: true, late, ...spec }] };
}

function reasonsOf({ events }: Awaited<ReturnType<typeof watchInMemory>>): readonly string[] {
  const { event } = events.at(-1) ?? {};
  return event?.kind === "incomplete" ? event.reasons : ["it did not end incomplete"];
}

describe("at the deadline", () => {
  const hints = { dhcp: [], hasRouter: true, hasCarrier: false };

  test("a hint is no reason: what is whole at the deadline is whole", async () => {
    const whole = { scenario: plugged({}, { dualStack: false }), settleMs: 3_600_000 };
    const run = await watchInMemory({ ...whole, deadlineMs: 3000, kernel: () => hints });
    expect(run.events.at(-1)?.event).toMatchObject({ kind: "incomplete", reasons: [] });
    const reasons = run.log.waits.map((wait) => wait?.reason);
    expect(reasons).toContain("a router advertises itself: ipv6s may still come");
  });

  test("of an IMDS that fell silent, its trouble is the reason", async () => {
    const run = await watchInMemory({
      scenario: plugged(),
      deadlineMs: 5000,
      kernel: () => hints,
      fault: (_path, atMs) => (atMs >= 1000 ? busy : null),
    });
    const [reason, ...more] = reasonsOf(run);
    expect([reason, more]).toEqual([expect.stringContaining(": 503, throttled"), []]);
    const unlisted = await watchInMemory({
      scenario: { enis: [{ device: 0 }] },
      deadlineMs: 5000,
      fault: (_path, atMs) => (atMs >= 1000 ? busy : null),
    });
    const silence = expect.stringContaining(": 503, throttled");
    expect(reasonsOf(unlisted)).toEqual([silence, "macs/ does not list it"]);
  });

  test("of an IMDS that never answered, a look that the deadline cut does not have the word", async () => {
    const cut = transientError("no whole answer within 900 ms", { isCutByDeadline: true });
    const run = await watchInMemory({
      scenario: plugged(),
      deadlineMs: 5000,
      fault: (_path, atMs) => (atMs >= 1000 ? cut : busy),
    });
    expect(run.requests.some(({ atMs }) => atMs >= 1000)).toBe(true);
    expect(run.failure).toMatchObject({ message: expect.stringContaining(": 503, throttled") });
  });

  // a token's tries end then, and another look would tell of one try in 7 ms
  test("in the last 100 ms nothing is asked", async () => {
    const unlisted = { scenario: { enis: [{ device: 0 }] } };
    const lastMs = async (deadlineMs: number) =>
      (await watchInMemory({ ...unlisted, deadlineMs })).requests.at(-1)?.atMs;
    expect([await lastMs(5070), await lastMs(5080)]).toEqual([4725, 4975]);
  });

  test("a last look that the deadline cut is no silence", async () => {
    const cut = transientError("no whole answer within 90 ms", { isCutByDeadline: true });
    const run = await watchInMemory({
      scenario: plugged(),
      deadlineMs: 5000,
      fault: (_path, atMs) => (atMs >= 4700 ? cut : null),
    });
    expect(run.requests.at(-1)?.atMs).toBeGreaterThanOrEqual(4700);
    expect(reasonsOf(run)).toEqual([]);
  });

  const never = { afterMs: 1e9, listed: true };
  const events = ({
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
  ])("what is known all the same, with %s", async (_name, late, addresses) => {
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
    expect(events(run)).toEqual([...addresses]);
    expect(reasonsOf(run)).toHaveLength(1);
  });

  test("nothing, with late IPv6 and a number that has not propagated", async () => {
    const late = { ipv6s: never, "device-number": zero };
    expect(events(await watchInMemory({ scenario: plugged(late), deadlineMs: 5000 }))).toEqual([]);
  });

  test("an address by DHCP is not given up for a family that is whole", async () => {
    const run = await watchInMemory({
      scenario: plugged({ "local-ipv4s": never }),
      deadlineMs: 5000,
      kernel: () => ({ ...hints, dhcp: ["10.0.1.10"] }),
    });
    expect(events(run)).toEqual([]);
  });

  test("an ENI without any address is not taken for EFA-only by the end of the time", async () => {
    const run = await watchInMemory({
      scenario: plugged({}, { efaOnly: true, dualStack: false }),
      deadlineMs: 5000,
    });
    expect(run.events.map(({ event }) => [event.kind, event.eni])).toEqual([["incomplete", null]]);
  });
});
