import { describe, expect, test } from "bun:test";
import type { KernelState } from "../../../../src/model/kernel-state.ts";
import type { ActiveBackend } from "../../../../src/plan/drift/ask-daemon.ts";
import { checkKernel } from "../../../../src/plan/drift/compare.ts";
import { repairSteps } from "../../../../src/plan/drift/repair.ts";
import {
  expectedKernelFor,
  kernelAsExpected,
  kernelRoute,
} from "../../../kit/facts/kernel-model.ts";
import { eniAt, familyOf, noFamily } from "../../../kit/facts/nics.ts";

const both = (subnet: number) => ({
  ipv4: familyOf([`10.0.${subnet}.10`, `10.0.${subnet}.20`], `10.0.${subnet}.0/24`),
  ipv6: familyOf(
    [`2001:db8:${subnet + 5}::10`, `2001:db8:${subnet + 5}::20`],
    `2001:db8:${subnet + 5}::/64`,
  ),
});
const enis = [eniAt(0, both(0)), eniAt(1, both(1))];
const expected = expectedKernelFor(enis);
const clean = kernelAsExpected(expected);

const networkd: ActiveBackend = { backend: "networkd", renderer: null, isRunning: true };
const manager: ActiveBackend = { backend: "network-manager", renderer: null, isRunning: true };
const netplan: ActiveBackend = { backend: "netplan", renderer: "networkd", isRunning: true };
const netplanManager: ActiveBackend = { ...netplan, renderer: "NetworkManager" };

const repair = (state: Partial<KernelState>, inCharge = networkd) =>
  repairSteps(checkKernel(expected, { ...clean, ...state }), expected, inCharge);
const commandsOf = (state: Partial<KernelState>, inCharge = networkd) =>
  repair(state, inCharge).steps.map(({ argv }) => argv.join(" "));
const lost = (...addresses: readonly string[]) => ({
  addresses: clean.addresses.filter(({ address }) => !addresses.includes(address)),
});

test("no difference needs no step", () => {
  expect(repair({})).toEqual({ steps: [], reasons: [] });
});

test("a step has its reason and its NIC", () => {
  expect(repair(lost("10.0.1.20")).steps).toEqual([
    {
      argv: "ip -4 address replace 10.0.1.20/32 dev ens6 noprefixroute".split(" "),
      reason: "ens6: address 10.0.1.20 is missing",
      mac: "06:aa:bb:cc:dd:01",
      timeoutMs: 10_000,
    },
  ]);
});

test("a restored IPv6 address is no source and skips duplicate address detection", () => {
  expect(commandsOf(lost("2001:db8:6::20"))).toEqual([
    "ip -6 address replace 2001:db8:6::20/128 dev ens6 noprefixroute nodad preferred_lft 0",
  ]);
});

test("a duplicate address is added again with the same prefix length", () => {
  const addresses = clean.addresses.map((each) =>
    each.address === "2001:db8:6::20" ? { ...each, prefixLength: 64, isDuplicate: true } : each,
  );
  expect(commandsOf({ addresses })).toEqual([
    "ip -6 address del 2001:db8:6::20/64 dev ens6",
    "ip -6 address replace 2001:db8:6::20/64 dev ens6 noprefixroute nodad preferred_lft 0",
  ]);
});

test("the subnet route is restored before the default route through it", () => {
  const routes = clean.routes.filter(({ table }) => table === 254);
  expect(commandsOf({ routes })).toEqual([
    "ip -4 route replace 10.0.0.0/24 dev ens5 table 10000 proto static",
    "ip -6 route replace 2001:db8:5::/64 dev ens5 table 10000 proto static",
    "ip -4 route replace 10.0.1.0/24 dev ens6 table 10001 proto static",
    "ip -4 route replace default via 10.0.1.1 dev ens6 table 10001 proto static",
    "ip -6 route replace 2001:db8:6::/64 dev ens6 table 10001 proto static",
    "ip -6 route replace fe80::/64 dev ens6 table 10001 proto static",
    "ip -6 route replace default via fe80:ec2::1 dev ens6 table 10001 proto static",
  ]);
});

test("a wrong route is replaced by one with its metric", () => {
  const wrong = { family: 6, destination: "::/0", table: 10_001, metric: 512 } as const;
  const routes = [
    ...clean.routes.map((each) => ({ ...each, metric: 1024 })),
    kernelRoute("ens5", wrong),
  ];
  expect(commandsOf({ routes })).toEqual([
    "ip -6 route replace default via fe80:ec2::1 dev ens6 table 10001 proto static metric 512",
  ]);
});

test("missing rules are added", () => {
  const rules = clean.rules.filter(({ from }) => from !== "10.0.1.20/32");
  const { steps } = repair({ rules });
  expect(new Set(steps.map((step) => step.alreadyDoneMessage))).toEqual(new Set(["File exists"]));
  expect(steps.map(({ argv }) => argv.join(" "))).toEqual([
    "ip -4 rule add priority 2701 table 254 from 10.0.1.20/32 suppress_prefixlength 1 suppress_ifgroup 10000 protocol static",
    "ip -4 rule add priority 3801 table 10001 from 10.0.1.20/32 protocol static",
  ]);
});

test("stale rules are deleted with all their selectors, for no NIC", () => {
  const rules = kernelAsExpected(expectedKernelFor([...enis, eniAt(2)])).rules;
  const { steps } = repair({ rules });
  expect(steps.map(({ argv }) => argv.join(" "))).toEqual([
    "ip -4 rule del priority 2702 table 254 from 10.0.2.10/32 suppress_prefixlength 1 suppress_ifgroup 10000",
    "ip -4 rule del priority 3802 table 10002 from 10.0.2.10/32",
  ]);
  expect(steps.every(({ mac }) => mac === null)).toBe(true);
  const done = new Set(steps.map((step) => step.alreadyDoneMessage));
  expect(done).toEqual(new Set(["No such file or directory"]));
});

test("a link in another group is moved to the group of the ENIs", () => {
  const links = [{ name: "ens6", group: 0 }];
  expect(commandsOf({ links })).toEqual(["ip link set dev ens6 group 10000"]);
});

test("routes of type throw are added, and deleted if they are not needed", () => {
  const ipv4 = familyOf(["10.0.1.10"], "10.0.1.0/24", ["10.0.1.32/28"]);
  const wanted = expectedKernelFor([eniAt(1, { ipv4 })], [], "prefix");
  const { routes, ...rest } = kernelAsExpected(wanted);
  const others = routes.filter(({ type }) => type !== "throw");
  const thrown = { type: "throw", link: null, table: 10_001, metric: 5 } as const;
  const unneeded = kernelRoute("", { ...thrown, destination: "10.0.77.0/24" });
  const differences = checkKernel(wanted, { ...rest, routes: [...others, unneeded] });
  const { steps } = repairSteps(differences, wanted, networkd);
  expect(steps.map(({ argv }) => argv.join(" "))).toEqual([
    "ip -4 route replace throw 10.0.1.32/28 table 10001 proto static",
    "ip -4 route del throw 10.0.77.0/24 table 10001 metric 5",
  ]);
});

const up = "nmcli --wait 20 connection up uuid 6563326e-6963-8000-8000-06aabbccdd01 ifname";

describe("the daemon restores what comes by DHCP", () => {
  const own = ["10.0.1.10", "2001:db8:6::10"] as const;

  test.each([
    ["networkd", networkd, "networkctl reconfigure ens6"],
    ["netplan over networkd", netplan, "networkctl reconfigure ens6"],
    ["NetworkManager", manager, `${up} ens6`],
    ["netplan over NetworkManager", netplanManager, `${up} ens6`],
  ])("%s: a NIC without any address is reconfigured by one command", (_, inCharge, command) => {
    const rules = clean.rules.filter(({ from }) => from !== "10.0.1.20/32");
    expect(commandsOf({ ...lost(...own, "10.0.1.20"), rules }, inCharge)).toEqual([command]);
  });

  test("networkd: a NIC with other addresses is reconfigured too", () => {
    expect(commandsOf(lost("10.0.1.10", "10.0.1.20"))).toEqual(["networkctl reconfigure ens6"]);
    expect(commandsOf(lost("2001:db8:6::10"))).toEqual(["networkctl reconfigure ens6"]);
  });

  test("NetworkManager: a NIC with other addresses keeps them, and ip repairs it first", () => {
    expect(commandsOf(lost("10.0.1.10", "10.0.1.20"), manager)).toEqual([
      "ip -4 address replace 10.0.1.20/32 dev ens6 noprefixroute",
      "nmcli device reapply ens6",
    ]);
  });

  test("networkd: the primary is reconfigured only for IPv4, because that interrupts IPv4", () => {
    const both = lost("10.0.0.10", "2001:db8:5::10");
    expect(commandsOf(both)).toEqual(["networkctl reconfigure ens5"]);
    expect(commandsOf(lost("10.0.0.10"))).toEqual(["networkctl reconfigure ens5"]);
    expect(repair(lost("2001:db8:5::10", "2001:db8:5::20"))).toMatchObject({
      steps: [{ reason: "ens5: address 2001:db8:5::20 is missing" }],
      reasons: [
        "ens5: 2001:db8:5::10: only DHCP can restore it, which would interrupt IPv4 (networkctl reconfigure ens5)",
      ],
    });
  });

  test("networkd: a primary without IPv4 is reconfigured for IPv6", () => {
    const expected = expectedKernelFor([eniAt(0, { ipv4: noFamily, ipv6: both(0).ipv6 })]);
    const { routes, rules } = kernelAsExpected(expected);
    const differences = checkKernel(expected, { links: [], addresses: [], routes, rules });
    expect(repairSteps(differences, expected, networkd)).toMatchObject({
      steps: [{ argv: ["networkctl", "reconfigure", "ens5"] }],
      reasons: [],
    });
  });

  test.each([
    ["networkd", networkd, "networkctl renew ens5"],
    ["NetworkManager", manager, "nmcli device reapply ens5"],
  ])("%s: a missing default route of the primary alone has no step", (_, inCharge, command) => {
    const routes = clean.routes.filter(({ table }) => table !== 254);
    expect(repair({ routes }, inCharge)).toEqual({
      steps: [],
      reasons: [`ens5: only DHCP can restore its default route (${command})`],
    });
  });

  test("a daemon that does not run has no step", () => {
    const state = lost(...own);
    expect(repair(state, { ...manager, isRunning: false })).toEqual({
      steps: [],
      reasons: [
        "ens6: 10.0.1.10 and 2001:db8:6::10: only DHCP can restore it, and its daemon does not run",
      ],
    });
  });
});
