import { describe, expect, test } from "bun:test";
import type { FakeFiles } from "../../../kit/host/fake-host.ts";
import { hotplugMachine, addFiles, secondMac } from "../../../kit/propagation/hotplug-machine.ts";
import { nicRecord } from "../../../kit/facts/nic-records.ts";

const slot = "0000:00:06.0";
const recordsPath = "/run/ec2nic/nics.json";
const bus = {
  [`/sys/bus/pci/devices/${slot}/class`]: "0x020000\n",
  [`/sys/bus/pci/devices/${slot}/net/ens6/x`]: "",
};

interface Boot {
  /** What the run of ec2nic at boot records for the NIC; null: it records nothing. */
  readonly foundUnchanged: boolean | null;
  readonly endMs?: number;
}

/** Boots a machine with the files of an earlier boot, and handles udev's event of ens6. */
async function handleEventAtBoot({ foundUnchanged, endMs = Infinity }: Boot, hasFiles = true) {
  const end = (disk: FakeFiles["there"]): void => {
    disk.delete("/proc/77/stat");
    const record = {
      ...nicRecord(secondMac, "6"),
      device: { address: slot, inode: 2 },
      foundUnchanged,
    };
    if (foundUnchanged !== null) addFiles(disk, { [recordsPath]: JSON.stringify([record]) });
  };
  let startMs = Infinity;
  const machine = hotplugMachine({
    change: (disk, atMs) => {
      if (atMs - startMs >= endMs) end(disk);
    },
  });
  const { run, runAs, disk, requestedPaths, clock } = machine;
  addFiles(disk, bus);
  if (hasFiles) await run("add", "--nic", "ens6", "--settle", "0s");
  disk.delete(recordsPath);
  addFiles(disk, { "/proc/77/stat": "" });
  requestedPaths.length = 0;
  startMs = clock.now();
  const exec = async ([program]: readonly string[]) => {
    if (endMs === 0) end(disk); // after the records are read and before systemctl is called
    const stdout = disk.has("/proc/77/stat") ? "MainPID=77\n" : "MainPID=0\n";
    const isSystemctl = program === "systemctl";
    return { code: 0, isStarted: true, stdout: isSystemctl ? stdout : "", stderr: "" };
  };
  const address = { nic: "ens6", family: "ipv4", address: "10.0.1.10", prefixLength: 24 } as const;
  const addresses = () => [{ ...address, scopeId: 0 }];
  const ended = await runAs({ exec, addresses }, "add", "--devpath", `${slot}_7`);
  return { ...ended, requests: requestedPaths.length };
}

describe("a NIC that an earlier boot configured", () => {
  test("is kept without a request where the run at boot finds its files unchanged", async () => {
    const { code, messages, requests, ms } = await handleEventAtBoot({
      foundUnchanged: true,
      endMs: 700,
    });
    const kept = `info: ens6: kept (${slot} never left its bus)`;
    expect({ code, messages, requests }).toEqual({ code: 0, messages: [kept], requests: 0 });
    expect(ms).toBeLessThan(1000);
  });

  test("is kept where the run at boot has already ended", async () => {
    expect(await handleEventAtBoot({ foundUnchanged: true, endMs: 0 })).toMatchObject({
      code: 0,
      requests: 0,
      ms: 0,
    });
  });

  test("is watched where the run at boot wrote its files", async () => {
    const { code, messages, ms } = await handleEventAtBoot({ foundUnchanged: false, endMs: 700 });
    expect({ code, isLong: ms > 10_000 }).toEqual({ code: 0, isLong: true });
    expect(messages.join()).toContain("settled");
  });

  test("is read from IMDS where the run at boot has no record of it", async () => {
    const { code, requests } = await handleEventAtBoot({ foundUnchanged: null, endMs: 700 });
    expect({ code, isAsked: requests > 0 }).toEqual({ code: 0, isAsked: true });
  });

  test("waits at most 10 s for the run at boot", async () => {
    const { code, messages } = await handleEventAtBoot({ foundUnchanged: true });
    expect(code).toBe(0);
    expect(messages.join()).toMatch(/listed 10(?:\.\d)? s/);
  });
});

test("a NIC without files does not wait for the run at boot", async () => {
  const { code, messages } = await handleEventAtBoot({ foundUnchanged: false, endMs: 5000 }, false);
  expect(code).toBe(0);
  expect(messages.join()).toMatch(/listed \d{1,3} ms/);
});

describe("a NIC whose driver was reloaded and that the daemon leaves down", () => {
  /** Handles udev's event; `code`: the exit status of networkctl. */
  async function handleReload(code: number, ...flags: readonly string[]) {
    const { run, runAs, disk } = hotplugMachine();
    addFiles(disk, bus);
    await run("add", "--nic", "ens6", "--settle", "0s");
    const record = { ...nicRecord(secondMac, "6"), device: { address: slot, inode: 2 } };
    addFiles(disk, {
      [recordsPath]: JSON.stringify([record]),
      "/run/systemd/system/x": "",
      "/sys/class/net/ens6/flags": "0x1002\n",
    });
    const commands: string[] = [];
    const exec = async (argv: readonly string[]) => {
      const isChange = argv[0] === "networkctl" && argv[1] !== "--version";
      if (isChange) commands.push(argv.join(" "));
      const isNetworkd = argv.at(-1) === "systemd-networkd.service";
      const stdout = isNetworkd ? "LoadState=loaded\nSubState=running\n" : "";
      return { code: isChange ? code : 0, isStarted: true, stdout, stderr: "" };
    };
    const linkLocal = {
      nic: "ens6",
      family: "ipv6",
      address: "fe80::1",
      prefixLength: 64,
    } as const;
    const host = { exec, addresses: () => [{ ...linkLocal, scopeId: 3 }] };
    const args = ["add", "--devpath", `${slot}_7`, "--stage", "network", ...flags];
    const ended = await runAs(host, ...args);
    return { code: ended.code, commands };
  }

  test("is activated, but not in a dry run", async () => {
    const commands = ["networkctl reconfigure ens6"];
    expect(await handleReload(0)).toEqual({ code: 0, commands });
    expect(await handleReload(0, "--dry-run")).toEqual({ code: 0, commands: [] });
  });

  test("ends the run with 71 if it cannot be activated", async () => {
    expect(await handleReload(1)).toMatchObject({ code: 71 });
  });
});
