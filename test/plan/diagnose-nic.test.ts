import { describe, expect, test } from "bun:test";
import type { ProbedWay } from "../../src/net/probed-nic.ts";
import type { VerdictWord } from "../../src/net/verdict.ts";
import { diagnoseNic } from "../../src/plan/diagnose/diagnose-nic.ts";
import { examinedWay, linkStateAt, probeOf } from "../support/examined-ways.ts";

describe("a NIC, of what came of IPv4 and IPv6", () => {
  const link = linkStateAt(1);
  const wayOf = (word: VerdictWord): ProbedWay => ({
    probe: probeOf({}),
    path: examinedWay().path,
    verdict: { word, text: "", mend: null },
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
