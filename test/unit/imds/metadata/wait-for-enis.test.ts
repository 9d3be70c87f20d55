import { describe, expect, test } from "bun:test";
import type { EniSpec } from "../../../../scripts/simulator/scenario/eni-spec.ts";
import type { Scenario } from "../../../../scripts/simulator/scenario/scenario.ts";
import { waitInMemory, type WaitSettings } from "../../../kit/propagation/wait-in-memory.ts";

const mac = "06:ec:2a:00:00:01";
/** Waits, and returns all addresses of the complete ENIs. */
async function waitFor(scenario: Scenario, settings: WaitSettings = {}) {
  const { parsed, endMs, requests } = await waitInMemory(scenario, settings);
  const addresses = parsed.enis.flatMap(({ ipv4, ipv6 }) => [...ipv4.addresses, ...ipv6.addresses]);
  return { addresses, incomplete: parsed.incomplete, endMs, requests };
}

const scenarioOf = (late: NonNullable<EniSpec["late"]>, spec: Partial<EniSpec> = {}): Scenario => ({
  enis: [{ device: 0 }, { device: 1, late, ...spec }],
});
const empty = (afterMs: number) => ({ afterMs, before: "" });
const both = ["10.0.0.10", "10.0.1.10"];

describe("activate waits", () => {
  test("for nothing if everything is complete", async () => {
    expect(await waitFor(scenarioOf({}))).toMatchObject({ addresses: both, endMs: 0 });
  });

  test("for a leaf that is empty at first", async () => {
    const ipv6s = "2600:1f14:ec2:101::10";
    const run = await waitFor(
      scenarioOf({ ipv6s: empty(3000) }, { dualStack: true, ipv6: [ipv6s] }),
    );
    expect(run).toMatchObject({ addresses: [...both, ipv6s], incomplete: [] });
    expect(run.endMs).toBeLessThan(5000);
  });

  test("five seconds for a leaf that stays empty", async () => {
    const late = { ipv6s: empty(1e9), "subnet-ipv6-cidr-blocks": empty(1e9) };
    const run = await waitFor(scenarioOf(late, { dualStack: true }));
    expect(run).toMatchObject({ addresses: both, incomplete: [] });
    expect(run.endMs).toBeGreaterThanOrEqual(5000);
    expect(run.endMs).toBeLessThan(8000);
    expect(run.requests).toBeLessThan(120);
  });

  test("five seconds from the last change of any ENI", async () => {
    const late = { ipv6s: empty(1e9), "ipv4-prefix": 4000, "local-ipv4s": 6000 };
    const run = await waitFor(
      scenarioOf(late, { dualStack: true, ipv4Prefixes: ["10.0.1.32/28"] }),
    );
    expect(run).toMatchObject({ addresses: both, incomplete: [] });
    expect(run.endMs).toBeGreaterThanOrEqual(11_000);
  });

  test("longer for an ENI of which nothing can be configured, and then leaves it out for good", async () => {
    const reason = expect.stringContaining("device 0 is the slot of the primary");
    const run = await waitFor(scenarioOf({ "device-number": { afterMs: 1e9, before: "0" } }));
    expect(run).toMatchObject({
      addresses: ["10.0.0.10"],
      incomplete: [{ mac, reason, isFinal: true }],
    });
    expect(run.endMs).toBeGreaterThanOrEqual(30_000);
    expect(run.endMs).toBeLessThan(35_000);
    const late = await waitFor(scenarioOf({ "device-number": { afterMs: 15_000, before: "0" } }));
    expect(late).toMatchObject({ addresses: both, incomplete: [] });
  });

  test("until the deadline, and leaves out nothing for good if that was too early", async () => {
    const late = { "device-number": { afterMs: 1e9, before: "0" } };
    const run = await waitFor(scenarioOf(late), { deadlineMs: 10_000 });
    expect(run.incomplete).toMatchObject([{ mac }]);
    expect(run.incomplete[0]).not.toHaveProperty("isFinal");
    const two = { deadlineMs: 4000 };
    const emptyRun = await waitFor(scenarioOf({ "local-ipv4s": empty(1e9) }), two);
    expect(emptyRun.incomplete).toEqual([
      { mac, isPrimary: false, reason: "local-ipv4s: listed, but without a value yet" },
    ]);
  });

  test("and does not count time in which IMDS did not answer", async () => {
    const late = { ipv6s: empty(1e9) };
    const run = await waitFor(scenarioOf(late, { dualStack: true }), { failsAtMs: 3000 });
    expect(run.incomplete).toMatchObject([
      { mac, reason: "ipv6s: listed, but without a value yet" },
    ]);
  });

  test("not for an ENI that the admin lists as unmanaged", async () => {
    const late = { "device-number": { afterMs: 1e9, before: "0" } };
    const run = await waitFor(scenarioOf(late), { isAwaited: (each) => each !== mac });
    expect(run).toMatchObject({ addresses: ["10.0.0.10"], endMs: 0 });
  });

  test("for a folder that is a 404, and then leaves it out for good", async () => {
    const run = await waitFor(scenarioOf({ ".": { afterMs: 1e9, listed: true } }));
    const reason = "its folder is still missing";
    expect(run.incomplete).toEqual([{ mac, isPrimary: false, reason, isFinal: true }]);
  });

  test("for a value that is invalid, but not for good: a later one may be valid", async () => {
    const run = await waitFor(scenarioOf({ "device-number": { afterMs: 1e9, before: "soon" } }));
    expect(run.addresses).toEqual(["10.0.0.10"]);
    const reason = expect.stringContaining('"soon" is not a number');
    expect(run.incomplete).toEqual([{ mac, isPrimary: false, reason }]);
  });
});
