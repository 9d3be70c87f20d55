import { describe, expect, test } from "bun:test";
import type {
  ProbedKernel,
  ProbedPath,
  RouteFact,
  VerdictWord,
} from "../../../../src/model/probe.ts";
import { diagnoseNic, diagnoseUnboundRouting } from "../../../../src/probe/diagnose/diagnose.ts";
import { pathEvidence, linkStateAt, probeOf } from "../../../kit/facts/path-evidence.ts";

describe("a NIC, of what came of IPv4 and IPv6", () => {
  const link = linkStateAt(1);
  const wayOf = (word: VerdictWord): ProbedPath => ({
    probe: probeOf({}),
    pathFacts: pathEvidence().pathFacts,
    verdict: { word, text: "", fix: null },
  });
  const table: readonly (readonly [VerdictWord, VerdictWord, VerdictWord])[] = [
    ["reached", "no-route", "reached"],
    ["no-address", "reached", "reached"],
    ["rp-filter", "no-route", "rp-filter"],
    ["no-address", "no-route", "no-address"],
    ["no-address", "firewall", "firewall"],
    ["no-answer", "switched-off", "switched-off"],
    ["no-answer", "no-answer", "no-answer"],
  ];
  for (const [first, second, whole] of table) {
    test(`${first} and ${second}: ${whole}`, () => {
      expect(diagnoseNic(link, [wayOf(first), wayOf(second)]).word).toBe(whole);
    });
  }

  test("one that is down is that and nothing else", () => {
    const down = linkStateAt(1, { isUp: false });
    expect(diagnoseNic(down, [wayOf("no-address")]).word).toBe("down");
  });

  test("nothing was asked", () => {
    expect(diagnoseNic(link, []).word).toBe("not-asked");
  });
});

describe("what keeps programs that bind to no NIC from IMDS", () => {
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
  const way = { kind: "route", gateway: null, nic: "ens5" } as const;

  test("nothing, or nothing that is known", () => {
    expect(noteOf(way)).toBeNull();
    expect(noteOf(null)).toBeNull();
    expect(noteOf({ kind: "none" }, way)).toBeNull();
    expect(noteOf()).toBeNull();
  });

  test("no route: the one to add", () => {
    const fix = ["ip route append 169.254.169.254 dev ens6"];
    expect(noteOf({ kind: "none" })).toMatchObject({ word: "no-route", fix: fix });
  });

  test("a prohibit route", () => {
    const note = noteOf({ kind: "forbidden" });
    expect(note).toMatchObject({ word: "prohibited", fix: null });
    expect(note?.text).toContain("uses a NIC only with --interface");
  });

  test("what they come to is known, and goes before what the routes say", () => {
    const reached = { link: "br0", paths: [], verdict: ok };
    expect(noteWith(reached, { kind: "none" })).toBeNull();
    const verdict = { word: "firewall", text: "it drops", fix: ["x"] } as const;
    const note = noteWith({ link: "ens5", paths: [], verdict }, way);
    expect(note).toMatchObject({ word: "firewall", fix: ["x"] });
    expect(note?.text).toEndWith("do not reach IMDS: it drops");
  });
});
