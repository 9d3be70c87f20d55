import { describe, expect, test } from "bun:test";
import type {
  ProbedKernel,
  ProbedPath,
  RouteFact,
  VerdictWord,
} from "../../../../src/model/probe.ts";
import { diagnoseNic, diagnoseUnboundRouting } from "../../../../src/probe/diagnose/diagnose.ts";
import { pathEvidence, linkStateAt, probeOf } from "../../../kit/facts/path-evidence.ts";

describe("the verdict on a NIC from its verdicts on IPv4 and IPv6", () => {
  const link = linkStateAt(1);
  const pathWith = (word: VerdictWord, endpoint = "http://169.254.169.254"): ProbedPath => ({
    probe: { ...probeOf({}), endpoint },
    pathFacts: pathEvidence().pathFacts,
    verdict: { word, text: "", fix: null },
  });
  const table: readonly (readonly [VerdictWord, VerdictWord, VerdictWord])[] = [
    ["reached", "no-route", "reached"],
    ["no-address", "reached", "reached"],
    ["rp-filter", "no-route", "rp-filter"],
    ["no-address", "no-route", "no-address"],
    ["no-address", "firewall", "firewall"],
    ...(
      ["switched-off", "throttled", "service-error", "hop-limit", "silent", "not-imds"] as const
    ).map((word) => ["no-answer", word, word] as const),
    ["no-answer", "no-answer", "no-answer"],
    // IMDS over IPv6 is off unless it is enabled; the address is missing in an IPv6-only subnet too
    ["no-address", "no-answer", "no-address"],
  ];
  for (const [first, second, expected] of table) {
    test(`${first} and ${second}: ${expected}`, () => {
      expect(
        diagnoseNic(link, [pathWith(first), pathWith(second, "http://[fd00:ec2::254]")]).word,
      ).toBe(expected);
    });
  }

  test("a NIC that is down is always down", () => {
    const down = linkStateAt(1, { isUp: false });
    expect(diagnoseNic(down, [pathWith("no-address")]).word).toBe("down");
  });

  test("a NIC without a probed path is not-asked", () => {
    expect(diagnoseNic(link, []).word).toBe("not-asked");
  });
});

describe("a temporary lease, beside the link-local address that every NIC has", () => {
  const [own, other] = linkStateAt(1).addresses;
  const addresses = [
    ...(own === undefined ? [] : [{ ...own, isTemporary: true as const }]),
    ...(other === undefined ? [] : [{ ...other, address: "fe80::1" }]),
  ];
  const link = linkStateAt(1, { addresses });
  const verdict = { word: "reached", text: "IMDS answers", fix: null } as const;
  const pathFacts = { ...pathEvidence().pathFacts, unboundRoute: { kind: "none" } as const };
  const paths = [{ probe: probeOf({}), pathFacts, verdict }];

  test("is named in the verdict", () => {
    expect(diagnoseNic(link, paths).text).toBe(
      "IMDS answers, over a temporary DHCP lease, because the NIC has no address of its own",
    );
    expect(diagnoseNic(linkStateAt(1), paths)).toBe(verdict);
    expect(diagnoseNic(null, paths)).toBe(verdict);
  });

  test("leads to no note on other programs, which have no lease", () => {
    const nic = { link, rank: 1, reason: "", paths, verdict };
    expect(diagnoseUnboundRouting([nic], null)).toBeNull();
  });
});

describe("the note on programs that bind to no NIC", () => {
  const ok = { word: "reached", text: "", fix: null } as const;
  const noteWith = (kernel: ProbedKernel | null, ...routes: readonly (RouteFact | null)[]) => {
    const probe = probeOf({ connect: "ok", token: "ok", read: "ok" });
    const paths = routes.map((unboundRoute) => ({
      probe,
      pathFacts: { ...pathEvidence().pathFacts, unboundRoute },
      verdict: ok,
    }));
    return diagnoseUnboundRouting(
      [
        { link: linkStateAt(1), rank: 1, reason: "", paths, verdict: ok },
        { link: linkStateAt(2), rank: 2, reason: "", paths: [], verdict: ok },
      ],
      kernel,
    );
  };
  const noteOf = (...routes: readonly (RouteFact | null)[]) => noteWith(null, ...routes);
  const route = { kind: "route", gateway: null, nic: "ens5" } as const;

  test("there is no note if a route exists or nothing is known", () => {
    expect(noteOf(route)).toBeNull();
    expect(noteOf(null)).toBeNull();
    expect(noteOf({ kind: "none" }, route)).toBeNull();
    expect(noteOf()).toBeNull();
  });

  test("without a route the note has the route to add", () => {
    const fix = ["ip route append 169.254.169.254 dev ens6"];
    expect(noteOf({ kind: "none" })).toMatchObject({ word: "no-route", fix: fix });
  });

  test("a prohibit route has a note without a fix", () => {
    const note = noteOf({ kind: "forbidden" });
    expect(note).toMatchObject({ word: "prohibited", fix: null });
    expect(note?.text).toContain("uses a NIC only with --interface");
  });

  test("a probe over kernel routing outranks what the routes show", () => {
    const reached = { link: "br0", paths: [], verdict: ok };
    expect(noteWith(reached, { kind: "none" })).toBeNull();
    const verdict = { word: "firewall", text: "a rule drops it", fix: ["x"] } as const;
    const note = noteWith({ link: "ens5", paths: [], verdict }, route);
    const fix = ["ip route append 169.254.169.254 dev ens6"]; // over the NIC that reaches IMDS
    expect(note).toMatchObject({ word: "firewall", fix });
    expect(note?.text).toEndWith("do not reach IMDS: a rule drops it");
  });
});
