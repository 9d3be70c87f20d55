import { expect, test } from "bun:test";
import type { Difference } from "../../../../src/model/plan.ts";
import { repairedLines } from "../../../../src/output/plan/check.ts";
import { macAt } from "../../../kit/facts/nics.ts";

const missing: Difference = {
  mac: macAt(1),
  name: "ens6",
  kind: "address",
  what: "missing",
  text: "ens6: address 10.0.1.20 is missing",
  cidr: "10.0.1.20/32",
  isLeased: false,
};
const leased = { ...missing, text: "ens6: address 10.0.1.10 is missing", isLeased: true } as const;
const step = { argv: ["ip"], reason: missing.text, mac: macAt(1), timeoutMs: 1 };

test("a difference is listed as repaired only if a step repairs it", () => {
  expect(repairedLines([missing, leased], [step])).toEqual([
    "repaired: ens6: address 10.0.1.20 is missing",
  ]);
  expect(repairedLines([missing], [])).toEqual([]);
});
