import { expect, test } from "bun:test";
import type { PathFacts } from "../../../../src/model/probe.ts";
import { diagnoseImdsPath } from "../../../../src/probe/diagnose/diagnose.ts";
import type { PathEvidence } from "../../../../src/probe/diagnose/evidence.ts";
import { pathEvidence } from "../../../kit/facts/path-evidence.ts";

const mendOf = (path: Partial<PathFacts>, more: Partial<PathEvidence> = {}) =>
  diagnoseImdsPath(pathEvidence({ pathFacts: { ...pathEvidence().pathFacts, ...path }, ...more }))
    .fix;

const silent = (gateway: string) =>
  ({ neighbour: "failed", route: { kind: "route", gateway, nic: "ens6" } }) as const;

test("a host route whose gateway is silent is replaced: one beside it is not taken", () => {
  expect(mendOf({ ...silent("10.0.1.1"), hostRoute: " table 9" })).toEqual([
    "ip route replace 169.254.169.254 dev ens6 table 9",
  ]);
});

test("instead of a silent IPv6 gateway the VPC's own is named, unless it is that", () => {
  const ipv6 = { address: "fd00:ec2::254", source: "2001:db8:1::10" };
  const hint = (gateway: string) => mendOf({ ...silent(gateway), router: gateway }, ipv6);
  expect(hint("fe80::7")).toEqual([
    "ip -6 route append fd00:ec2::254 via fe80:ec2::1 dev ens6 metric 2048",
  ]);
  expect(hint("fe80:ec2::1")).toBeNull();
});

test("a name that a shell would take apart is quoted, one with dots is one name to sysctl", () => {
  const dropped = { acceptsReplies: false };
  const nicFacts = { rpFilter: 1, exceeded: null };
  expect(mendOf({ ...dropped, unboundRoute: { kind: "none" } }, { nic: "a b'c" })).toEqual([
    String.raw`ip route append 169.254.169.254 dev 'a b'\''c'`,
  ]);
  expect(mendOf(dropped, { nic: "ens6.2", nicFacts })).toEqual([
    "sysctl -w net/ipv4/conf/ens6.2/rp_filter=2",
  ]);
});
