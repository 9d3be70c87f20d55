import { expect, test } from "bun:test";
import type { ProbedNic, VerdictWord } from "../../../src/model/probe.ts";
import { describeProbe } from "../../../src/probe/table.ts";
import { pathEvidence, linkStateAt, probeOf } from "../../kit/facts/path-evidence.ts";

const verdict = (word: VerdictWord, text: string = word, fix: readonly string[] | null = null) =>
  ({ word, text, fix: fix }) as const;

function pathWith(word: VerdictWord, endpoint = "http://169.254.169.254") {
  const probe = { ...probeOf({ connect: "ok", token: "ok", read: "ok" }), endpoint };
  return { probe, pathFacts: pathEvidence().pathFacts, verdict: verdict(word) };
}

const ipv6 = "http://[fd00:ec2::254]";
const nicAt = (number: number, changes: Partial<ProbedNic> = {}): ProbedNic => ({
  link: linkStateAt(number),
  rank: number + 1,
  reason: "carrier",
  paths: [pathWith("reached"), pathWith("no-route", ipv6)],
  verdict: verdict("reached"),
  ...changes,
});

const isDown = { isUp: false, hasCarrier: false, addresses: [] } as const;
const down = nicAt(1, {
  link: linkStateAt(1, isDown),
  paths: [pathWith("down")],
  verdict: verdict("down", "it is down", ["ip link set dev ens6 up"]),
});
const bridge: ProbedNic = {
  ...nicAt(3, { rank: null, paths: [], reason: "a bridge" }),
  link: { ...linkStateAt(3), name: "docker0" },
};
const result = { nics: [nicAt(0), down, bridge], kernel: null, note: null } as const;

test("without a terminal each line has one fact, after the name of its NIC", () => {
  expect(describeProbe(result, { verbose: false, columns: null }).split("\n")).toEqual([
    "IMDS answers through ens5, not through ens6.",
    "NIC ens5: up. IPv4 ok, 3 ms. IPv6 no-route, not needed. Addresses 10.0.0.10, 2001:db8:0::10.",
    "NIC ens6: down. No address.",
    "NIC ens6, why: it is down.",
    "NIC ens6, fix: ip link set dev ens6 up",
    "Not probed: docker0 (a bridge).",
    "",
  ]);
});

test("--verbose adds one line per NIC", () => {
  expect(describeProbe(result, { verbose: true, columns: null })).toContain(
    "NIC ens5, more: 06:aa:bb:cc:dd:00, ena, 0000:00:05.0; rank 1: carrier\n",
  );
});

test("kernel routing and the note have their lines", () => {
  const kernel = { link: "ens5", paths: [pathWith("no-route")], verdict: verdict("no-route") };
  const note = verdict("no-route", "curl does not reach it", ["ip route append x"]);
  const text = describeProbe({ nics: [nicAt(0)], kernel, note }, { verbose: false, columns: null });
  expect(text).toContain("Kernel routing: IPv4 no-route.\n");
  expect(text).toEndWith("Note, why: curl does not reach it.\nNote, fix: ip route append x\n");
});

test("control characters in a NIC's name are escaped", () => {
  const nic = nicAt(0, { link: { ...linkStateAt(0), name: "ens\u001b[2J" } });
  const text = describeProbe({ ...result, nics: [nic] }, { verbose: false, columns: null });
  expect(text).toContain("NIC ens\\x1b[2J: up.");
});

const crowded = nicAt(0, {
  link: linkStateAt(0, {
    addresses: Array.from({ length: 9 }, (_, at) => ({
      nic: "ens5",
      family: "ipv4" as const,
      address: `10.0.0.${at + 10}`,
      prefixLength: 24,
      scopeId: 0,
    })),
  }),
});

test("many addresses wrap within their column", () => {
  for (const columns of [60, 80, 200]) {
    const text = describeProbe({ ...result, nics: [crowded] }, { verbose: false, columns });
    const lines = text.split("\n");
    expect(lines.every((line) => line.length <= Math.min(80, columns))).toBe(true);
    expect(text).toContain("10.0.0.18");
    expect(lines.find((line) => line.startsWith("  "))).toMatch(/^ {35}10\.0\.0\.1\d/);
  }
});

test("a terminal that is too narrow for the table gets lines instead", () => {
  const text = describeProbe(result, { verbose: false, columns: 40 });
  expect(text).toBe(describeProbe(result, { verbose: false, columns: null }));
});
