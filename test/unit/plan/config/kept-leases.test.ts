import { describe, expect, test } from "bun:test";
import type { Family } from "../../../../src/model/ip.ts";
import type { Eni } from "../../../../src/model/eni.ts";
import type { Backend, ExistingFile } from "../../../../src/model/plan.ts";
import { configure } from "../../../../src/plan/config/configure.ts";
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
  readonly leased: readonly string[];
  /** Whether DHCPv6 is on. */
  readonly dhcp6: boolean;
  readonly unlisted: readonly Family[];
}

describe("DHCPv6 is on for listed addresses, and for a leased one that IMDS does not list yet", () => {
  test.each<Row>([
    { what: "no lease", eni: ipv4Only, leased: [], dhcp6: false, unlisted: [] },
    { what: "a listed lease", eni: ipv4Only, leased: [v4], dhcp6: false, unlisted: [] },
    {
      what: "IPv6 unlisted",
      eni: ipv4Only,
      leased: [v4, v6],
      dhcp6: true,
      unlisted: [6],
    },
    {
      what: "IPv4 unlisted",
      eni: ipv6Only,
      leased: [v4, v6],
      dhcp6: true,
      unlisted: [4],
    },
    { what: "two listed leases", eni: both, leased: [v4, v6], dhcp6: true, unlisted: [] },
    {
      what: "another address listed",
      eni: both,
      leased: [`${v6}99`],
      dhcp6: true,
      unlisted: [],
    },
  ])("$what", ({ eni, leased, dhcp6, unlisted }) => {
    const nics = [{ eni, link: linkAt(1) }];
    const kept = configure(nics, { ruleStyle: "group", leases: { ens6: leased } }).nics;
    expect(kept.map(({ unlistedFamilies }) => unlistedFamilies)).toEqual([unlisted]);
    // an address that IMDS does not list has no routes and no rules, and is not checked
    const listed = configure(nics, { ruleStyle: "group" }).nics;
    expect(kept).toEqual(listed.map((nic) => ({ ...nic, dhcp6, unlistedFamilies: unlisted })));
  });

  test("leases of other NICs and of absent ones change nothing", () => {
    const nics = [
      { eni: ipv4Only, link: linkAt(1) },
      { eni: eniAt(2), link: null },
    ];
    const config = configure(nics, { ruleStyle: "group", leases: { ens5: [v6], ens7: [v6] } });
    expect(config.nics.map(({ dhcp6 }) => dhcp6)).toEqual([false, false]);
  });
});

test.each(["netplan", "network-manager", "networkd"] as const)(
  "%s: a file for a lease is written once, and again when the lease is gone",
  (backend) => {
    const planOf = (leased: readonly string[], files = written(backend, [])) =>
      planNetwork(factsWith(leased, files), choiceOf(backend));
    const kept = planOf([v6]);
    expect(kept.write.map(({ mac }) => mac)).toEqual([macAt(1)]);
    expect(kept.reasons).toContain(
      "ens6: IPv6: DHCP gave an address that IMDS does not list yet, so DHCP stays on",
    );
    const existing = written(backend, [v6]);
    expect(planOf([v6], existing).write).toEqual([]);
    const after = planOf([], existing);
    expect(after.write.map(({ mac }) => mac)).toEqual([macAt(1)]);
    expect(after.reasons.join("\n")).not.toContain("stays on");
  },
);

function factsWith(leased: readonly string[], files: readonly ExistingFile[]) {
  const state = { files, unmanaged: null };
  const links = [linkAt(0), linkAt(1)];
  return { enis: [eniAt(0), ipv4Only], incomplete: [], links, state, leases: { ens6: leased } };
}

function written(backend: Backend, leased: readonly string[]) {
  return planNetwork(factsWith(leased, []), choiceOf(backend)).write;
}
