import { expect, test } from "bun:test";
import type { PathFacts } from "../../../../src/model/probe.ts";
import { diagnoseImdsPath } from "../../../../src/probe/diagnose/diagnose.ts";
import type { PathEvidence } from "../../../../src/probe/diagnose/evidence.ts";
import { pathEvidence } from "../../../kit/facts/path-evidence.ts";

const fixOf = (path: Partial<PathFacts>, more: Partial<PathEvidence> = {}) =>
  diagnoseImdsPath(pathEvidence({ pathFacts: { ...pathEvidence().pathFacts, ...path }, ...more }))
    .fix;

const silent = (gateway: string) =>
  ({ neighbour: "failed", route: { kind: "route", gateway, nic: "ens6" } }) as const;

test("a host route with a silent gateway is replaced: the kernel would ignore a second one", () => {
  expect(fixOf({ ...silent("10.0.1.1"), hostRoute: " table 9" })).toEqual([
    "ip route replace 169.254.169.254 dev ens6 table 9",
  ]);
});

test("a silent IPv6 gateway is replaced by the VPC's fixed one, unless it is that one", () => {
  const ipv6 = { address: "fd00:ec2::254", source: "2001:db8:1::10" };
  const fix = (gateway: string) => fixOf({ ...silent(gateway), router: gateway }, ipv6);
  expect(fix("fe80::7")).toEqual([
    "ip -6 route append fd00:ec2::254 via fe80:ec2::1 dev ens6 metric 2048",
  ]);
  expect(fix("fe80:ec2::1")).toBeNull();
});

test("a name with spaces is quoted for the shell, a name with a dot is one name to sysctl", () => {
  const dropped = { acceptsReplies: false };
  const nicFacts = { rpFilter: 1, exceeded: null };
  expect(fixOf({ ...dropped, unboundRoute: { kind: "none" } }, { nic: "a b'c" })).toEqual([
    String.raw`ip route append 169.254.169.254 dev 'a b'\''c'`,
  ]);
  expect(fixOf(dropped, { nic: "ens6.2", nicFacts })).toEqual([
    "sysctl -w net/ipv4/conf/ens6.2/rp_filter=2",
  ]);
});
