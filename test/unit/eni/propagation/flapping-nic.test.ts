import { expect, test } from "bun:test";
import {
  collectFailedMacs,
  createNicProgress,
  reduceApplied,
  reduceJoinRequests,
} from "../../../../src/eni/propagation/hotplug-state.ts";
import { Failure } from "../../../../src/exit.ts";
import { linkAt, macAt } from "../../../kit/facts/nics.ts";

const mac = macAt(1);
const links = [linkAt(1)];
const request = { id: "11", mac, elapsedMs: 0, isAlive: true };
const failure = new Failure("OSERR", "device not found");
const failed = { mac, name: "ens6", eni: "eni-1", outcome: "failed" } as const;
const after = (outcome: "failed" | "configured") =>
  reduceApplied([createNicProgress(mac)], {
    nics: [{ ...failed, outcome }],
    failure: outcome === "failed" ? failure : null,
    activatedMs: 1,
  });

test("a NIC that is added again after a failed activation is activated again", () => {
  const [again] = reduceJoinRequests(after("failed"), [request], { links, nowMs: 2 });
  expect(again).toMatchObject({ isRetryDue: true, isOver: false });
  expect(collectFailedMacs(again === undefined ? [] : [again])).toEqual([mac]);
});

test("a NIC that is added again after a successful activation is not activated again", () => {
  const [again] = reduceJoinRequests(after("configured"), [request], { links, nowMs: 2 });
  expect(again).toMatchObject({ isRetryDue: false, failure: null });
});

test("a NIC that is gone has not failed", () => {
  const [gone] = reduceJoinRequests(
    reduceJoinRequests(after("failed"), [], { links: [], nowMs: 2 }),
    [],
    {
      links: [],
      nowMs: 3,
    },
  );
  expect(gone).toMatchObject({ isOver: true, failure: null, nic: { outcome: "skipped" } });
});
