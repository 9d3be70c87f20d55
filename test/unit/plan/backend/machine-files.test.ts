import { expect, test } from "bun:test";
import type { ExistingFile } from "../../../../src/model/plan.ts";
import { networkManagerDnsPath, networkdConfigPath } from "../../../../src/model/managed-paths.ts";
import { planNetworkdConfig } from "../../../../src/plan/backend/machine-files.ts";
import { planNetwork } from "../../../../src/plan/files/plan-network.ts";
import { choiceOf } from "../../../kit/facts/choices.ts";
import { eniAt, linkAt } from "../../../kit/facts/nics.ts";

const [foreign] = planNetworkdConfig(choiceOf("networkd").activation);
const existing = (path: string, content: string): ExistingFile => ({ path, content, mode: 0o644 });

function planWith(
  files: readonly ExistingFile[],
  machineFiles = planNetworkdConfig(choiceOf("networkd").activation),
) {
  const state = { files, unmanaged: null };
  const facts = { enis: [eniAt(0)], incomplete: [], links: [linkAt(0)], state };
  return planNetwork(facts, { ...choiceOf("networkd"), machineFiles });
}

test("networkd, by itself or below netplan, is told to leave what others made; others are not", () => {
  const isTold = [
    choiceOf("networkd"),
    choiceOf("netplan", "networkd"),
    choiceOf("netplan", "NetworkManager"),
    choiceOf("network-manager"),
  ].map(({ activation }) => planNetworkdConfig(activation).length === 1);
  expect(isTold).toEqual([true, true, false, false]);
  expect(foreign?.content).toMatch(/^# written by ec2nic/);
});

test("a file of no NIC is written once, and no NIC is changed by it", () => {
  const first = planWith([]);
  expect(first.write.map(({ path }) => path)).toContain(networkdConfigPath);
  const nicFiles = first.write.filter(({ path }) => path !== networkdConfigPath);
  const second = planWith(nicFiles);
  expect(second.write).toEqual(foreign === undefined ? [] : [foreign]);
  expect(second.nics.map(({ outcome }) => outcome)).toEqual(["unchanged"]);
  expect(planWith([...nicFiles, ...second.write]).write).toEqual([]);
});

test("one that is not needed any more goes, unless it is somebody else's", () => {
  const ours = existing(networkManagerDnsPath, "# written by ec2nic\n[main]\ndns=none\n");
  expect(planWith([ours])).toMatchObject({
    remove: [networkManagerDnsPath],
    reasons: expect.arrayContaining([`${networkManagerDnsPath}: no longer needed: removed`]),
  });
  expect(planWith([existing(networkManagerDnsPath, "[main]\n")]).remove).toEqual([]);
});
