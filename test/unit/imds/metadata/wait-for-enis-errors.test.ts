import { expect, test } from "bun:test";
import { waitForEnis } from "../../../../src/imds/metadata/wait-for-enis.ts";
import { openSession } from "../../../../src/imds/session.ts";
import type { EniSpec } from "../../../../scripts/simulator/scenario/eni-spec.ts";
import type { Scenario } from "../../../../scripts/simulator/scenario/scenario.ts";
import { imdsInMemory } from "../../../kit/imds/imds-in-memory.ts";

const [first, second] = ["06:ec:2a:00:00:00", "06:ec:2a:00:00:01"];

/** Waits for 10 s at most; the machine has two NICs. */
async function wait(scenario: Scenario, isAwaited: (mac: string) => boolean = () => true) {
  const imds = imdsInMemory(scenario);
  const { host } = imds;
  const session = openSession(host, {
    endpoints: ["http://imds"],
    timeoutMs: 10_000,
    tryMs: 60_000,
    connectMs: 60_000,
    retries: 1,
    nic: null,
    paths: "any",
    dhcp: false,
  });
  const readPresentMacs = async () => new Set([first, second]);
  const outcome = await waitForEnis(host, session, {
    isAwaited,
    readPresentMacs,
    occupied: [],
  }).then(
    ({ enis, incomplete, missing }) => ({ enis: enis.map(({ mac }) => mac), incomplete, missing }),
    ({ kind, message }: { kind: string; message: string }) => ({ kind, message }),
  );
  return { ...imds, outcome, endMs: host.clock.now(), waits: host.log.waits };
}

const plugged = (late: EniSpec["late"] = {}) => ({
  enis: [{ device: 0 }, { device: 1, ...(late === undefined ? {} : { late }) }],
});
const complete = { enis: [first, second], incomplete: [], missing: null };
const secondLacks = (reason: string) => ({
  enis: [first],
  incomplete: [{ mac: second, isPrimary: false, reason }],
  missing: null,
});
const lateLeaf = (afterMs: number) => ({ "local-ipv4s": { afterMs, listed: true } });
const noValue = "local-ipv4s: listed, but without a value yet";

test("complete ENIs are read once, without a wait", async () => {
  const { outcome, endMs, count } = await wait(plugged());
  expect([outcome, endMs]).toEqual([complete, 0]);
  expect(count("GET", `${second}/`)).toBe(1);
});

test("a listed leaf without a value is awaited, and a complete ENI is not read again", async () => {
  const { outcome, endMs, count, waits } = await wait(plugged(lateLeaf(1000)));
  expect(outcome).toEqual(complete);
  expect(endMs).toBeGreaterThanOrEqual(1000);
  expect(endMs).toBeLessThan(2000);
  expect(count("GET", `${first}/local-ipv4s`)).toBe(1);
  expect(count("GET", `${second}/local-ipv4s`)).toBeGreaterThan(1);
  expect(waits.filter((each) => each?.what === "metadata")[0]?.reason).toBe(
    `${second}: ${noValue}`,
  );
  expect(waits.at(-1)).toBeNull();
});

// a value that is empty or wrong at first is late, too
test.each([["subnet-ipv4-cidr-block", "10.0.0", "subnet-ipv4-cidr-block"]])(
  "%s with the first value %p is awaited",
  async (leaf, before, reason) => {
    const soon = await wait(plugged({ [leaf]: { afterMs: 1000, before } }));
    expect(soon.outcome).toEqual(complete);
    const { outcome, endMs } = await wait(plugged({ [leaf]: { afterMs: 1e9, before } }));
    expect(outcome).toEqual(secondLacks(expect.stringContaining(reason)));
    expect(endMs).toBeGreaterThan(9900);
    expect(endMs).toBeLessThanOrEqual(10_000);
  },
);

test("an ENI that is not awaited is reported, and delays nothing", async () => {
  const { outcome, endMs } = await wait(plugged(lateLeaf(1e9)), (mac) => mac !== second);
  expect([outcome, endMs]).toEqual([secondLacks(noValue), 0]);
});

test("a missing list of ENIs is awaited, and at the deadline it is TEMPFAIL", async () => {
  const late = (afterMs: number) => ({
    ...plugged(),
    late: { "network/interfaces/macs": afterMs },
  });
  expect((await wait(late(1000))).outcome).toEqual(complete);
  expect((await wait(late(1e9))).outcome).toMatchObject({
    kind: "TEMPFAIL",
    message: expect.stringContaining("so the attached ENIs are not known yet"),
  });
});

test("an error of a later reading ends the wait with the earlier reading", async () => {
  const faults = [{ fault: { kind: "status", status: 503 } as const, afterMs: 500 }];
  const { outcome } = await wait({ ...plugged(lateLeaf(1e9)), faults });
  expect(outcome).toEqual(secondLacks(noValue));
});

test.each([
  [503, 0, "UNAVAILABLE"],
  [403, 0, "CONFIG"],
  [403, 500, "CONFIG"],
])("a %d after %d ms is thrown as %s", async (status, afterMs, kind) => {
  const faults = [{ fault: { kind: "status", status } as const, afterMs }];
  expect((await wait({ ...plugged(lateLeaf(1e9)), faults })).outcome).toMatchObject({ kind });
});
