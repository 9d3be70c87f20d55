import { describe, expect, test } from "bun:test";
import { Failure } from "../../../../src/exit.ts";
import { transientError } from "../../../../src/imds/protocol/answer.ts";
import type { EniSpec } from "../../../../scripts/simulator/scenario/eni-spec.ts";
import { pluggedMac, watchInMemory } from "../../../kit/propagation/watch-in-memory.ts";

const macs = "meta-data/network/interfaces/macs";
const folder = `${macs}/${pluggedMac}`;

/** A primary and the NIC that was plugged in. */
function plugged(late: NonNullable<EniSpec["late"]> = {}, spec: Partial<EniSpec> = {}) {
  return { enis: [{ device: 0 }, { device: 1, dualStack: true, late, ...spec }] };
}

type Run = Awaited<ReturnType<typeof watchInMemory>>;

/** `usable 0, changed 8225`: times in milliseconds. */
function summarize({ events }: Run): string {
  return events.map(({ atMs, event }) => `${event.kind} ${Math.round(atMs)}`).join(", ");
}

/** The largest number of requests in any second that begins at or after `fromMs`. */
function maxPerSecond({ requests }: Run, fromMs: number, toMs = Infinity): number {
  const times = requests.map(({ atMs }) => atMs).filter((atMs) => atMs >= fromMs && atMs < toMs);
  return Math.max(0, ...times.map((at) => times.filter((t) => t >= at && t < at + 999.5).length));
}

function addresses({ events }: Run): readonly string[] {
  const { event } = events.at(-1) ?? {};
  return [...(event?.eni?.ipv4.addresses ?? []), ...(event?.eni?.ipv6.addresses ?? [])];
}

const both = ["10.0.1.10", "2600:1f14:ec2:101::10"];

describe("a NIC that is complete from the start", () => {
  test("is usable at once, with at most 20 requests, and settled after --settle", async () => {
    const run = await watchInMemory({ scenario: plugged() });
    expect(summarize(run)).toBe("usable 0, settled 10225");
    expect(run.requests.filter(({ atMs }) => atMs === 0).length).toBeLessThanOrEqual(20);
    expect(addresses(run)).toEqual(both);
  });

  test("reads no values of other ENIs, and one listing of the primary", async () => {
    const { requests } = await watchInMemory({ scenario: plugged() });
    const foreign = requests.filter(({ path }) => path.includes("00:00:00"));
    expect(foreign.map(({ path }) => path)).toEqual([`${macs}/06:ec:2a:00:00:00`]);
  });

  test("costs at most 20 requests with every possible leaf", async () => {
    const prefixes = { ipv4Prefixes: ["10.0.1.32/28"], ipv6Prefixes: ["2600:1f14:ec2:101:1::/80"] };
    const run = await watchInMemory({
      scenario: plugged({}, { card: 1, device: 1, mac: pluggedMac, ...prefixes }),
    });
    expect(run.requests.filter(({ atMs }) => atMs === 0).length).toBeLessThanOrEqual(19);
  });
});

describe("a watch that waits", () => {
  test("polls at most four times a second, and less often after 30 s", async () => {
    const { requests } = await watchInMemory({ scenario: { enis: [{ device: 0 }] } });
    const times = requests.map(({ atMs }) => atMs);
    expect(times.slice(0, 7)).toEqual([0, 100, 250, 475, 725, 975, 1225]);
    expect(times.filter((atMs) => atMs >= 31_000).length).toBe(14);
    expect(requests.every(({ path }) => path === macs)).toBe(true);
  });

  test("sends at most 5 requests in any second for a listed NIC", async () => {
    const late = { "device-number": { afterMs: 29_000, before: "0" } };
    const run = await watchInMemory({ scenario: plugged(late) });
    expect(maxPerSecond(run, 250, 28_900)).toBeLessThanOrEqual(5);
    const settling = await watchInMemory({ scenario: plugged() });
    expect(maxPerSecond(settling, 100)).toBeLessThanOrEqual(5);
  });

  test("sends at most 5 requests in any second for 16 NICs", async () => {
    const many = Array.from({ length: 16 }, (_, at) => at + 1);
    const late = { "device-number": { afterMs: 20_000, before: "0" } };
    const scenario = { enis: [{ device: 0 }, ...many.map((device) => ({ device, late }))] };
    const all = many.map((device) => `06:ec:2a:00:00:${device.toString(16).padStart(2, "0")}`);
    const run = await watchInMemory({ scenario, macs: all });
    expect(maxPerSecond(run, 250, 19_900)).toBeLessThanOrEqual(5);
    expect(run.events.filter(({ event }) => event.kind === "settled").length).toBe(16);
    const usable = run.events.filter(({ event }) => event.kind === "usable");
    expect(Math.max(...usable.map(({ atMs }) => atMs))).toBeLessThanOrEqual(20_250);
  });

  test("shows what it waits for, and why", async () => {
    const late = { "device-number": { afterMs: 3000, before: "0" } };
    const { log } = await watchInMemory({ scenario: plugged({ ".": 1000, ...late }) });
    const reasons = [...new Set(log.waits.map((wait) => wait?.reason ?? null))];
    expect(reasons).toEqual([
      "IMDS does not list its MAC yet",
      "device-number reads 0, the primary's number, so it has not propagated yet",
      "usable; done when nothing changes for 10 s",
      null,
    ]);
    expect(log.waits[0]?.what).toBe(`ENI for ${pluggedMac}`);
  });
});

describe("values that appear later", () => {
  test("IPv6 that is listed later is a change within 0.3 s, and the settle time starts again", async () => {
    const late = { ipv6s: 8000, "subnet-ipv6-cidr-blocks": 8000 };
    const run = await watchInMemory({ scenario: plugged(late) });
    expect(summarize(run)).toBe("usable 0, changed 8225, settled 18225");
    expect(run.events.at(-1)?.event.timeline).toMatchObject({
      listedMs: 0,
      usableMs: 0,
      ipv6Ms: 8225,
      settledMs: 18_225,
    });
  });
});

describe("values that disappear", () => {
  test("an address that is missing for 4 s is kept without an event", async () => {
    const back = { path: `${folder.slice(10)}/local-ipv4s`, value: ["10.0.1.10", "10.0.1.11"] };
    const changes = [
      { afterMs: 2000, set: { ...back, value: ["10.0.1.10"] } },
      { afterMs: 6000, set: back },
    ];
    const spec = { ipv4: ["10.0.1.10", "10.0.1.11"] };
    const run = await watchInMemory({ scenario: { ...plugged({}, spec), changes } });
    expect(run.events.map(({ event }) => event.kind)).toEqual(["usable", "settled"]);
    expect(addresses(run)).toContain("10.0.1.11");
  });

  test("a MAC that is missing for a second causes no event and no more requests", async () => {
    const changes = [
      { afterMs: 2000, detach: { mac: pluggedMac } },
      { afterMs: 3000, attach: { device: 1, dualStack: true } },
    ];
    const run = await watchInMemory({ scenario: { ...plugged(), changes } });
    expect(run.events.map(({ event }) => event.kind)).toEqual(["usable", "settled"]);
    expect(maxPerSecond(run, 1000)).toBeLessThanOrEqual(5);
    expect(addresses(run)).toEqual(both);
  });

  const two = ["10.0.1.10", "10.0.1.11"];
  test.each([
    ["whose leaf disappears", { remove: { path: `${folder.slice(10)}/ipv6s` } }, two],
    [
      "that its leaf lacks",
      { set: { path: `${folder.slice(10)}/local-ipv4s`, value: ["10.0.1.10"] } },
      both,
    ],
  ])("an address %s for the --settle time is removed", async (_, change, left) => {
    const changes = [{ afterMs: 2000, ...change }] as const;
    const run = await watchInMemory({ scenario: { ...plugged({}, { ipv4: two }), changes } });
    expect(run.events.map(({ event }) => event.kind)).toEqual(["usable", "changed", "settled"]);
    expect(addresses(run)).toEqual(left);
    expect(run.events[1]?.atMs).toBeGreaterThan(12_000);
  });
});

describe("errors of IMDS", () => {
  const busy = transientError("503, throttled");

  test("slow the polls down and remove nothing", async () => {
    const run = await watchInMemory({
      scenario: plugged(),
      fault: (_path, atMs) => (atMs >= 1000 && atMs < 6000 ? busy : null),
    });
    expect(run.events.map(({ event }) => event.kind)).toEqual(["usable", "settled"]);
    expect(run.requests.filter(({ atMs }) => atMs >= 1000 && atMs < 6000).length).toBeLessThan(8);
  });

  test("end a poll: no further request is sent to an IMDS that throttles", async () => {
    const { requests } = await watchInMemory({
      scenario: plugged(),
      fault: (path, atMs) => (path === "meta-data/mac" && atMs < 50 ? busy : null),
    });
    const first = requests.filter(({ atMs }) => atMs === 0).map(({ path }) => path);
    expect(first).toEqual([macs, folder, "meta-data/mac"]);
  });

  test("with Retry-After delay the next poll, or end the watch where the delay is too long", async () => {
    const later = transientError("503, throttled", { retryAfterMs: 3000 });
    const patient = await watchInMemory({
      scenario: plugged(),
      fault: (_path, atMs) => (atMs < 3000 ? later : null),
    });
    expect(patient.requests.map(({ atMs }) => atMs).slice(0, 2)).toEqual([0, 3000]);
    const never = transientError("503, throttled", { retryAfterMs: 90_000 });
    const ended = await watchInMemory({
      scenario: plugged(),
      fault: (_path, atMs) => (atMs >= 2000 ? never : null),
    });
    expect(ended.events.map(({ event }) => event.kind)).toEqual(["usable", "incomplete"]);
    expect(ended.endMs).toBeLessThan(2500);
    expect(addresses(ended)).toEqual(both);
  });

  test("end the watch with a failure where IMDS never answered, and incomplete where it did", async () => {
    const silent = await watchInMemory({ scenario: plugged(), fault: () => busy });
    expect(silent.failure).toMatchObject({ kind: "UNAVAILABLE" });
    const unlisted = await watchInMemory({ scenario: { enis: [{ device: 0 }] } });
    const reasons = ["IMDS does not list its MAC yet"];
    expect(unlisted.events.length).toBe(1);
    expect(unlisted.events[0]?.event).toMatchObject({ kind: "incomplete", eni: null, reasons });
  });

  test("that deny a token for 2 s do not end the watch", async () => {
    const lost = new Failure("UNAVAILABLE", "IMDS: 503, throttled");
    const run = await watchInMemory({
      scenario: plugged(),
      fault: (_path, atMs) => {
        if (atMs < 2000) throw lost;
        return null;
      },
    });
    expect(run.events.map(({ event }) => event.kind)).toEqual(["usable", "settled"]);
  });

  test("that are final (403) end the watch", async () => {
    const refusal = new Failure("CONFIG", "403");
    const fault = (): null => {
      throw refusal;
    };
    expect((await watchInMemory({ scenario: plugged(), fault })).failure).toBe(refusal);
  });
});
