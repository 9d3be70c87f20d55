import { expect, test } from "bun:test";
import type { PathFacts } from "../../../../src/model/probe.ts";
import { diagnoseImdsPath } from "../../../../src/probe/diagnose/diagnose.ts";
import { nextHopOf, type PathEvidence } from "../../../../src/probe/diagnose/evidence.ts";
import {
  firewallChain,
  linkStateAt,
  nicFactsOf,
  pathEvidence,
  probeOf,
} from "../../../kit/facts/path-evidence.ts";

const fixOf = (path: Partial<PathFacts>, more: Partial<PathEvidence> = {}) =>
  diagnoseImdsPath(pathEvidence({ pathFacts: { ...pathEvidence().pathFacts, ...path }, ...more }))
    .fix;

const silent = (gateway: string) =>
  ({ neighbour: "failed", route: { kind: "route", gateway, nic: "ens6" } }) as const;

test("a host route with a silent gateway is replaced: the kernel would ignore a second one", () => {
  const unboundEntry = { isHostRoute: true, table: "9", words: " table 9" };
  expect(fixOf({ ...silent("10.0.1.77"), unboundEntry })).toEqual([
    "ip route replace 169.254.169.254 dev ens6 table 9",
  ]);
});

test("a silent IPv6 gateway is replaced by the VPC's fixed one, unless it is that one", () => {
  const ipv6 = { address: "fd00:ec2::254", source: "2001:db8:1::10" };
  const fix = (router: string, more: Partial<PathFacts> = {}) =>
    fixOf({ ...silent(router), router, ...more }, ipv6);
  expect(fix("fe80::7")).toEqual([
    "ip -6 route append fd00:ec2::254 via fe80:ec2::1 dev ens6 metric 2048",
  ]);
  expect(fix("fe80:ec2::1")).toBeNull();
  expect(fix("fe80::7", { advertisedRouter: "fe80::7" })).toBeNull();
});

test("a name with spaces is quoted for the shell, a name with a dot is one name to sysctl", () => {
  const dropped = { acceptsReplies: false };
  const nicFacts = nicFactsOf(1);
  const isReachedElsewhere = true;
  expect(fixOf({ ...dropped, unboundRoute: { kind: "none" } }, { nic: "a b'c" })).toEqual([
    String.raw`ip route append 169.254.169.254 dev 'a b'\''c'`,
  ]);
  expect(fixOf(dropped, { nic: "ens6.2", nicFacts, isReachedElsewhere })).toEqual([
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
  const nicFacts = nicFactsOf(0, 0);
  expect(textOf({ pathFacts: unknown, nicFacts })).toBe(noAnswer);
  expect(textOf({ pathFacts: unknown, nicFacts: nicFactsOf(1, 2) })).toBe(
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

test("no route is added where IMDS answers over kernel routing, or another NIC reaches it", () => {
  const down = linkStateAt(1, { isUp: false, hasCarrier: false, addresses: [] });
  const fix = (more: Partial<PathEvidence>) => fixOf({}, { link: down, ...more });
  const up = "ip link set dev ens6 up";
  expect(fix({})).toEqual([up, "ip route append 169.254.169.254 dev ens6"]);
  expect(fix({ routing: "reached", isReachedElsewhere: true })).toEqual([up]);
  expect(fix({ isReachedElsewhere: true })).toEqual([up]);
  expect(fix({ routing: "unknown" })).toEqual([up]);
});

test("no route is added if the same commands repair the NIC of the default route", () => {
  const firewall = [firewallChain("output", [{ conditions: [], action: { kind: "drop" } }])];
  const machine = { ...pathEvidence().machine, firewall };
  const fix = (repairs: PathEvidence["repairs"]) => fixOf({}, { machine, repairs });
  const route = "ip route append 169.254.169.254 dev ens6";
  expect(fix(new Map())).toEqual(["accept out", route]);
  expect(fix(new Map([["ens5", ["accept out"]]]))).toEqual(["accept out"]);
  expect(fix(new Map([["ens5", ["accept out", "ip link set dev ens5 up"]]]))).toEqual([
    "accept out",
    route,
  ]);
});

test("a NIC that is down and without an address gets an address too", () => {
  const link = linkStateAt(1, { isUp: false, hasCarrier: false, addresses: [] });
  const nicFacts = { ...nicFactsOf(0), keptAddresses: [] };
  const unbound = { unboundRoute: { kind: "none" }, unboundEntry: null } as const;
  const [up, ...more] = fixOf(unbound, { link, nicFacts, source: null }) ?? [];
  expect(up).toBe("ip link set dev ens6 up");
  expect(more[0]).toBe("ec2nic activate --dhcp");
  // after IPv6 alone nothing is known that would help
  const ipv6 = { address: "fd00:ec2::254", source: null };
  expect(fixOf(unbound, { link, nicFacts, ...ipv6 })).toBeNull();
});

test("a silent gateway that is the VPC's router is not circumvented on the same link", () => {
  expect(fixOf(silent("10.0.1.1"))).toBeNull();
  expect(fixOf(silent("169.254.0.1"))).toBeNull();
  expect(fixOf(silent("10.0.1.77"))).toEqual(["ip route append 169.254.169.254 dev ens6"]);
});

test("an address of this machine itself gets no route", () => {
  const unboundEntry = { isHostRoute: true, table: "local", words: " table local" };
  const reachedNic = { nic: "ens6", gateway: null, isOnLink: false };
  expect(fixOf({ unboundEntry, route: { kind: "none" } }, { link: null, reachedNic })).toBeNull();
});

test("a gateway outside the networks of its NIC is named as on the link", () => {
  const route = { kind: "route", gateway: "169.254.0.1", nic: "ens6" } as const;
  const address = { nic: "ens6", family: "ipv4", scopeId: 0 } as const;
  const link = linkStateAt(1, {
    addresses: [{ ...address, address: "169.254.9.9", prefixLength: 32 }],
  });
  const reachedNic = nextHopOf(link, { ...pathEvidence().pathFacts, route });
  const none = { unboundRoute: { kind: "none" }, unboundEntry: null } as const;
  expect(fixOf({ ...none, route: { kind: "none" } }, { link: null, reachedNic })).toEqual([
    "ip route append 169.254.169.254 via 169.254.0.1 dev ens6 onlink",
  ]);
});

test("no route is added while the instance's option is off", () => {
  const ipv6 = { address: "fd00:ec2::254", source: "2001:db8:1::10" };
  const none = { route: { kind: "none" } } as const;
  const route = "ip -6 route append fd00:ec2::254 via fe80:ec2::1 dev ens6 metric 2048";
  expect(fixOf(none, ipv6)).toEqual([route]);
  const repairs = new Map([["ens5", ["aws ec2 modify-instance-metadata-options"]]]);
  expect(fixOf(none, { ...ipv6, repairs })).toBeNull();
});
