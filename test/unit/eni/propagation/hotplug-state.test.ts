import { describe, expect, test } from "bun:test";
import type { JoinRequest } from "../../../../src/model/hotplug.ts";
import {
  clearAnswered,
  collectDueAnswers,
  collectFailedMacs,
  hasUnfinishedWork,
  createNicProgress,
  type HotplugState,
  reduceApplied,
  reduceEvents,
  reduceJoinRequests,
} from "../../../../src/eni/propagation/hotplug-state.ts";
import { Failure } from "../../../../src/exit.ts";
import type { EniEvent } from "../../../../src/eni/propagation/eni-progress.ts";
import type { Link } from "../../../../src/model/link.ts";
import type { NicOutcome } from "../../../../src/model/plan.ts";
import { eniAt, macAt } from "../../../kit/facts/nics.ts";

const [a, b] = [macAt(1), macAt(2)];
const linkWith = (name: string, mac: string): Link => ({
  name,
  mac,
  kind: "device",
  driver: "ena",
  busAddress: null,
});
const links = [linkWith("ens5", a), linkWith("ens6", b)];
const requestFor = (mac: string, id = "12", elapsedMs = 40): JoinRequest => ({
  id,
  mac,
  elapsedMs,
  isAlive: true,
});
const timeline = { listedMs: 100, usableMs: 200.4, ipv6Ms: null, settledMs: 900, requests: 7 };
const settled = (mac: string): EniEvent => {
  return { kind: "settled", mac, eni: eniAt(1), missing: [], problems: [], timeline };
};
const incomplete = (mac: string, ...reasons: readonly string[]): EniEvent => {
  return { kind: "incomplete", mac, eni: null, reasons, isFinal: false, timeline };
};
const applied = (mac: string, outcome: NicOutcome, failure: Failure | null = null) => {
  return { nics: [{ mac, name: null, eni: "eni-1", outcome }], failure, activatedMs: 300.2 };
};
const started = reduceJoinRequests([createNicProgress(a)], [], { links, nowMs: 0 });
const outcomes = (state: HotplugState) => state.map(({ nic }) => [nic.mac, nic.outcome]);

describe("a NIC that was added", () => {
  test("has the current name of its link", () => {
    const renamed = reduceJoinRequests(started, [], { links: [linkWith("ens9", a)], nowMs: 1 });
    expect([started, renamed].map(([each]) => each?.nic.name)).toEqual(["ens5", "ens9"]);
  });

  test("is skipped and over if its link is gone again", () => {
    const once = reduceJoinRequests(started, [], { links: [], nowMs: 1 });
    expect(once[0]?.isOver).toBe(false); // the link may be being renamed
    expect(reduceJoinRequests(once, [], { links, nowMs: 2 })[0]?.isOver).toBe(false);
    const [gone] = reduceJoinRequests(once, [], { links: [], nowMs: 2 });
    expect(gone).toMatchObject({
      isOver: true,
      nic: { outcome: "skipped", reason: "its link is gone again" },
    });
  });

  test("stays configured when a later run changes nothing; its times are integers", () => {
    const once = reduceApplied(started, applied(a, "configured"));
    const [nic] = reduceEvents(reduceApplied(once, applied(a, "unchanged")), [settled(a)]);
    expect(nic?.nic).toMatchObject({
      outcome: "configured",
      eni: "eni-1",
      timeline: { usableMs: 200, appliedMs: 300, settledMs: 900 },
    });
    expect(nic?.isOver).toBe(true);
  });

  test("is failed only if the last activation failed", () => {
    const failure = new Failure("OSERR", "networkctl reload ended with 1");
    const failed = reduceApplied(started, applied(a, "failed", failure));
    expect(failed[0]).toMatchObject({ failure, nic: { timeline: { appliedMs: null } } });
    expect(reduceApplied(failed, applied(a, "configured"))[0]).toMatchObject({
      failure: null,
      nic: { outcome: "configured" },
    });
  });

  test("is incomplete only with a reason; without one the time to watch it was over", () => {
    const configured = reduceApplied(started, applied(a, "configured"));
    const late = reduceEvents(configured, [
      incomplete(a, "ipv6s: listed, but without a value yet"),
    ]);
    expect(late[0]?.nic).toMatchObject({
      outcome: "incomplete",
      reason: "ipv6s: listed, but without a value yet",
    });
    expect(outcomes(reduceEvents(configured, [incomplete(a)]))).toEqual([[a, "configured"]]);
  });
});

describe("a NIC whose activation has ended and that is added again", () => {
  const failed = applied(a, "failed", new Failure("OSERR", "device not found"));
  const again = (result: ReturnType<typeof applied>) =>
    reduceJoinRequests(reduceApplied(started, result), [requestFor(a)], { links, nowMs: 2 });

  test("is activated again if the activation failed", () => {
    expect(again(failed)).toMatchObject([{ isRetryDue: true, isOver: false }]);
    expect(collectFailedMacs(again(failed))).toEqual([a]);
  });

  test("is not activated again if the activation succeeded", () => {
    expect(again(applied(a, "configured"))).toMatchObject([{ isRetryDue: false, failure: null }]);
  });

  test("has not failed if its link is gone", () => {
    const missing = { links: [], nowMs: 2 };
    const once = reduceJoinRequests(reduceApplied(started, failed), [], missing);
    const [gone] = reduceJoinRequests(once, [], missing);
    expect(gone).toMatchObject({ isOver: true, failure: null, nic: { outcome: "skipped" } });
  });
});

describe("a run continues", () => {
  const joined = reduceJoinRequests(started, [requestFor(b)], { links, nowMs: 1 });
  const over = reduceEvents(joined, [settled(a)]);
  const own = (state: HotplugState) =>
    state.find(({ nic }) => nic.mac === a) ?? createNicProgress(a);

  test("while its own NIC is not settled", () => {
    expect(hasUnfinishedWork(joined, own(joined))).toBe(true);
  });

  test("for other NICs only if their ENI is usable", () => {
    expect(hasUnfinishedWork(over, own(over))).toBe(false);
    const usable: EniEvent = { ...settled(b), kind: "usable" } as EniEvent;
    const joinedUsable = reduceEvents(over, [usable]);
    expect(hasUnfinishedWork(joinedUsable, own(joinedUsable))).toBe(true);
  });
});

describe("a request of another process", () => {
  test("adds its NIC once", () => {
    const joined = reduceJoinRequests(started, [requestFor(b)], { links, nowMs: 500 });
    expect(outcomes(reduceJoinRequests(joined, [requestFor(b)], { links, nowMs: 600 }))).toEqual([
      [a, "skipped"],
      [b, "skipped"],
    ]);
  });

  test("is answered once, with times on the clock of that process", () => {
    const joined = reduceJoinRequests(started, [requestFor(b, "12", 40)], { links, nowMs: 150 });
    const done = reduceEvents(reduceApplied(joined, applied(b, "configured")), [settled(b)]);
    const [due, ...more] = collectDueAnswers(done);
    expect(due?.joinRequest.id).toBe("12");
    expect(due?.answer.nic.timeline).toMatchObject({ listedMs: 0, usableMs: 90, settledMs: 790 });
    expect([more, collectDueAnswers(clearAnswered(done))]).toEqual([[], []]);
  });

  test("is answered with the failure", () => {
    const joined = reduceJoinRequests(started, [requestFor(b)], { links, nowMs: 150 });
    const failure = new Failure("OSERR", "reload failed", { hint: "see the log" });
    const done = reduceEvents(reduceApplied(joined, applied(b, "failed", failure)), [settled(b)]);
    expect(collectDueAnswers(done)[0]?.answer.failure).toEqual({
      kind: "OSERR",
      message: "reload failed",
      hint: "see the log",
    });
  });

  test("is not answered when this run has no time left: the other process has", () => {
    const joined = reduceJoinRequests(started, [requestFor(b)], { links, nowMs: 150 });
    expect(collectDueAnswers(reduceEvents(joined, [incomplete(b, "not listed")]))).toEqual([]);
    expect(collectDueAnswers(reduceEvents(joined, [incomplete(b)]))).toEqual([]);
  });

  test("starts a new watch of a NIC whose watch is over", () => {
    const over = reduceEvents(started, [settled(a)]);
    const again = reduceJoinRequests(over, [requestFor(a)], { links, nowMs: 2000 });
    expect(again.map(({ isOver, joinRequests }) => [isOver, joinRequests.length])).toEqual([
      [false, 1],
    ]);
  });

  test("for a NIC that is already watched is answered with it", () => {
    const joined = reduceJoinRequests(started, [requestFor(a, "12"), requestFor(a, "13")], {
      links,
      nowMs: 1,
    });
    const due = collectDueAnswers(reduceEvents(joined, [settled(a)]));
    expect(due.map(({ joinRequest }) => joinRequest.id)).toEqual(["12", "13"]);
  });
});
