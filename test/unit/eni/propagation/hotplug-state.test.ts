import { describe, expect, test } from "bun:test";
import type { JoinRequest } from "../../../../src/model/hotplug.ts";
import {
  clearAnswered,
  collectDueAnswers,
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
const linkOf = (name: string, mac: string): Link => ({
  name,
  mac,
  kind: "device",
  driver: "ena",
  busAddress: null,
});
const links = [linkOf("ens5", a), linkOf("ens6", b)];
const wishFor = (mac: string, id = "12", elapsedMs = 40): JoinRequest => ({
  id,
  mac,
  elapsedMs,
  isAlive: true,
});
const timeline = { listedMs: 100, usableMs: 200.4, ipv6Ms: null, settledMs: 900, requests: 7 };
const settled = (mac: string): EniEvent => {
  return { kind: "settled", mac, eni: eniAt(1), missing: [], timeline };
};
const incomplete = (mac: string, ...reasons: readonly string[]): EniEvent => {
  return { kind: "incomplete", mac, eni: null, reasons, timeline };
};
const applied = (mac: string, outcome: NicOutcome, failure: Failure | null = null) => {
  return { nics: [{ mac, name: null, eni: "eni-1", outcome }], failure, activatedMs: 300.2 };
};
const begun = reduceJoinRequests([createNicProgress(a)], [], { links, nowMs: 0 });
const outcomes = (cases: HotplugState) => cases.map(({ nic }) => [nic.mac, nic.outcome]);

describe("a NIC that came", () => {
  test("has the name that its link has now", () => {
    const renamed = reduceJoinRequests(begun, [], { links: [linkOf("ens9", a)], nowMs: 1 });
    expect([begun, renamed].map(([each]) => each?.nic.name)).toEqual(["ens5", "ens9"]);
  });

  test("and whose link is gone again is skipped, and over", () => {
    const once = reduceJoinRequests(begun, [], { links: [], nowMs: 1 });
    expect(once[0]?.isOver).toBe(false); // it may be renamed in this moment
    expect(reduceJoinRequests(once, [], { links, nowMs: 2 })[0]?.isOver).toBe(false);
    const [gone] = reduceJoinRequests(once, [], { links: [], nowMs: 2 });
    expect(gone).toMatchObject({
      isOver: true,
      nic: { outcome: "skipped", reason: "its link is gone again" },
    });
  });

  test("was configured, whatever a later look had to add; its times are whole milliseconds", () => {
    const once = reduceApplied(begun, applied(a, "configured"));
    const [nic] = reduceEvents(reduceApplied(once, applied(a, "unchanged")), [settled(a)]);
    expect(nic?.nic).toMatchObject({
      outcome: "configured",
      eni: "eni-1",
      timeline: { usableMs: 200, appliedMs: 300, settledMs: 900 },
    });
    expect(nic?.isOver).toBe(true);
  });

  test("failed where the last activation failed, and not where a later one went well", () => {
    const failure = new Failure("OSERR", "networkctl reload ended with 1");
    const failed = reduceApplied(begun, applied(a, "failed", failure));
    expect(failed[0]).toMatchObject({ failure, nic: { timeline: { appliedMs: null } } });
    expect(reduceApplied(failed, applied(a, "configured"))[0]).toMatchObject({
      failure: null,
      nic: { outcome: "configured" },
    });
  });

  test("is incomplete with a reason; without one there was only no time left to watch it", () => {
    const whole = reduceApplied(begun, applied(a, "configured"));
    const late = reduceEvents(whole, [incomplete(a, "ipv6s: listed, but not there yet")]);
    expect(late[0]?.nic).toMatchObject({
      outcome: "incomplete",
      reason: "ipv6s: listed, but not there yet",
    });
    expect(outcomes(reduceEvents(whole, [incomplete(a)]))).toEqual([[a, "configured"]]);
  });
});

describe("a run goes on", () => {
  const joined = reduceJoinRequests(begun, [wishFor(b)], { links, nowMs: 1 });
  const over = reduceEvents(joined, [settled(a)]);
  const own = (cases: HotplugState) =>
    cases.find(({ nic }) => nic.mac === a) ?? createNicProgress(a);

  test("while its own NIC is not settled", () => {
    expect(hasUnfinishedWork(joined, own(joined))).toBe(true);
  });

  test("for others that are in use, and not for those that nobody knows yet", () => {
    expect(hasUnfinishedWork(over, own(over))).toBe(false);
    const news: EniEvent = { ...settled(b), kind: "usable" } as EniEvent;
    const used = reduceEvents(over, [news]);
    expect(hasUnfinishedWork(used, own(used))).toBe(true);
  });
});

describe("what other runs wish for", () => {
  test("is one more NIC, once", () => {
    const joined = reduceJoinRequests(begun, [wishFor(b)], { links, nowMs: 500 });
    expect(outcomes(reduceJoinRequests(joined, [wishFor(b)], { links, nowMs: 600 }))).toEqual([
      [a, "skipped"],
      [b, "skipped"],
    ]);
  });

  test("is answered on the clock of the run that wished, once", () => {
    const joined = reduceJoinRequests(begun, [wishFor(b, "12", 40)], { links, nowMs: 150 });
    const done = reduceEvents(reduceApplied(joined, applied(b, "configured")), [settled(b)]);
    const [due, ...more] = collectDueAnswers(done);
    expect(due?.joinRequest.id).toBe("12");
    expect(due?.answer.nic.timeline).toMatchObject({ listedMs: 0, usableMs: 90, settledMs: 790 });
    expect([more, collectDueAnswers(clearAnswered(done))]).toEqual([[], []]);
  });

  test("is answered with why it failed", () => {
    const joined = reduceJoinRequests(begun, [wishFor(b)], { links, nowMs: 150 });
    const failure = new Failure("OSERR", "it fell", { hint: "look" });
    const done = reduceEvents(reduceApplied(joined, applied(b, "failed", failure)), [settled(b)]);
    expect(collectDueAnswers(done)[0]?.answer.failure).toEqual({
      kind: "OSERR",
      message: "it fell",
      hint: "look",
    });
  });

  test("is not answered when this run has no more time: the other one has", () => {
    const joined = reduceJoinRequests(begun, [wishFor(b)], { links, nowMs: 150 });
    expect(collectDueAnswers(reduceEvents(joined, [incomplete(b, "not listed")]))).toEqual([]);
    expect(collectDueAnswers(reduceEvents(joined, [incomplete(b)]))).toEqual([]);
  });

  test("a NIC whose watch is over and that comes again is watched again", () => {
    const over = reduceEvents(begun, [settled(a)]);
    const again = reduceJoinRequests(over, [wishFor(a)], { links, nowMs: 2000 });
    expect(again.map(({ isOver, joinRequests }) => [isOver, joinRequests.length])).toEqual([
      [false, 1],
    ]);
  });

  test("of a NIC that is watched already is answered with it", () => {
    const joined = reduceJoinRequests(begun, [wishFor(a, "12"), wishFor(a, "13")], {
      links,
      nowMs: 1,
    });
    const due = collectDueAnswers(reduceEvents(joined, [settled(a)]));
    expect(due.map(({ joinRequest }) => joinRequest.id)).toEqual(["12", "13"]);
  });
});
