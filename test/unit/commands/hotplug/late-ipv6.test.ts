import { describe, expect, test } from "bun:test";
import type { Host } from "../../../../src/host/host.ts";
import type { FakeFiles } from "../../../kit/host/fake-host.ts";
import { hotplugMachine } from "../../../kit/propagation/hotplug-machine.ts";

const add = ["add", "--nic", "ens6", "--stage", "network"] as const;
const path = "/etc/systemd/network/60-ec2nic-06ec2a000001.network";
const address = "2600:1f14:ec2:101::10";
const never = 1e9;

/** DHCPv6's address on the link: as DHCP gave it, kept for good, not there, or `ip` failed. */
type Shown = "dynamic" | "permanent" | "absent" | "failed";

interface Times {
  /** When IMDS tells the ENI's IPv6. */
  readonly toldMs: number;
  /** When it tells the ENI's prefix; left out: there is none. */
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

/** A NIC whose IPv4 is known at once, and each file that was written for it. */
function lateBench({ toldMs, prefixMs, shown }: Times) {
  const files: string[] = [];
  const late = { ipv6s: toldMs, "subnet-ipv6-cidr-blocks": toldMs, "vpc-ipv6-cidr-blocks": toldMs };
  const look = (disk: FakeFiles["there"]): void => {
    const file = disk.get(path);
    const text = file === undefined ? "" : new TextDecoder().decode(file.content);
    if (text !== (files.at(-1) ?? "")) files.push(text);
  };
  const prefix =
    prefixMs === undefined
      ? { late }
      : { ipv4Prefixes: ["10.0.1.64/28"], late: { ...late, "ipv4-prefix": prefixMs } };
  const bench = hotplugMachine({
    scenario: { enis: [{ device: 0 }, { device: 1, dualStack: true, ...prefix }] },
    change: look,
  });
  const exec: Host["exec"] = async (argv) => {
    const now = argv.includes("address") ? shown(bench.clock.now()) : "absent";
    const leased = { local: address, prefixlen: 128, scope: "global", dynamic: now === "dynamic" };
    const infos = now === "absent" ? [] : [leased];
    const links = [{ ifname: "ens6", flags: ["LOWER_UP"], addr_info: infos }];
    const stdout = JSON.stringify(argv.includes("address") ? links : []);
    return { code: now === "failed" ? 143 : 0, isStarted: true, stdout, stderr: "" };
  };
  const run = async (...args: readonly string[]) => {
    const ended = await bench.runAs({ exec }, ...args);
    look(bench.disk);
    return ended;
  };
  const dhcp = () => files.map((text) => /^DHCP=(.*)$/m.exec(text)?.[1]);
  return { run, files, dhcp };
}

describe("a NIC that has an address by DHCPv6 before IMDS tells of IPv6", () => {
  test("keeps it: DHCPv6 is on from the first file on, and rules come with IMDS's word", async () => {
    const { run, files, dhcp } = lateBench({ toldMs: 6000, shown: always });
    expect((await run(...add)).code).toBe(0);
    expect(dhcp()).toEqual(["yes", "yes"]);
    expect(files.map((text) => text.includes(address))).toEqual([false, true]);
  });

  test("loses it with the lease, where IMDS never tells", async () => {
    const { run, dhcp } = lateBench({ toldMs: never, shown: leasedUntil(5000) });
    expect((await run(...add)).code).toBe(0);
    expect(dhcp()).toEqual(["yes", "ipv4"]);
  });

  test("keeps it to the end, which is 75, and IMDS's word counts in the next run", async () => {
    const { run, dhcp } = lateBench({ toldMs: never, shown: always });
    const { code, messages } = await run(...add);
    expect({ code, dhcp: dhcp() }).toEqual({ code: 75, dhcp: ["yes"] });
    expect(messages.join("\n")).toContain(`dhcp gave ${address}, which imds does not list yet`);
    await run("sync", "--stage", "network");
    expect(dhcp()).toEqual(["yes", "ipv4"]);
  });
});

describe("an address that DHCPv6 gave, and that is not seen for a while, is not gone", () => {
  // the prefix makes a plan in the middle of that while
  const cases: Readonly<Record<string, Times>> = {
    "the daemon asks anew, after our own file": {
      toldMs: 20_000,
      prefixMs: 2500,
      shown: between("absent", 2200, 3600),
    },
    "ip failed": {
      toldMs: 20_000,
      shown: between("failed", 12_000, 19_000),
    },
    "networkd keeps it, and took its end": {
      toldMs: 20_000,
      shown: (nowMs) => (nowMs < 900 ? "dynamic" : "permanent"),
    },
  };
  test.each(Object.entries(cases))("%s", async (_, times) => {
    const { run, dhcp } = lateBench(times);
    const { code } = await run(...add);
    expect({ code, dhcp: new Set(dhcp()) }).toEqual({ code: 0, dhcp: new Set(["yes"]) });
    expect(dhcp().length).toBeGreaterThan(1);
  });
});

test("without such an address DHCPv6 comes with IMDS's word", async () => {
  const { run, dhcp } = lateBench({ toldMs: 6000, shown: leasedUntil(0) });
  expect((await run(...add)).code).toBe(0);
  expect(dhcp()).toEqual(["ipv4", "yes"]);
});
