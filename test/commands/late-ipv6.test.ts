import { describe, expect, test } from "bun:test";
import type { Host } from "../../src/host/host.ts";
import type { FakeFiles } from "../support/fake-host.ts";
import { hotplugBench } from "../support/hotplug-bench.ts";

const add = ["add", "--nic", "ens6", "--stage", "network"] as const;
const path = "/etc/systemd/network/60-ec2nic-06ec2a000001.network";
const address = "2600:1f14:ec2:101::10";
const never = 1e9;

interface Times {
  /** When IMDS tells the ENI's IPv6. */
  readonly toldMs: number;
  /** Until then DHCPv6's address is on the link, which an image's own configuration asked for. */
  readonly leasedMs: number;
}

/** A NIC whose IPv4 is known at once, and each file that was written for it. */
function lateBench({ toldMs, leasedMs }: Times) {
  const files: string[] = [];
  const late = { ipv6s: toldMs, "subnet-ipv6-cidr-blocks": toldMs, "vpc-ipv6-cidr-blocks": toldMs };
  const look = (disk: FakeFiles["there"]): void => {
    const file = disk.get(path);
    const text = file === undefined ? "" : new TextDecoder().decode(file.content);
    if (text !== (files.at(-1) ?? "")) files.push(text);
  };
  const bench = hotplugBench({
    scenario: { enis: [{ device: 0 }, { device: 1, dualStack: true, late }] },
    change: look,
  });
  const exec: Host["exec"] = async (argv) => {
    const isLeased = argv.includes("address") && bench.clock.now() < leasedMs;
    const leased = { local: address, prefixlen: 128, scope: "global", dynamic: true };
    const links = isLeased ? [{ ifname: "ens6", flags: ["LOWER_UP"], addr_info: [leased] }] : [];
    return { code: 0, isStarted: true, stdout: JSON.stringify(links), stderr: "" };
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
    const { run, files, dhcp } = lateBench({ toldMs: 6000, leasedMs: never });
    expect((await run(...add)).code).toBe(0);
    expect(dhcp()).toEqual(["yes", "yes"]);
    expect(files.map((text) => text.includes(address))).toEqual([false, true]);
  });

  test("loses it with the lease, where IMDS never tells", async () => {
    const { run, dhcp } = lateBench({ toldMs: never, leasedMs: 5000 });
    expect((await run(...add)).code).toBe(0);
    expect(dhcp()).toEqual(["yes", "ipv4"]);
  });

  test("keeps it to the end, which is 75, and IMDS's word counts in the next run", async () => {
    const { run, dhcp } = lateBench({ toldMs: never, leasedMs: never });
    const { code, said } = await run(...add);
    expect({ code, dhcp: dhcp() }).toEqual({ code: 75, dhcp: ["yes"] });
    expect(said.join("\n")).toContain(`dhcp gave ${address}, which imds does not list yet`);
    await run("sync", "--stage", "network");
    expect(dhcp()).toEqual(["yes", "ipv4"]);
  });
});

test("without such an address DHCPv6 comes with IMDS's word", async () => {
  const { run, dhcp } = lateBench({ toldMs: 6000, leasedMs: 0 });
  expect((await run(...add)).code).toBe(0);
  expect(dhcp()).toEqual(["ipv4", "yes"]);
});
