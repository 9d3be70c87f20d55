import { expect, test } from "bun:test";
import type { PathFacts } from "../../../../src/model/probe.ts";
import { diagnoseImdsPath } from "../../../../src/probe/diagnose/diagnose.ts";
import type { PathEvidence } from "../../../../src/probe/diagnose/evidence.ts";
import { pathEvidence, probeOf } from "../../../kit/facts/path-evidence.ts";

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

const textOf = (changes: Partial<PathEvidence>) => diagnoseImdsPath(pathEvidence(changes)).text;

test("without an answer, the text has what is known about the path", () => {
  const noAnswer = "no connection to 169.254.169.254 within 3 ms";
  const beyond = "although the next hop answers, so packets are lost beyond this machine";
  expect(textOf({})).toBe(`${noAnswer}, ${beyond}`);
  const { pathFacts } = pathEvidence();
  const unknown = { ...pathFacts, neighbour: null, acceptsReplies: null };
  const nicFacts = { rpFilter: 0, exceeded: 0 };
  expect(textOf({ pathFacts: unknown, nicFacts })).toBe(noAnswer);
  expect(textOf({ pathFacts: unknown, nicFacts: { rpFilter: 1, exceeded: 2 } })).toBe(
    `${noAnswer}; rp_filter is 1, so perhaps the kernel drops the answers (ens6 has dropped 2 packets over its limit for link-local services, linklocal_allowance_exceeded)`,
  );
});

test("an error of IMDS itself is no other service", () => {
  const probe = probeOf({ connect: "ok", token: "408" });
  expect(textOf({ probe })).toBe("IMDS answers 408, an error of IMDS itself; try again later");
});

test("kernel routing without an address has no command, because no NIC is meant", () => {
  const probe = probeOf({ connect: "EADDRNOTAVAIL" });
  expect(diagnoseImdsPath(pathEvidence({ link: null, source: null, probe }))).toEqual({
    word: "no-address",
    text: "there is no IPv4 address to send from",
    fix: null,
  });
});
