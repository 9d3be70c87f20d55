import { describe, expect, test } from "bun:test";
import { Failure } from "../../../../src/exit.ts";
import { eni } from "../../../../scripts/simulator/scenario/eni-spec.ts";
import { hotplugMachine, linkFiles, addFiles } from "../../../kit/propagation/hotplug-machine.ts";

const add = ["add", "--nic", "ens6"] as const;
const fileOf = (last: string) => `/etc/systemd/network/60-ec2nic-06ec2a0000${last}.network`;

describe("an added NIC", () => {
  test("is configured and settles", async () => {
    const { run, disk } = hotplugMachine();
    const { code, messages, ms } = await run(...add);
    expect({ code, isLong: ms > 10_000, isThere: disk.has(fileOf("01")) }).toEqual({
      code: 0,
      isLong: true,
      isThere: true,
    });
    expect(messages[0]).toMatch(/^info: ens6: configured after .*; watching for more metadata$/);
    expect(messages[1]).toMatch(/^info: ens6 eni-\w+: configured: listed .*, settled 10\.\d s$/);
  });

  test("is not configured with the device number of another NIC", async () => {
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
    expect(messages.join()).toContain("device 1 is the slot of ens6 (06:ec:2a:00:00:01)");
    expect((await run(...second, "--timeout", "60s")).code).toBe(0);
    expect(disk.has(fileOf("02"))).toBe(true);
  });

  test("is configured with one family and ends with 75 where the other family never appears", async () => {
    const late = { ipv6s: { afterMs: 1e9, listed: true } };
    const { run, disk } = hotplugMachine({
      scenario: { enis: [{ device: 0 }, { device: 1, dualStack: true, late }] },
    });
    const { code, messages } = await run(...add, "--timeout", "4s");
    expect({ code, isThere: disk.has(fileOf("01")) }).toEqual({ code: 75, isThere: true });
    const reason = "ipv6s: listed, but without a value yet";
    expect(messages).toEqual([
      expect.stringMatching(/^info: ens6 eni-\w+: incomplete \(ipv6s: listed.*applied 3\.\d s$/),
      `error: metadata is incomplete for 06:ec:2a:00:00:01 (${reason})`,
    ]);
  });
});

describe("the report of hotplug add", () => {
  test("has settledMs not before appliedMs with --settle 0s", async () => {
    const machine = hotplugMachine();
    // another run holds the lock for 20 ms
    const slow = { takeLock: async () => (await machine.clock.sleep(20), () => undefined) };
    const { text } = await machine.runAs(slow, ...add, "--settle", "0s", "--json");
    const { appliedMs, settledMs } = JSON.parse(text).nics[0].timeline;
    expect(settledMs).toBeGreaterThanOrEqual(appliedMs);
  });

  test("has no applied time for an unmanaged NIC", async () => {
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

  test.each(["ens6", "06:ec:2a:00:00:01"])(
    "sends no request for a NIC that is unmanaged as %s",
    async (entry) => {
      const { run, disk, requestedPaths } = hotplugMachine();
      addFiles(disk, { "/etc/ec2nic/unmanaged": `${entry}\n` });
      const messages = [`info: ens6: skipped (/etc/ec2nic/unmanaged lists ${entry})`];
      expect(await run(...add)).toMatchObject({ code: 0, messages });
      expect(requestedPaths).toEqual([]);
    },
  );

  test("warns that the daemon does not run", async () => {
    const { run } = hotplugMachine();
    const { messages } = await run(...add, "--settle", "0s", "--stage", "network", "--dry-run");
    expect(messages).toContain("warn: networkd does not run, so only files are written");
    expect((await run(...add, "--settle", "0s", "--dry-run")).messages.join()).not.toContain(
      "warn",
    );
  });

  test("names the NIC that it waits for", async () => {
    const late = { "device-number": { afterMs: 5000, before: "0" } };
    const { run } = hotplugMachine({ scenario: { enis: [{ device: 0 }, { device: 1, late }] } });
    const { waits } = await run(...add, "--settle", "0s");
    const forNumber = waits.filter((wait) => wait?.reason.startsWith("device-number reads 0"));
    expect([...new Set(forNumber.map((wait) => wait?.what))]).toEqual(["ens6"]);
  });

  test("lists a NIC that a dry run would remove once", async () => {
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

describe("a missing link", () => {
  test.each([
    ["--nic", "ens66", "there is no link called ens66", "ls /sys/class/net"],
    ["--mac", "06:00:00:00:00:66", "no link has the MAC 06:00:00:00:00:66", "ip -br link"],
  ])(
    "%s %s is awaited until --timeout, and the run ends with 75",
    async (flag, value, why, hint) => {
      const { run, requestedPaths } = hotplugMachine();
      const { code, messages, hints, ms } = await run("add", flag, value, "--timeout", "30s");
      expect({ code, messages }).toEqual({ code: 75, messages: [`error: ${why}`] });
      expect([hints.join().includes(hint), Math.round(ms / 1000), requestedPaths]).toEqual([
        true,
        30,
        [],
      ]);
    },
  );

  test("of a device ends the run with 0 after 10 s", async () => {
    const { run, disk } = hotplugMachine();
    disk.set("/sys/bus/pci/devices/0000:00:07.0/vendor", { content: new Uint8Array(), mode: 0 });
    const { code, messages, ms } = await run("add", "--devpath", "0000:00:07.0_12");
    const line = "warn: 0000:00:07.0 has no link, so there is nothing to configure";
    expect({ code, messages, s: Math.round(ms / 1000) }).toEqual({
      code: 0,
      messages: [line],
      s: 10,
    });
  });

  test("that is a bridge ends the run with 64 at once for --nic, and with 0 for --devpath", async () => {
    const { run, disk } = hotplugMachine();
    addFiles(disk, linkFiles("docker0", "02:42:00:00:00:01", "bridge"));
    const { code, messages, ms } = await run("add", "--nic", "docker0");
    const why = "docker0 is not a NIC (a bridge)";
    expect({ code, messages, ms }).toEqual({ code: 64, messages: [`error: ${why}`], ms: 0 });
    const byPath = await run("add", "--devpath", "/sys/devices/virtual/net/docker0");
    expect([byPath.code, byPath.messages]).toEqual([0, [`info: ${why}`]]);
  });
});

describe("an IMDS that fails", () => {
  const busy = () => new Response("", { status: 503 });

  const refused = (): never => {
    throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
  };

  test.each([
    ["0", refused, 1, 69],
    ["2", refused, 3, 69],
    ["0", busy, 1, 69],
    ["2", busy, 3, 69],
  ])("is asked again --retries %s times", async (retries, fault, tries, code) => {
    const { run, requestedPaths } = hotplugMachine({ fault });
    const ended = await run(...add, "--timeout", "20s", "--retries", retries);
    expect({ code: ended.code, tries: requestedPaths.length }).toEqual({ code, tries });
  });

  test("counts errors in a row for --retries, and 404 is no error", async () => {
    const late = { ".": 4000 };
    const { run } = hotplugMachine({
      scenario: { enis: [{ device: 0 }, { device: 1, late }] },
      fault: (path, atMs) => (path !== "api/token" && atMs % 2000 < 500 ? busy() : null),
    });
    expect((await run(...add, "--settle", "0s", "--retries", "9")).code).toBe(0);
  });

  test("ends the run with 75 after --retries, and what is known is configured", async () => {
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

describe("the report of a run that fails after it configured the NIC", () => {
  const configured = { outcome: "configured", nics: [{ name: "ens6", outcome: "configured" }] };
  const forbidden = (_path: string, atMs: number) =>
    atMs > 3000 ? new Response("", { status: 403 }) : null;

  test("lists the NIC and the plan where IMDS answers 403", async () => {
    const { run, requestedPaths } = hotplugMachine({ fault: forbidden });
    const { code, text } = await run(...add, "--json");
    expect(code).toBe(78);
    expect(JSON.parse(text)).toMatchObject({
      ...configured,
      plan: { write: expect.arrayContaining([expect.objectContaining({ path: fileOf("01") })]) },
      imds: { endpoint: "http://127.0.0.1:1", requests: requestedPaths.length },
      error: { kind: "CONFIG" },
    });
  });

  test("lists the NIC after SIGTERM", async () => {
    const ending = new AbortController();
    const { runAs } = hotplugMachine({
      change: (_disk, atMs) =>
        atMs > 3000 ? ending.abort(new Failure("SIGTERM", "ended by SIGTERM")) : undefined,
    });
    const { code, text } = await runAs({ signal: ending.signal }, ...add, "--json");
    expect(code).toBe(143);
    expect(JSON.parse(text)).toMatchObject({ ...configured, error: { kind: "SIGTERM" } });
  });

  test("lists no NIC where none was configured", async () => {
    const { run } = hotplugMachine({ fault: () => forbidden("", 9999) });
    const { code, text } = await run(...add, "--json");
    expect({ code, ...JSON.parse(text) }).toMatchObject({ code: 78, outcome: "failed", nics: [] });
  });
});
