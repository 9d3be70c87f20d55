import { expect, test } from "bun:test";
import { leasePriority, leaseTable, maxLeases } from "../../../src/ephemeral-dhcp/ip-commands.ts";
import { eniIndex, prioritiesOf, tableOf } from "../../../src/plan/config/table-numbers.ts";

const slots = Array.from({ length: maxLeases }, (_, slot) => slot);
const first = eniIndex({ isPrimary: true, networkCard: 0, deviceNumber: 0 });

test("the table of a lease is above the kernel's (255), and below the NICs' and busybox's limit (1024)", () => {
  const tables = slots.map(leaseTable);
  expect(new Set(tables).size).toBe(maxLeases);
  expect(Math.min(...tables)).toBeGreaterThan(255);
  expect(Math.max(...tables)).toBeLessThan(Math.min(1024, tableOf(first)));
});

test("the rule of a lease comes before the other rules of ec2nic and those of the VPC CNI (512)", () => {
  const priorities = slots.map(leasePriority);
  const others = Object.values(prioritiesOf(first));
  expect(Math.max(...priorities)).toBeLessThan(Math.min(512, ...others));
  expect(Math.min(...priorities)).toBeGreaterThan(0);
});
