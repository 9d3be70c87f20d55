import { describe, expect, test } from "bun:test";
import { addFiles, hotplugMachine, linkFiles } from "../../../kit/propagation/hotplug-machine.ts";
import { pluggedMac, watchInMemory } from "../../../kit/propagation/watch-in-memory.ts";

describe("NICs that join and leave a watch", () => {
  const third = "06:ec:2a:00:00:02";
  const two = { enis: [{ device: 0 }, { device: 1 }, { device: 2 }] };

  test("a NIC that joins later is usable at once, and meta-data/mac is not read again", async () => {
    const run = await watchInMemory({
      scenario: two,
      alsoWanted: (nowMs, events) => {
        const isOver = events.some(({ event }) => event.mac === third && event.kind === "settled");
        return nowMs >= 4000 && !isOver ? [third] : [];
      },
    });
    const ofThird = run.events.filter(({ event }) => event.mac === third);
    expect(ofThird.map(({ event }) => event.kind)).toEqual(["usable", "settled"]);
    expect(ofThird[0]?.atMs).toBeLessThanOrEqual(4300);
    expect(run.requests.filter(({ path }) => path === "meta-data/mac").length).toBe(1);
  });

  test("a NIC that leaves has no event", async () => {
    const late = { "device-number": { afterMs: 1e9, before: "0" } };
    const scenario = { enis: [{ device: 0 }, { device: 1 }, { device: 2, late }] };
    const run = await watchInMemory({
      scenario,
      alsoWanted: (nowMs) => (nowMs < 3000 ? [third] : []),
    });
    expect(run.events.map(({ event }) => event.mac)).toEqual([pluggedMac, pluggedMac]);
    expect(run.endMs).toBeLessThan(12_000);
  });

  test("a NIC that joins again after it settled is watched from the start", async () => {
    const run = await watchInMemory({
      scenario: two,
      macs: [],
      settleMs: 2000,
      alsoWanted: (nowMs) => (nowMs < 3000 ? [third] : []),
    });
    const kinds = run.events.map(({ event }) => event.kind);
    expect(kinds).toEqual(["usable", "settled", "usable"]);
  });

  test("a watch without NICs sends no request", async () => {
    expect((await watchInMemory({ scenario: two, macs: [] })).requests).toEqual([]);
  });
});

describe("runs of hotplug add at the same time", () => {
  test("wait for each other only if they have the same options", async () => {
    const locks: string[] = [];
    const machine = hotplugMachine();
    const takeLock = async (path: string) => {
      if (path.startsWith("/run/ec2nic/batch/")) locks.push(path);
      return () => undefined;
    };
    const settle = ["--settle", "0s"];
    const others = [
      ["--stage", "network", ...settle],
      ["--settle", "1s"],
      ["--retries", "3", ...settle],
    ];
    for (const flags of [settle, settle, ...others]) {
      expect((await machine.runAs({ takeLock }, "add", "--nic", "ens6", ...flags)).code).toBe(0);
    }
    expect(locks[1]).toBe(locks[0] ?? "");
    expect([locks.length, new Set(locks).size]).toEqual([5, 4]);
  });

  test("poll at least once where the wait for another run took all of --timeout", async () => {
    const machine = hotplugMachine();
    const takeLock = async (path: string) => {
      if (path.startsWith("/run/ec2nic/batch/")) await machine.clock.sleep(30_000);
      return () => undefined;
    };
    const flags = ["--settle", "0s", "--timeout", "30s"] as const;
    expect((await machine.runAs({ takeLock }, "add", "--nic", "ens6", ...flags)).code).toBe(0);
  });

  test("remove the request of a killed run whose NIC was not usable", async () => {
    const third = "06:ec:2a:00:00:02";
    const { runAs, disk } = hotplugMachine();
    addFiles(disk, linkFiles("ens7", third));
    const folder = "/run/ec2nic/batch";
    const takeLock = async (path: string) => {
      const own = disk.get(`${folder}/4711.wish`)?.content;
      const request = path.startsWith(folder) ? JSON.parse(new TextDecoder().decode(own)) : null;
      if (request !== null)
        addFiles(disk, { [`${folder}/99.wish`]: JSON.stringify({ ...request, mac: third }) });
      return () => undefined;
    };
    expect((await runAs({ takeLock }, "add", "--nic", "ens6", "--settle", "1s")).code).toBe(0);
    expect([...disk.keys()].filter((path) => path.startsWith(folder))).toEqual([]);
  });

  test("leave no request: sync removes those of killed runs, but not in a dry run", async () => {
    const { run, disk } = hotplugMachine();
    const request = "/run/ec2nic/batch/99.wish";
    disk.set(request, { content: new Uint8Array(), mode: 0o600 });
    await run("sync", "--dry-run");
    expect(disk.has(request)).toBe(true);
    expect((await run("sync")).code).toBe(0);
    expect(disk.has(request)).toBe(false);
  });
});
