import { expect, test } from "bun:test";
import { listFirstRound, listCandidates } from "../../../../src/imds/connect/candidates.ts";
import { describePath } from "../../../../src/imds/protocol/path.ts";
import { rankCandidates } from "../../../../src/inspect/links/rank.ts";
import type { LinkState } from "../../../../src/model/link.ts";
import { linkState } from "../../../kit/facts/link-states.ts";

const v4 = "http://169.254.169.254";
const v6 = "http://[fd00:ec2::254]";
const usual = { endpoints: [v4, v6], nic: null, dhcp: false };

interface Field {
  readonly links: readonly LinkState[];
  readonly routed?: string;
  readonly forbidden?: readonly string[];
  readonly hasImdsd?: boolean;
  readonly wish?: Partial<typeof usual> | { readonly nic: string };
}

const heatsOf = ({
  links,
  routed,
  forbidden: forbiddenEndpoints = [],
  hasImdsd = false,
  wish = {},
}: Field) => {
  const { rounds, exclusions } = listCandidates(
    { ...usual, ...wish },
    { ...rankCandidates(links), routedLink: routed ?? null, forbiddenEndpoints, hasImdsd },
  );
  return { rounds: rounds.map((ways) => ways.map(describePath)), exclusions };
};

const a = linkState("a", ["10.0.0.10", "fe80::a"]);
const b = linkState("b", ["10.0.1.10"]);
const c = linkState("c", ["2600::c"]);

test("the kernel's own routing first, then a nic a heat, over every family it has", () => {
  expect(heatsOf({ links: [a, b, c] }).rounds).toEqual([
    [v4],
    [v6, `${v4} through a`, `${v6} through a`],
    [`${v4} through b`],
    [`${v6} through c`],
  ]);
});

test("before any link is looked at: the first endpoint, by routing", () => {
  expect(listFirstRound(usual).rounds.map((ways) => ways.map(describePath))).toEqual([[v4]]);
  expect(listFirstRound({ ...usual, nic: "a" }).rounds).toEqual([]);
});

// a bound socket gets past a prohibit route (Linux 6.18: IPv4 where rp_filter is 0, IPv6 always)
test("what a route forbids is not asked through a nic, unless one is named", () => {
  expect(heatsOf({ links: [a], forbidden: [v6] })).toEqual({
    rounds: [[v4], [v6, `${v4} through a`]],
    exclusions: [`${v6}: not asked through a nic, for a route forbids it`],
  });
  expect(heatsOf({ links: [a], forbidden: [v4, v6], wish: { nic: "a" } })).toEqual({
    rounds: [[`${v4} through a`, `${v6} through a`]],
    exclusions: [],
  });
});

test("a nic that is named and has no address for the usual endpoint: that is said", () => {
  expect(heatsOf({ links: [linkState("a", ["fe80::a"])], wish: { nic: "a" } })).toEqual({
    rounds: [[`${v6} through a`]],
    exclusions: ["it has no IPv4 address to ask from"],
  });
});

// systemd 261's locked mode lets its own client through and nobody else: docs/decisions/locked-imds.md
test("systemd-imdsd is asked where it is there, for the usual service", () => {
  expect(heatsOf({ links: [b], hasImdsd: true }).rounds).toEqual([
    [v4],
    [v6, `${v4} through systemd-imdsd`, `${v4} through b`],
  ]);
  const elsewhere = { endpoints: ["http://10.0.0.1"] };
  expect(heatsOf({ links: [], hasImdsd: true, wish: elsewhere }).rounds.flat()).toEqual([
    "http://10.0.0.1",
  ]);
  expect(heatsOf({ links: [b], hasImdsd: true, wish: { nic: "b" } }).rounds.flat()).toEqual([
    `${v4} through b`,
  ]);
});

test("the nic that the kernel takes by itself comes last", () => {
  expect(heatsOf({ links: [a, b], routed: "a" }).rounds).toEqual([
    [v4],
    [v6, `${v4} through b`],
    [`${v4} through a`, `${v6} through a`],
  ]);
});

test("a nic without an address takes no part, and is told", () => {
  const links = [
    linkState("down", [], { isUp: false, hasCarrier: false }),
    linkState("loose", [], { hasCarrier: false }),
    linkState("bare", []),
  ];
  expect(heatsOf({ links })).toEqual({
    rounds: [[v4], [v6]],
    exclusions: [
      "bare: it has no address to ask from",
      "down: it is down",
      "loose: it has no carrier",
    ],
  });
});

test("--dhcp: a nic without an IPv4 address may get one, down or not; IPv6 needs none", () => {
  const links = [linkState("bare", ["fe80::b"]), linkState("down", [], { isUp: false })];
  const field = {
    ...rankCandidates(links),
    routedLink: null,
    forbiddenEndpoints: [],
    hasImdsd: false,
  };
  const ways = listCandidates({ ...usual, dhcp: true }, field).rounds.flat();
  const leases = ways.filter(({ via }) => via.kind === "nic" && via.needsLease);
  expect(leases.map(describePath)).toEqual([`${v4} through bare`, `${v4} through down`]);
  expect(ways.map(describePath)).toContain(`${v6} through bare`);
  expect(heatsOf({ links: [b], wish: { dhcp: true } }).rounds.flat()).toEqual([
    v4,
    v6,
    `${v4} through b`,
  ]);
});

test("--interface: that one and nothing else, whatever it is", () => {
  const bridge = linkState("br0", ["10.0.9.9"], { kind: "bridge" });
  expect(heatsOf({ links: [a, b, bridge], wish: { nic: "br0" } })).toEqual({
    rounds: [[`${v4} through br0`]],
    exclusions: [],
  });
  expect(heatsOf({ links: [a], wish: { nic: "b" } })).toEqual({
    rounds: [],
    exclusions: ["there is no such nic; there are a"],
  });
});

test("no nic leads to the machine itself, nor to a name that is not resolved yet", () => {
  const endpoints = ["http://127.0.0.1:1", "http://[::1]:2", "http://localhost:3", "http://imds:4"];
  expect(heatsOf({ links: [a], wish: { endpoints } }).rounds).toEqual(
    endpoints.map((endpoint) => [endpoint]),
  );
});
