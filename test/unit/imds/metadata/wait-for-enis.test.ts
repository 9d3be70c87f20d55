import { describe, expect, test } from "bun:test";
import { Failure } from "../../../../src/exit.ts";
import { waitForEnis } from "../../../../src/imds/metadata/wait-for-enis.ts";
import type { ImdsSession } from "../../../../src/imds/session.ts";
import type { EniSpec } from "../../../../scripts/simulator/scenario/eni-spec.ts";
import type { Scenario } from "../../../../scripts/simulator/scenario/scenario.ts";
import { SimulatedInstance } from "../../../../scripts/simulator/scenario/simulated-instance.ts";
import { fakeClock, fakeLog } from "../../../kit/host/fake-host.ts";

const mac = "06:ec:2a:00:00:01";
const busy = new Failure("UNAVAILABLE", "503, throttled");

interface Settings {
  readonly deadlineMs?: number;
  /** From this time, every request fails. */
  readonly failsAtMs?: number;
  readonly isAwaited?: (mac: string) => boolean;
}

/** Waits for the ENIs of an instance in memory, whose clock only waits advance. */
async function waitFor(scenario: Scenario, settings: Settings = {}) {
  const { deadlineMs = 60_000, failsAtMs = Infinity, isAwaited = () => true } = settings;
  const clock = fakeClock();
  const instance = new SimulatedInstance(scenario, clock.now);
  let requests = 0;
  const get: ImdsSession["get"] = async (path) => {
    requests += 1;
    if (clock.now() >= failsAtMs) throw busy;
    return instance.metadata.read(path);
  };
  const tryGet: ImdsSession["tryGet"] = async () => ({ kind: "absent" });
  const stats: ImdsSession["stats"] = () => {
    throw new Error("stats is not called");
  };
  const close = async (): Promise<void> => undefined;
  const session = { get, tryGet, stats, deadlineMs, retries: Infinity, close };
  const host = { clock, log: fakeLog(), signal: new AbortController().signal };
  const presence = { isAwaited, readPresentMacs: async () => new Set<string>(), occupied: [] };
  const { enis, incomplete } = await waitForEnis(host, session, presence);
  return { addresses: enis.flatMap(addressesOf), incomplete, endMs: clock.now(), requests };
}

function addressesOf({ ipv4, ipv6 }: { readonly [family in "ipv4" | "ipv6"]: Addresses }) {
  return [...ipv4.addresses, ...ipv6.addresses];
}
interface Addresses {
  readonly addresses: readonly string[];
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
