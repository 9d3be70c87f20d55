import { describe, expect, test } from "bun:test";
import type { DaemonLink } from "../../../../src/model/backend-facts.ts";
import type { NicResult } from "../../../../src/model/plan.ts";
import {
  findDaemonProblems,
  planOutcomes,
} from "../../../../src/plan/conflicts/daemon-problems.ts";

const mac = "06:ec:2a:00:00:01";
const ours = "/etc/systemd/network/60-ec2nic-06ec2a000001.network";
const early = "/etc/systemd/network/20-v4.network";
const nic = { mac, name: "ens6" };
const noLink: DaemonLink = { udev: {}, networkd: null, networkManager: null };
type Daemon = Parameters<typeof findDaemonProblems>[1]["activation"];
const networkd: Daemon = {
  backend: "networkd",
  renderer: null,
  isRunning: true,
  stage: "network",
};

const byNetworkd = (state: string, file: string | null, activation = networkd) =>
  findDaemonProblems([nic], {
    activation,
    otherFiles: [{ path: early, content: "[Match]\nName=ens6\n" }],
    daemonLinks: { ens6: { ...noLink, networkd: { state, file } } },
  });

describe("networkd", () => {
  test("uses our file: no problem, also while it configures the link", () => {
    expect(byNetworkd("configured", ours)).toEqual([]);
    expect(byNetworkd("configuring", ours)).toEqual([]);
    expect(byNetworkd("pending", null)).toEqual([]);
  });

  test("another file holds the NIC", () => {
    expect(byNetworkd("configured", early)).toMatchObject([
      {
        kind: "held",
        text: `ens6: networkd uses ${early}, not ${ours}`,
        hint: expect.stringContaining("sorts after 60-ec2nic-06ec2a000001.network"),
      },
    ]);
  });

  test("has not read our file, or does not manage the NIC: it reads the files again", () => {
    expect(byNetworkd("configured", "/etc/systemd/network/99-image.network")).toMatchObject([
      { kind: "unread" },
    ]);
    const removed = "/etc/systemd/network/10-removed.network";
    expect(byNetworkd("configured", removed)).toMatchObject([{ kind: "unread" }]);
    expect(byNetworkd("unmanaged", null)).toMatchObject([{ kind: "unread" }]);
  });

  test("failed", () => {
    expect(byNetworkd("failed", ours)).toMatchObject([
      { kind: "failed", text: 'ens6: networkd could not configure it (networkctl says "failed")' },
    ]);
  });

  test("does not run: it says nothing", () => {
    const stopped = { ...networkd, isRunning: false };
    const local: Daemon = { ...networkd, stage: "local" };
    expect(byNetworkd("failed", ours, stopped)).toEqual([]);
    expect(byNetworkd("failed", ours, local)).toEqual([]);
  });

  test("netplan's file is ours", () => {
    const file = "/run/systemd/network/10-netplan-a-ec2nic-06ec2a000001.network";
    const netplan: Daemon = { ...networkd, backend: "netplan", renderer: "networkd" };
    expect(byNetworkd("configured", file, netplan)).toEqual([]);
  });
});

describe("NetworkManager", () => {
  const uuid = "6563326e-6963-8000-8000-06ec2a000001";
  const other = "0d9b1c6e-1111-4222-8333-06ec2a000000";
  const path = "/etc/NetworkManager/system-connections/v4.nmconnection";
  const byManager = (state: number, profile: string | null) =>
    findDaemonProblems([nic], {
      activation: { ...networkd, backend: "network-manager" },
      otherFiles: [{ path, content: `[connection]\nuuid=${other}\n` }],
      daemonLinks: { ens6: { ...noLink, networkManager: { state, reason: 0, profile } } },
    });

  test("has our profile, or none", () => {
    expect(byManager(100, uuid)).toEqual([]);
    expect(byManager(30, null)).toEqual([]);
  });

  test("has another profile, or failed", () => {
    expect(byManager(100, other)).toMatchObject([
      {
        kind: "held",
        text: `ens6: NetworkManager uses ${path}, not ec2nic's profile`,
        hint: expect.stringContaining(`nmcli connection up uuid ${uuid} ifname ens6`),
      },
    ]);
    expect(byManager(120, uuid)).toMatchObject([{ kind: "failed" }]);
  });
});

test("a NIC with a problem is never planned as unchanged", () => {
  const unchanged: NicResult = { ...nic, eni: null, outcome: "unchanged" };
  const outcome = (state: string, file: string, isRepaired = false) => {
    const steps = isRepaired ? [{ argv: ["true"], reason: "", mac, timeoutMs: 1 }] : [];
    return planOutcomes([unchanged], byNetworkd(state, file), steps)[0]?.outcome;
  };
  expect(outcome("configured", ours)).toBe("unchanged");
  expect(outcome("configured", early)).toBe("failed");
  expect(outcome("configured", "/etc/systemd/network/99-image.network")).toBe("configured");
  expect(outcome("failed", ours)).toBe("failed");
  expect(outcome("failed", ours, true)).toBe("configured");
});
