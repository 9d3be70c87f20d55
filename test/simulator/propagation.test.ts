import { expect, test } from "bun:test";
import { instance } from "../../scripts/simulator/metadata/instance.ts";
import type { Scenario } from "../../scripts/simulator/scenario/scenario.ts";
import { SimulatedInstance } from "../../scripts/simulator/scenario/simulated-instance.ts";

const mac = "06:ec:2a:00:00:01";
const folder = `network/interfaces/macs/${mac}`;

/** An instance whose clock is set by each read. */
function simulate(scenario: Scenario) {
  let nowMs = 5000;
  const simulatedInstance = new SimulatedInstance(scenario, () => nowMs);
  const readAt = (atMs: number, path: string): string | null => {
    nowMs = 5000 + atMs;
    const bytes = simulatedInstance.metadata.read(["meta-data", ...path.split("/")]);
    return bytes === null ? null : new TextDecoder().decode(bytes);
  };
  return { instance: simulatedInstance, readAt };
}

function names(listing: string | null): string[] {
  return listing?.split("\n") ?? [];
}

test("a late leaf is neither listed nor readable before its time", () => {
  const { readAt } = simulate({ late: { [`${folder}/ipv6s`]: 100 }, enis: twoEnis({}) });
  expect(readAt(99, `${folder}/ipv6s`)).toBeNull();
  expect(names(readAt(99, folder))).not.toContain("ipv6s");
  expect(readAt(100, `${folder}/ipv6s`)).toBe("2600:1f14:ec2:101::10");
  expect(names(readAt(100, folder))).toContain("ipv6s");
});

test("a late leaf with listed true is listed before its time", () => {
  const late = { ipv6s: { afterMs: 100, listed: true } };
  const { readAt } = simulate({ enis: twoEnis(late) });
  expect(names(readAt(99, folder))).toContain("ipv6s");
  expect(readAt(99, `${folder}/ipv6s`)).toBeNull();
  expect(readAt(100, `${folder}/ipv6s`)).not.toBeNull();
});

test("a late leaf with before has another value before its time", () => {
  const late = { "device-number": { afterMs: 100, before: "0" } };
  const { readAt } = simulate({ enis: twoEnis(late) });
  expect(names(readAt(99, folder))).toContain("device-number");
  expect(readAt(99, `${folder}/device-number`)).toBe("0");
  expect(readAt(100, `${folder}/device-number`)).toBe("1");
});

test("a late MAC hides its whole folder", () => {
  const { readAt } = simulate({ enis: twoEnis({ ".": 100 }) });
  expect(names(readAt(99, "network/interfaces/macs"))).toEqual(["06:ec:2a:00:00:00/"]);
  expect(readAt(99, `${folder}/device-number`)).toBeNull();
  expect(names(readAt(100, "network/interfaces/macs"))).toHaveLength(2);
  expect(readAt(100, `${folder}/device-number`)).toBe("1");
});

test("the times of late keys count from the attachment", () => {
  const changes = [{ afterMs: 1000, attach: { device: 1, late: { "subnet-id": 50 } } }];
  const { readAt } = simulate({ changes });
  expect(readAt(999, folder)).toBeNull();
  // No read between 999 and 1049 ms: the attachment still counts from 1000 ms.
  expect(readAt(1049, `${folder}/subnet-id`)).toBeNull();
  expect(readAt(1050, `${folder}/subnet-id`)).not.toBeNull();
});

test("a detached ENI disappears at once, or after lingerMs", () => {
  const { instance: it, readAt } = simulate({ enis: twoEnis({}) });
  it.detach({ mac, lingerMs: 100 });
  expect(readAt(99, folder)).not.toBeNull();
  expect(readAt(100, folder)).toBeNull();
  it.attach({ device: 1 });
  it.detach({ mac: mac.toUpperCase() });
  expect(readAt(100, folder)).toBeNull();
});

test("an ENI that is attached again before lingerMs ends is not removed", () => {
  const { instance: it, readAt } = simulate({ enis: twoEnis({}) });
  it.detach({ mac, lingerMs: 100 });
  it.attach({ device: 1 });
  expect(readAt(200, folder)).not.toBeNull();
});

test("set and remove change the metadata at once, also for late keys", () => {
  const late = { "device-number": 1e9 };
  const { instance: it, readAt } = simulate({ enis: twoEnis(late) });
  it.set(`${folder}/device-number`, "7");
  expect(readAt(0, `${folder}/device-number`)).toBe("7");
  it.set("tags/instance", { Name: "web" });
  expect(readAt(0, "tags/instance")).toBe("Name");
  expect(it.remove("tags")).toBe(true);
  expect(it.remove("tags")).toBe(false);
  expect(readAt(0, "tags/instance/Name")).toBeNull();
});

test("changes apply in the order of their times, not of the list", () => {
  const changes = [
    { afterMs: 20, set: { path: "a", value: "second" } },
    { afterMs: 10, set: { path: "a", value: "first" } },
    { afterMs: 30, remove: { path: "a" } },
    { afterMs: 40, set: { path: "a", value: "again" } },
    { afterMs: 40, detach: { mac: "06:ec:2a:00:00:00" } },
  ];
  const { readAt } = simulate({ changes });
  expect([10, 20, 30, 40].map((atMs) => readAt(atMs, "a"))).toEqual([
    "first",
    "second",
    null,
    "again",
  ]);
  expect(readAt(40, "network/interfaces/macs")).toBe("");
});

test("content replaces all metadata, and set changes it", () => {
  const content = { metaData: { a: "1", folder: { b: ["x", "y"] } } };
  const { readAt } = simulate({ content, set: { a: null, c: "3" } });
  expect(readAt(0, "a")).toBeNull();
  expect(readAt(0, "c")).toBe("3");
  expect(readAt(0, "folder/b")).toBe("x\ny");
  expect(Object.keys(instance().metaData)).toContain("mac");
});

function twoEnis(late: NonNullable<NonNullable<Scenario["enis"]>[number]["late"]>) {
  return [{ device: 0 }, { device: 1, dualStack: true, late }];
}
