import { describe, expect, test } from "bun:test";
import { Failure } from "../../../../src/exit.ts";
import { eni } from "../../../../scripts/simulator/scenario/eni-spec.ts";
import { hotplugMachine, linkFiles, addFiles } from "../../../kit/propagation/hotplug-machine.ts";

const add = ["add", "--nic", "ens6"] as const;
const fileOf = (last: string) => `/etc/systemd/network/60-ec2nic-06ec2a0000${last}.network`;

describe("a NIC that came", () => {
  test("is configured, and settles", async () => {
    const { run, disk } = hotplugMachine();
    const { code, messages, ms } = await run(...add);
    expect({ code, isLong: ms > 10_000, isThere: disk.has(fileOf("01")) }).toEqual({
      code: 0,
      isLong: true,
      isThere: true,
    });
    expect(messages[0]).toMatch(/^info: ens6: configured after .*; watching for what comes later$/);
    expect(messages[1]).toMatch(/^info: ens6 eni-\w+: configured: listed .*, settled 10\.\d s$/);
  });

  test("is not configured in the place of another one that is here", async () => {
    const late = { "device-number": { afterMs: 60_000, before: "1" } };
    const { run, disk } = hotplugMachine({
      scenario: { enis: [{ device: 0 }, { device: 1 }, { device: 2, late }] },
    });
    const ens7 = linkFiles("ens7", "06:ec:2a:00:00:02");
    expect((await run(...add, "--settle", "0s")).code).toBe(0);
    addFiles(disk, ens7);
    const second = ["add", "--nic", "ens7", "--settle", "0s"] as const;
    const { code, messages } = await run(...second, "--timeout", "5s");
    expect({ code, isThere: disk.has(fileOf("02")) }).toEqual({ code: 75, isThere: false });
    expect(messages.join()).toContain("device 1 is where ens6 is (06:ec:2a:00:00:01)");
    expect((await run(...second, "--timeout", "60s")).code).toBe(0);
    expect(disk.has(fileOf("02"))).toBe(true);
  });

  test("of which a family never comes is configured with the other one, and 75", async () => {
    const late = { ipv6s: { afterMs: 1e9, listed: true } };
    const { run, disk } = hotplugMachine({
      scenario: { enis: [{ device: 0 }, { device: 1, dualStack: true, late }] },
    });
    const { code, messages } = await run(...add, "--timeout", "4s");
    expect({ code, isThere: disk.has(fileOf("01")) }).toEqual({ code: 75, isThere: true });
    const reason = "ipv6s: listed, but not there yet";
    expect(messages).toEqual([
      expect.stringMatching(/^info: ens6 eni-\w+: incomplete \(ipv6s: listed.*applied 3\.\d s$/),
      `error: metadata is not complete: 06:ec:2a:00:00:01: ${reason}`,
    ]);
  });
});

describe("what is told", () => {
  test("settled is not before applied, with --settle 0s", async () => {
    const bench = hotplugMachine();
    // another run has the lock
    const slow = { takeLock: async () => (void bench.clock.sleep(20), () => undefined) };
    const { text } = await bench.runAs(slow, ...add, "--settle", "0s", "--json");
    const { appliedMs, settledMs } = JSON.parse(text).nics[0].timeline;
    expect(settledMs).toBeGreaterThanOrEqual(appliedMs);
  });

  test("of a NIC that is left alone, nothing was applied", async () => {
    const { run, disk } = hotplugMachine();
    const { id } = eni({ device: 1 });
    addFiles(disk, { "/etc/ec2nic/unmanaged": `${id}\n` });
    const { code, messages } = await run(...add, "--settle", "0s");
    expect({ code, messages }).toEqual({
      code: 0,
      messages: [
        expect.stringMatching(/^info: ens6 \S+: skipped \(.*\): listed .*, settled [\d.]+ m?s$/),
      ],
    });
    expect(messages.join()).not.toContain("applied");
  });

  test("that the daemon in charge does not run, to everybody", async () => {
    const { run } = hotplugMachine();
    const { messages } = await run(...add, "--settle", "0s", "--stage", "network", "--dry-run");
    expect(messages).toContain("warn: networkd does not run: files only");
    expect((await run(...add, "--settle", "0s", "--dry-run")).messages.join()).not.toContain(
      "warn",
    );
  });

  test("who is awaited has the NIC's name", async () => {
    const late = { "device-number": { afterMs: 5000, before: "0" } };
    const { run } = hotplugMachine({ scenario: { enis: [{ device: 0 }, { device: 1, late }] } });
    const { waits } = await run(...add, "--settle", "0s");
    const who = waits.filter((wait) => wait?.reason.startsWith("device-number reads 0"));
    expect([...new Set(who.map((wait) => wait?.what))]).toEqual(["ens6"]);
  });

  test("what a dry run would take away is told once", async () => {
    const late = { ipv6s: 3000, "subnet-ipv6-cidr-blocks": 3000 };
    const { run, disk } = hotplugMachine({
      scenario: { enis: [{ device: 0 }, { device: 1 }, { device: 2, dualStack: true, late }] },
    });
    await run(...add, "--settle", "0s");
    for (const path of disk.keys()) if (path.includes("/net/ens6/")) disk.delete(path);
    addFiles(disk, linkFiles("ens7", "06:ec:2a:00:00:02"));
    const flags = ["--settle", "5s", "--dry-run", "--json"];
    const { text } = await run("add", "--nic", "ens7", ...flags);
    const nics = JSON.parse(text).nics.map(({ outcome }: { outcome: string }) => outcome);
    expect(nics).toEqual(["configured", "retired"]);
  });
});

describe("what is not there", () => {
  test.each([
    ["--nic", "ens66", "there is no link called ens66", "ls /sys/class/net"],
    ["--mac", "06:00:00:00:00:66", "no link has 06:00:00:00:00:66", "ip -br link"],
  ])("%s %s is waited for until --timeout: 75", async (flag, value, why, hint) => {
    const { run, requestedPaths } = hotplugMachine();
    const { code, messages, hints, ms } = await run("add", flag, value, "--timeout", "30s");
    expect({ code, messages }).toEqual({ code: 75, messages: [`error: ${why}`] });
    expect([hints.join().includes(hint), Math.round(ms / 1000), requestedPaths]).toEqual([
      true,
      30,
      [],
    ]);
  });

  test("a device whose link does not come is no failure, after 10 s", async () => {
    const { run, disk } = hotplugMachine();
    disk.set("/sys/bus/pci/devices/0000:00:07.0/vendor", { content: new Uint8Array(), mode: 0 });
    const { code, messages, ms } = await run("add", "--devpath", "0000:00:07.0_12");
    const line = "warn: 0000:00:07.0 has no link: nothing to configure";
    expect({ code, messages, s: Math.round(ms / 1000) }).toEqual({
      code: 0,
      messages: [line],
      s: 10,
    });
  });

  test("a bridge is no NIC: 64 at once, where a person names it", async () => {
    const { run, disk } = hotplugMachine();
    addFiles(disk, linkFiles("docker0", "02:42:00:00:00:01", "bridge"));
    const { code, messages, ms } = await run("add", "--nic", "docker0");
    const why = "docker0 is no NIC (a bridge)";
    expect({ code, messages, ms }).toEqual({ code: 64, messages: [`error: ${why}`], ms: 0 });
    const byPath = await run("add", "--devpath", "/sys/devices/virtual/net/docker0");
    expect([byPath.code, byPath.messages]).toEqual([0, [`info: ${why}`]]);
  });
});

describe("an IMDS in trouble", () => {
  const busy = () => new Response("", { status: 503 });

  const refused = (): never => {
    throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
  };

  test.each([
    ["0", refused, 1, 69],
    ["2", refused, 3, 69],
    ["0", busy, 1, 69],
    ["2", busy, 3, 69],
  ])("--retries %s", async (retries, fault, tries, code) => {
    const { run, requestedPaths } = hotplugMachine({ fault });
    const ended = await run(...add, "--timeout", "20s", "--retries", retries);
    expect({ code: ended.code, tries: requestedPaths.length }).toEqual({ code, tries });
  });

  test("--retries is about trouble in a row, and 404 is none", async () => {
    const late = { ".": 4000 };
    const { run } = hotplugMachine({
      scenario: { enis: [{ device: 0 }, { device: 1, late }] },
      fault: (path, atMs) => (path !== "api/token" && atMs % 2000 < 500 ? busy() : null),
    });
    expect((await run(...add, "--settle", "0s", "--retries", "9")).code).toBe(0);
  });

  test("--retries is over when values are known: 75, and what is known is configured", async () => {
    const { run, disk, requestedPaths } = hotplugMachine({
      scenario: { enis: [{ device: 0 }, { device: 1 }] },
      fault: (path, atMs) => (path !== "api/token" && atMs > 3000 ? busy() : null),
    });
    const { code, ms, messages } = await run(...add, "--retries", "1");
    expect({ code, isSoon: ms < 6000, isThere: disk.has(fileOf("01")) }).toEqual({
      code: 75,
      isSoon: true,
      isThere: true,
    });
    expect(messages.join()).toContain("503, throttled");
    expect(requestedPaths.length).toBeLessThan(40);
  });
});

describe("what was done is told, though the run failed later", () => {
  const whole = { outcome: "configured", nics: [{ name: "ens6", outcome: "configured" }] };
  const forbidden = (_path: string, atMs: number) =>
    atMs > 3000 ? new Response("", { status: 403 }) : null;

  test("403", async () => {
    const { run, requestedPaths } = hotplugMachine({ fault: forbidden });
    const { code, text } = await run(...add, "--json");
    expect(code).toBe(78);
    expect(JSON.parse(text)).toMatchObject({
      ...whole,
      plan: { write: expect.arrayContaining([expect.objectContaining({ path: fileOf("01") })]) },
      imds: { endpoint: "http://127.0.0.1:1", requests: requestedPaths.length },
      error: { kind: "CONFIG" },
    });
  });

  test("SIGTERM", async () => {
    const ending = new AbortController();
    const { runAs } = hotplugMachine({
      change: (_disk, atMs) =>
        atMs > 3000 ? ending.abort(new Failure("SIGTERM", "ended by SIGTERM")) : undefined,
    });
    const { code, text } = await runAs({ signal: ending.signal }, ...add, "--json");
    expect(code).toBe(143);
    expect(JSON.parse(text)).toMatchObject({ ...whole, error: { kind: "SIGTERM" } });
  });

  test("and nothing, where nothing was", async () => {
    const { run } = hotplugMachine({ fault: () => forbidden("", 9999) });
    const { code, text } = await run(...add, "--json");
    expect({ code, ...JSON.parse(text) }).toMatchObject({ code: 78, outcome: "failed", nics: [] });
  });
});
