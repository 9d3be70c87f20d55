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
function story({ events }: Run): string {
  return events.map(({ atMs, event }) => `${event.kind} ${Math.round(atMs)}`).join(", ");
}

/** The largest number of requests in any second that begins at or after `fromMs`. */
function busiest({ requests }: Run, fromMs: number, toMs = Infinity): number {
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
    expect(story(run)).toBe("usable 0, settled 10225");
    expect(run.requests.filter(({ atMs }) => atMs === 0).length).toBeLessThanOrEqual(20);
    expect(addresses(run)).toEqual(both);
  });

  test("asks nobody else's values: of the primary, one listing", async () => {
    const { requests } = await watchInMemory({ scenario: plugged() });
    const foreign = requests.filter(({ path }) => path.includes("00:00:00"));
    expect(foreign.map(({ path }) => path)).toEqual([`${macs}/06:ec:2a:00:00:00`]);
  });

  test("--settle 0 ends where it is usable", async () => {
    const run = await watchInMemory({ scenario: plugged(), settleMs: 0 });
    expect(story(run)).toBe("usable 0, settled 0");
  });

  test("with every leaf there is, it still costs at most 20 requests", async () => {
    const prefixes = { ipv4Prefixes: ["10.0.1.32/28"], ipv6Prefixes: ["2600:1f14:ec2:101:1::/80"] };
    const run = await watchInMemory({
      scenario: plugged({}, { card: 1, device: 1, mac: pluggedMac, ...prefixes }),
    });
    expect(run.requests.filter(({ atMs }) => atMs === 0).length).toBeLessThanOrEqual(19);
  });
});

describe("while it waits", () => {
  test("polls quicken no further than four a second, and slow down after 30 s", async () => {
    const { requests } = await watchInMemory({ scenario: { enis: [{ device: 0 }] } });
    const times = requests.map(({ atMs }) => atMs);
    expect(times.slice(0, 7)).toEqual([0, 100, 250, 475, 725, 975, 1225]);
    expect(times.filter((atMs) => atMs >= 31_000).length).toBe(14);
    expect(requests.every(({ path }) => path === macs)).toBe(true);
  });

  test("for a listed NIC too, it is at most 5 requests in any second", async () => {
    const late = { "device-number": { afterMs: 29_000, before: "0" } };
    const run = await watchInMemory({ scenario: plugged(late) });
    expect(busiest(run, 250, 28_900)).toBeLessThanOrEqual(5);
    const settling = await watchInMemory({ scenario: plugged() });
    expect(busiest(settling, 100)).toBeLessThanOrEqual(5);
  });

  test("for 16 NICs at once, it is no more", async () => {
    const many = Array.from({ length: 16 }, (_, at) => at + 1);
    const late = { "device-number": { afterMs: 20_000, before: "0" } };
    const scenario = { enis: [{ device: 0 }, ...many.map((device) => ({ device, late }))] };
    const all = many.map((device) => `06:ec:2a:00:00:${device.toString(16).padStart(2, "0")}`);
    const run = await watchInMemory({ scenario, macs: all });
    expect(busiest(run, 250, 19_900)).toBeLessThanOrEqual(5);
    expect(run.events.filter(({ event }) => event.kind === "settled").length).toBe(16);
    const usable = run.events.filter(({ event }) => event.kind === "usable");
    expect(Math.max(...usable.map(({ atMs }) => atMs))).toBeLessThanOrEqual(20_250);
  });

  test("a person is told what is awaited, and why", async () => {
    const late = { "device-number": { afterMs: 3000, before: "0" } };
    const { log } = await watchInMemory({ scenario: plugged({ ".": 1000, ...late }) });
    const reasons = [...new Set(log.waits.map((wait) => wait?.reason ?? null))];
    expect(reasons).toEqual([
      "macs/ does not list it",
      "device-number reads 0, which is the primary's: it has not propagated yet",
      "usable; done when nothing changes for 10 s",
      null,
    ]);
    expect(log.waits[0]?.what).toBe(`eni for ${pluggedMac}`);
  });
});

describe("what comes later", () => {
  test("late IPv6 is a change, within 0.3 s of its being listed, and settles anew", async () => {
    const late = { ipv6s: 8000, "subnet-ipv6-cidr-blocks": 8000 };
    const run = await watchInMemory({ scenario: plugged(late) });
    expect(story(run)).toBe("usable 0, changed 8225, settled 18225");
    expect(run.events.at(-1)?.event.timeline).toMatchObject({
      listedMs: 0,
      usableMs: 0,
      ipv6Ms: 8225,
      settledMs: 18_225,
    });
  });

  test("a second address in a leaf that is listed already is seen, too", async () => {
    const late = { "local-ipv4s": { afterMs: 3000, before: "10.0.1.10" } };
    const run = await watchInMemory({
      scenario: plugged(late, { ipv4: ["10.0.1.10", "10.0.1.11"] }),
    });
    expect(run.events.map(({ event }) => event.kind)).toEqual(["usable", "changed", "settled"]);
    expect(addresses(run)).toEqual(["10.0.1.10", "10.0.1.11", ...both.slice(1)]);
  });

  test("several leaves that come one by one are each waited for, and the last is seen at once", async () => {
    const listed = (afterMs: number) => ({ afterMs, listed: true });
    const late = {
      "device-number": listed(1000),
      "interface-id": listed(3000),
      "local-ipv4s": listed(2000),
    };
    const run = await watchInMemory({ scenario: plugged(late) });
    expect(run.events[0]?.atMs).toBeLessThanOrEqual(3250);
  });
});

describe("what goes again", () => {
  test("an address that vanishes for a second is kept, and nobody is told", async () => {
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

  test("a MAC that vanishes for a second costs nothing, and nobody is told", async () => {
    const changes = [
      { afterMs: 2000, detach: { mac: pluggedMac } },
      { afterMs: 3000, attach: { device: 1, dualStack: true } },
    ];
    const run = await watchInMemory({ scenario: { ...plugged(), changes } });
    expect(run.events.map(({ event }) => event.kind)).toEqual(["usable", "settled"]);
    expect(busiest(run, 1000)).toBeLessThanOrEqual(5);
    expect(addresses(run)).toEqual(both);
  });

  test("an address that stays away for --settle is gone", async () => {
    const changes = [{ afterMs: 2000, remove: { path: `${folder.slice(10)}/ipv6s` } }];
    const run = await watchInMemory({ scenario: { ...plugged(), changes } });
    expect(run.events.map(({ event }) => event.kind)).toEqual(["usable", "changed", "settled"]);
    expect(addresses(run)).toEqual(["10.0.1.10"]);
    expect(run.events[1]?.atMs).toBeGreaterThan(12_000);
  });
});

describe("what fails", () => {
  const busy = transientError("503, throttled");

  test("trouble slows the polls as a retry does, and takes nothing away", async () => {
    const run = await watchInMemory({
      scenario: plugged(),
      fault: (_path, atMs) => (atMs >= 1000 && atMs < 6000 ? busy : null),
    });
    expect(run.events.map(({ event }) => event.kind)).toEqual(["usable", "settled"]);
    expect(run.requests.filter(({ atMs }) => atMs >= 1000 && atMs < 6000).length).toBeLessThan(8);
  });

  test("trouble ends a poll: nothing more is asked of an IMDS that throttles", async () => {
    const { requests } = await watchInMemory({
      scenario: plugged(),
      fault: (path, atMs) => (path === "meta-data/mac" && atMs < 50 ? busy : null),
    });
    const first = requests.filter(({ atMs }) => atMs === 0).map(({ path }) => path);
    expect(first).toEqual([macs, folder, "meta-data/mac"]);
  });

  test("Retry-After is honoured; where it asks for more than is left, the watch ends", async () => {
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

  test("an IMDS that never answers is an error, one that answered is incomplete", async () => {
    const silent = await watchInMemory({ scenario: plugged(), fault: () => busy });
    expect(silent.failure).toMatchObject({ kind: "UNAVAILABLE" });
    const unlisted = await watchInMemory({ scenario: { enis: [{ device: 0 }] } });
    const reasons = ["macs/ does not list it"];
    expect(unlisted.events.length).toBe(1);
    expect(unlisted.events[0]?.event).toMatchObject({ kind: "incomplete", eni: null, reasons });
  });

  test("no token for a while is trouble, not the end", async () => {
    const lost = new Failure("UNAVAILABLE", "instance metadata: 503, throttled");
    const run = await watchInMemory({
      scenario: plugged(),
      fault: (_path, atMs) => {
        if (atMs < 2000) throw lost;
        return null;
      },
    });
    expect(run.events.map(({ event }) => event.kind)).toEqual(["usable", "settled"]);
  });

  test("a final refusal ends the watch", async () => {
    const refusal = new Failure("CONFIG", "403");
    const fault = (): null => {
      throw refusal;
    };
    expect((await watchInMemory({ scenario: plugged(), fault })).failure).toBe(refusal);
  });
});
