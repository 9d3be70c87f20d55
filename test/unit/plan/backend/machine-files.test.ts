import { expect, test } from "bun:test";
import type { ExistingFile } from "../../../../src/model/plan.ts";
import { networkManagerDnsPath, networkdConfigPath } from "../../../../src/model/managed-paths.ts";
import { planNetworkdConfig } from "../../../../src/plan/backend/machine-files.ts";
import { planNetwork } from "../../../../src/plan/files/plan-network.ts";
import { choiceOf } from "../../../kit/facts/choices.ts";
import { eniAt, linkAt } from "../../../kit/facts/nics.ts";

const [networkdConfig] = planNetworkdConfig(choiceOf("networkd").activation);
const existing = (path: string, content: string): ExistingFile => ({ path, content, mode: 0o644 });

function planWith(
  files: readonly ExistingFile[],
  machineFiles = planNetworkdConfig(choiceOf("networkd").activation),
) {
  const state = { files, unmanaged: null };
  const facts = { enis: [eniAt(0)], incomplete: [], links: [linkAt(0)], state };
  return planNetwork(facts, { ...choiceOf("networkd"), machineFiles });
}

test("networkd alone or below netplan is configured to keep other programs' routes, NetworkManager is not", () => {
  const isConfigured = [
    choiceOf("networkd"),
    choiceOf("netplan", "networkd"),
    choiceOf("netplan", "NetworkManager"),
    choiceOf("network-manager"),
  ].map(({ activation }) => planNetworkdConfig(activation).length === 1);
  expect(isConfigured).toEqual([true, true, false, false]);
  const [mark, ...lines] = networkdConfig?.content.split("\n") ?? [];
  expect(mark).toStartWith("# written by ec2nic");
  expect(lines).toEqual([
    "[Network]",
    "ManageForeignRoutes=no",
    "ManageForeignRoutingPolicyRules=no",
    "",
  ]);
});

test("a file of no NIC is written once and changes no NIC", () => {
  const first = planWith([]);
  expect(first.write.map(({ path }) => path)).toContain(networkdConfigPath);
  const nicFiles = first.write.filter(({ path }) => path !== networkdConfigPath);
  const second = planWith(nicFiles);
  expect(second.write).toEqual(networkdConfig === undefined ? [] : [networkdConfig]);
  expect(second.nics.map(({ outcome }) => outcome)).toEqual(["unchanged"]);
  expect(planWith([...nicFiles, ...second.write]).write).toEqual([]);
});

test("a file that is no longer needed is removed if ec2nic wrote it", () => {
  const managed = existing(networkManagerDnsPath, "# written by ec2nic\n[main]\ndns=none\n");
  expect(planWith([managed])).toMatchObject({
    remove: [networkManagerDnsPath],
    reasons: expect.arrayContaining([
      `${networkManagerDnsPath} is removed, because it is no longer needed`,
    ]),
  });
  expect(planWith([existing(networkManagerDnsPath, "[main]\n")]).remove).toEqual([]);
});
