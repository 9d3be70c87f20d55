import { expect, test } from "bun:test";
import type { ExistingFile } from "../../../../src/model/plan.ts";
import { configure } from "../../../../src/plan/config/configure.ts";
import { findOccupiedSlots } from "../../../../src/plan/presence/occupied-slots.ts";
import { renderNetworkd } from "../../../../src/render/networkd.ts";
import { eniAt, linkAt, macAt } from "../../../kit/facts/nics.ts";

const enis = [eniAt(0), eniAt(1), eniAt(2, { networkCard: 3 })];
const nics = enis.map((eni) => ({ eni, link: linkAt(eni.deviceNumber) }));
const files: readonly ExistingFile[] = renderNetworkd(configure(nics, { ruleStyle: "group" }));

test("a present NIC occupies the slot in its file", () => {
  expect(findOccupiedSlots(files, [linkAt(0), linkAt(1), linkAt(2)])).toEqual([
    { mac: macAt(0), name: "ens5", networkCard: 0, deviceNumber: 0 },
    { mac: macAt(1), name: "ens6", networkCard: 0, deviceNumber: 1 },
    { mac: macAt(2), name: "ens7", networkCard: 3, deviceNumber: 2 },
  ]);
});

test("a file of a removed NIC occupies no slot, even if a VLAN has its MAC", () => {
  const vlan = linkAt(1, { name: "ens5.7", kind: "vlan" });
  expect(findOccupiedSlots(files, [linkAt(0), vlan]).map(({ name }) => name)).toEqual(["ens5"]);
});

test("a file of an admin occupies no slot", () => {
  const changed = files.map((file) => ({ ...file, content: `[Match]\n` }));
  expect(findOccupiedSlots(changed, [linkAt(0), linkAt(1)])).toEqual([]);
});
