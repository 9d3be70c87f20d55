import { describe, expect, test } from "bun:test";
import type { DhcpLease } from "../../../../src/model/dhcp.ts";
import { bound, planFor } from "../../../kit/facts/lease-model.ts";

test("a lease of an IPv6-only subnet needs no rules, and none are left over from before", () => {
  const lease = { address: "169.254.9.7", subnet: "169.254.9.7/32", routers: ["169.254.0.1"] };
  const { steps, reasons, nics } = planFor(bound(lease));
  expect(steps).toEqual([]);
  expect(nics).toMatchObject([{ name: "ens6", outcome: "unchanged" }]);
  expect(reasons.join()).toContain("no rules: 169.254.9.7 only reaches the VPC's services");
});

describe("a lease that is not from a VPC", () => {
  const table: readonly (readonly [Partial<DhcpLease>, string])[] = [
    [{ subnet: "10.0.0.0/15", routers: ["10.0.0.1"] }, "10.0.0.0/15 is not a VPC subnet"],
    [{ subnet: "10.0.1.8/29", routers: ["10.0.1.9"] }, "10.0.1.8/29 is not a VPC subnet"],
    [
      { routers: ["10.0.1.254"] },
      "a VPC's router would be 10.0.1.1, but the lease names 10.0.1.254",
    ],
    [{ routers: [] }, "the lease names none"],
    [{ address: "10.0.1.1" }, "10.0.1.1 cannot be an ENI's address"],
    [
      { address: "169.254.1.5", subnet: "169.254.1.0/24", routers: ["169.254.1.1"] },
      "169.254.1.5 cannot be an ENI's address",
    ],
  ];
  for (const [changes, reason] of table) {
    test(reason, () => {
      const { steps, reasons } = planFor(bound(changes));
      expect(steps).toEqual([]);
      expect(reasons.join()).toContain(reason);
    });
  }
});
