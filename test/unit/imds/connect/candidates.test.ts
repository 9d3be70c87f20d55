import { expect, test } from "bun:test";
import { listFirstRound, listCandidates } from "../../../../src/imds/connect/candidates.ts";
import { describePath } from "../../../../src/imds/protocol/path.ts";
import { rankCandidates } from "../../../../src/inspect/links/rank.ts";
import type { LinkState } from "../../../../src/model/link.ts";
import { linkState } from "../../../kit/facts/link-states.ts";

const v4 = "http://169.254.169.254";
const v6 = "http://[fd00:ec2::254]";
const usual = { endpoints: [v4, v6], nic: null, dhcp: false };

interface Situation {
  readonly links: readonly LinkState[];
  readonly routed?: string;
  readonly forbidden?: readonly string[];
  readonly hasImdsd?: boolean;
  readonly settings?: Partial<typeof usual> | { readonly nic: string };
}

const roundsOf = ({
  links,
  routed,
  forbidden: forbiddenEndpoints = [],
  hasImdsd = false,
  settings = {},
}: Situation) => {
  const { rounds, exclusions } = listCandidates(
    { ...usual, ...settings },
    { ...rankCandidates(links), routedLink: routed ?? null, forbiddenEndpoints, hasImdsd },
  );
  return { rounds: rounds.map((paths) => paths.map(describePath)), exclusions };
};

const a = linkState("a", ["10.0.0.10", "fe80::a"]);
const b = linkState("b", ["10.0.1.10"]);
const c = linkState("c", ["2600::c"]);

test("the kernel's routing is the first round, and each NIC with all its families is a round after it", () => {
  expect(roundsOf({ links: [a, b, c] }).rounds).toEqual([
    [v4],
    [v6, `${v4} through a`, `${v6} through a`],
    [`${v4} through b`],
    [`${v6} through c`],
  ]);
});

test("the first round has the first endpoint, by routing", () => {
  expect(listFirstRound(usual).rounds.map((paths) => paths.map(describePath))).toEqual([[v4]]);
  expect(listFirstRound({ ...usual, nic: "a" }).rounds).toEqual([]);
});

// A bound socket bypasses a prohibit route (Linux 6.18: IPv4 where rp_filter is 0, IPv6 always).
test("an endpoint that a route forbids is not asked through a NIC, except with --interface", () => {
  expect(roundsOf({ links: [a], forbidden: [v6] })).toEqual({
    rounds: [[v4], [v6, `${v4} through a`]],
    exclusions: [`${v6}: not asked through a NIC, because a route forbids it`],
  });
  expect(roundsOf({ links: [a], forbidden: [v4, v6], settings: { nic: "a" } })).toEqual({
    rounds: [[`${v4} through a`, `${v6} through a`]],
    exclusions: [],
  });
});

test("a NIC of --interface without an IPv4 address is an exclusion with a reason", () => {
  expect(roundsOf({ links: [linkState("a", ["fe80::a"])], settings: { nic: "a" } })).toEqual({
    rounds: [[`${v6} through a`]],
    exclusions: ["it has no IPv4 address to send from"],
  });
});

// systemd 261's locked mode allows its own client only: docs/decisions/locked-imds.md
test("systemd-imdsd is a candidate for the default endpoint where it exists", () => {
  expect(roundsOf({ links: [b], hasImdsd: true }).rounds).toEqual([
    [v4],
    [v6, `${v4} through systemd-imdsd`, `${v4} through b`],
  ]);
  const elsewhere = { endpoints: ["http://10.0.0.1"] };
  expect(roundsOf({ links: [], hasImdsd: true, settings: elsewhere }).rounds.flat()).toEqual([
    "http://10.0.0.1",
  ]);
  expect(roundsOf({ links: [b], hasImdsd: true, settings: { nic: "b" } }).rounds.flat()).toEqual([
    `${v4} through b`,
  ]);
});

test("the NIC that the kernel's routing uses comes last", () => {
  expect(roundsOf({ links: [a, b], routed: "a" }).rounds).toEqual([
    [v4],
    [v6, `${v4} through b`],
    [`${v4} through a`, `${v6} through a`],
  ]);
});

test("a NIC without an address is an exclusion with a reason", () => {
  const links = [
    linkState("down", [], { isUp: false, hasCarrier: false }),
    linkState("loose", [], { hasCarrier: false }),
    linkState("bare", []),
  ];
  expect(roundsOf({ links })).toEqual({
    rounds: [[v4], [v6]],
    exclusions: [
      "bare: it has no address to send from",
      "down: it is down",
      "loose: it has no carrier",
    ],
  });
});

test("--dhcp adds NICs without an IPv4 address, and IPv6 needs no lease", () => {
  const links = [linkState("bare", ["fe80::b"]), linkState("down", [], { isUp: false })];
  const survey = {
    ...rankCandidates(links),
    routedLink: null,
    forbiddenEndpoints: [],
    hasImdsd: false,
  };
  const paths = listCandidates({ ...usual, dhcp: true }, survey).rounds.flat();
  const leases = paths.filter(({ via }) => via.kind === "nic" && via.needsLease);
  expect(leases.map(describePath)).toEqual([`${v4} through bare`, `${v4} through down`]);
  expect(paths.map(describePath)).toContain(`${v6} through bare`);
  expect(roundsOf({ links: [b], settings: { dhcp: true } }).rounds.flat()).toEqual([
    v4,
    v6,
    `${v4} through b`,
  ]);
});

test("--interface allows that link only, of any kind", () => {
  const bridge = linkState("br0", ["10.0.9.9"], { kind: "bridge" });
  expect(roundsOf({ links: [a, b, bridge], settings: { nic: "br0" } })).toEqual({
    rounds: [[`${v4} through br0`]],
    exclusions: [],
  });
  expect(roundsOf({ links: [a], settings: { nic: "b" } })).toEqual({
    rounds: [],
    exclusions: ["there is no such NIC; there are a"],
  });
});

test("an endpoint on the loopback or with a host name is not asked through NICs", () => {
  const endpoints = ["http://127.0.0.1:1", "http://[::1]:2", "http://localhost:3", "http://imds:4"];
  expect(roundsOf({ links: [a], settings: { endpoints } }).rounds).toEqual(
    endpoints.map((endpoint) => [endpoint]),
  );
});
