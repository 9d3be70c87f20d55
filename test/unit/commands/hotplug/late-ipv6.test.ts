import { describe, expect, test } from "bun:test";
import type { Host } from "../../../../src/host/host.ts";
import type { FakeFiles } from "../../../kit/host/fake-host.ts";
import { hotplugMachine } from "../../../kit/propagation/hotplug-machine.ts";

const add = ["add", "--nic", "ens6", "--stage", "network"] as const;
const path = "/etc/systemd/network/60-ec2nic-06ec2a000001.network";
const address = "2600:1f14:ec2:101::10";
const never = 1e9;

/** The DHCPv6 address on the link: leased, permanent, absent, or `ip` failed. */
type Shown = "dynamic" | "permanent" | "absent" | "failed";

interface Times {
  /** When IMDS lists the IPv6 address of the ENI. */
  readonly listedMs: number;
  /** When it lists a prefix of the ENI; left out: it has none. */
  readonly prefixMs?: number;
  readonly shown: (nowMs: number) => Shown;
}

const leasedUntil =
  (endMs: number): Times["shown"] =>
  (nowMs) =>
    nowMs < endMs ? "dynamic" : "absent";
const always = leasedUntil(never);
const between =
  (shown: Shown, startMs: number, endMs: number): Times["shown"] =>
  (nowMs) =>
    nowMs < startMs || nowMs > endMs ? "dynamic" : shown;

/** A NIC whose IPv4 address is known at once, and each file that is written for it. */
function machineWithLateIpv6({ listedMs, prefixMs, shown }: Times) {
  const files: string[] = [];
  const late = {
    ipv6s: listedMs,
    "subnet-ipv6-cidr-blocks": listedMs,
    "vpc-ipv6-cidr-blocks": listedMs,
  };
  const look = (disk: FakeFiles["there"]): void => {
    const file = disk.get(path);
    const text = file === undefined ? "" : new TextDecoder().decode(file.content);
    if (text !== (files.at(-1) ?? "")) files.push(text);
  };
  const prefix =
    prefixMs === undefined
      ? { late }
      : { ipv4Prefixes: ["10.0.1.64/28"], late: { ...late, "ipv4-prefix": prefixMs } };
  const machine = hotplugMachine({
    scenario: { enis: [{ device: 0 }, { device: 1, dualStack: true, ...prefix }] },
    change: look,
  });
  const exec: Host["exec"] = async (argv) => {
    const now = argv.includes("address") ? shown(machine.clock.now()) : "absent";
    const leased = { local: address, prefixlen: 128, scope: "global", dynamic: now === "dynamic" };
    const infos = now === "absent" ? [] : [leased];
    const links = [{ ifname: "ens6", flags: ["LOWER_UP"], addr_info: infos }];
    const stdout = JSON.stringify(argv.includes("address") ? links : []);
    return { code: now === "failed" ? 143 : 0, isStarted: true, stdout, stderr: "" };
  };
  const run = async (...args: readonly string[]) => {
    const ended = await machine.runAs({ exec }, ...args);
    look(machine.disk);
    return ended;
  };
  const dhcp = () => files.map((text) => /^DHCP=(.*)$/m.exec(text)?.[1]);
  return { run, files, dhcp };
}

describe("a NIC that has a DHCPv6 address before IMDS lists it", () => {
  test("keeps it: the first file enables DHCPv6, and the rules follow when IMDS lists it", async () => {
    const { run, files, dhcp } = machineWithLateIpv6({ listedMs: 6000, shown: always });
    expect((await run(...add)).code).toBe(0);
    expect(dhcp()).toEqual(["yes", "yes"]);
    expect(files.map((text) => text.includes(address))).toEqual([false, true]);
  });

  test("loses it with the lease where IMDS never lists it", async () => {
    const { run, dhcp } = machineWithLateIpv6({ listedMs: never, shown: leasedUntil(5000) });
    expect((await run(...add)).code).toBe(0);
    expect(dhcp()).toEqual(["yes", "ipv4"]);
  });

  test("keeps it and ends with 75, and the next run disables DHCPv6 where IMDS still does not list it", async () => {
    const { run, dhcp } = machineWithLateIpv6({ listedMs: never, shown: always });
    const { code, messages } = await run(...add);
    expect({ code, dhcp: dhcp() }).toEqual({ code: 75, dhcp: ["yes"] });
    expect(messages.join("\n")).toContain(`DHCP gave ${address}, which IMDS does not list yet`);
    await run("sync", "--stage", "network");
    expect(dhcp()).toEqual(["yes", "ipv4"]);
  });
});

describe("a DHCPv6 address that is not seen for some time is kept", () => {
  // the prefix causes a new plan in that time
  const cases: Readonly<Record<string, Times>> = {
    "where the daemon asks for a lease again after the first file": {
      listedMs: 20_000,
      prefixMs: 2500,
      shown: between("absent", 2200, 3600),
    },
    "where ip fails": {
      listedMs: 20_000,
      shown: between("failed", 12_000, 19_000),
    },
    "where networkd makes it permanent": {
      listedMs: 20_000,
      shown: (nowMs) => (nowMs < 900 ? "dynamic" : "permanent"),
    },
  };
  test.each(Object.entries(cases))("%s", async (_, times) => {
    const { run, dhcp } = machineWithLateIpv6(times);
    const { code } = await run(...add);
    expect({ code, dhcp: new Set(dhcp()) }).toEqual({ code: 0, dhcp: new Set(["yes"]) });
    expect(dhcp().length).toBeGreaterThan(1);
  });
});

test("DHCPv6 is enabled when IMDS lists IPv6, where the link has no DHCPv6 address", async () => {
  const { run, dhcp } = machineWithLateIpv6({ listedMs: 6000, shown: leasedUntil(0) });
  expect((await run(...add)).code).toBe(0);
  expect(dhcp()).toEqual(["ipv4", "yes"]);
});
