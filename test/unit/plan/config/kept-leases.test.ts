import { describe, expect, test } from "bun:test";
import type { Family } from "../../../../src/model/ip.ts";
import type { Eni } from "../../../../src/model/eni.ts";
import type { Backend, ExistingFile } from "../../../../src/model/plan.ts";
import { configure, unlistedLeaseFamilies } from "../../../../src/plan/config/configure.ts";
import { planNetwork } from "../../../../src/plan/files/plan-network.ts";
import { choiceOf } from "../../../kit/facts/choices.ts";
import { eniAt, familyOf, linkAt, macAt, noFamily } from "../../../kit/facts/nics.ts";

const ipv6 = familyOf(["2001:db8::10"], "2001:db8::/64");
const both = eniAt(1, { ipv6 });
const ipv4Only = eniAt(1);
const ipv6Only = eniAt(1, { ipv4: noFamily, ipv6 });
const v4 = "10.0.1.10";
const v6 = "2001:db8::10";

interface Row {
  readonly what: string;
  readonly eni: Eni;
  readonly given: readonly string[];
  /** DHCPv4, DHCPv6. */
  readonly on: readonly [boolean, boolean];
  readonly untold: readonly Family[];
}

describe("DHCP is on for what IMDS tells, and for what DHCP gave before IMDS did", () => {
  test.each<Row>([
    { what: "nothing given", eni: ipv4Only, given: [], on: [true, false], untold: [] },
    { what: "all is told", eni: ipv4Only, given: [v4], on: [true, false], untold: [] },
    { what: "IPv6 is not told", eni: ipv4Only, given: [v4, v6], on: [true, true], untold: [6] },
    { what: "IPv4 is not told", eni: ipv6Only, given: [v4, v6], on: [true, true], untold: [4] },
    { what: "both are told", eni: both, given: [v4, v6], on: [true, true], untold: [] },
    { what: "another is told", eni: both, given: [`${v6}99`], on: [true, true], untold: [] },
  ])("$what", ({ eni, given, on: [dhcp4, dhcp6], untold }) => {
    const nics = [{ eni, link: linkAt(1) }];
    const kept = configure(nics, false, { ens6: given }).nics;
    expect(kept.map(unlistedLeaseFamilies)).toEqual([untold]);
    // an address that IMDS does not tell has no routes, no rules, and is not looked for
    const told = configure(nics, false).nics;
    expect(kept).toEqual(told.map((nic) => ({ ...nic, dhcp4, dhcp6 })));
  });

  test("what another NIC was given is of no matter, nor is one that is not here", () => {
    const nics = [
      { eni: ipv4Only, link: linkAt(1) },
      { eni: eniAt(2), link: null },
    ];
    const config = configure(nics, false, { ens5: [v6], ens7: [v6] });
    expect(config.nics.map(({ dhcp6 }) => dhcp6)).toEqual([false, false]);
  });
});

test.each(["netplan", "network-manager", "networkd"] as const)(
  "%s: what is written for a lease is not written again, and goes when the lease is gone",
  (backend) => {
    const planOf = (given: readonly string[], files = written(backend, [])) =>
      planNetwork(factsWith(given, files), choiceOf(backend));
    const kept = planOf([v6]);
    expect(kept.write.map(({ mac }) => mac)).toEqual([macAt(1)]);
    expect(kept.reasons).toContain(
      "ens6: IPv6: DHCP gave an address that IMDS does not list yet: DHCP stays on",
    );
    const there = written(backend, [v6]);
    expect(planOf([v6], there).write).toEqual([]);
    const after = planOf([], there);
    expect(after.write.map(({ mac }) => mac)).toEqual([macAt(1)]);
    expect(after.reasons.join("\n")).not.toContain("stays on");
  },
);

function factsWith(given: readonly string[], files: readonly ExistingFile[]) {
  const state = { files, unmanaged: null };
  const links = [linkAt(0), linkAt(1)];
  return { enis: [eniAt(0), ipv4Only], incomplete: [], links, state, leases: { ens6: given } };
}

function written(backend: Backend, given: readonly string[]) {
  return planNetwork(factsWith(given, []), choiceOf(backend)).write;
}
