import { expect, test } from "bun:test";
import type { Activation } from "../../../../src/model/plan.ts";
import { reactivateSteps } from "../../../../src/plan/backend/activation-steps.ts";
import { macAt } from "../../../kit/facts/nics.ts";

const nic = { mac: macAt(1), name: "ens6", isPrimary: false };
const networkd: Activation = {
  backend: "networkd",
  renderer: null,
  stage: "network",
  isRunning: true,
  hasSystemd: true,
  activeProfiles: {},
};
const argvs = (change: Partial<Activation>, name: string | null = "ens6") =>
  reactivateSteps({ ...nic, name }, { ...networkd, ...change }).map(({ argv }) => argv.join(" "));

test("networkd reconfigures only that link", () => {
  expect(argvs({})).toEqual(["networkctl reconfigure ens6"]);
  expect(argvs({ backend: "netplan", renderer: "networkd" })).toEqual([
    "networkctl reconfigure ens6",
  ]);
});

test("NetworkManager activates ec2nic's profile on it", () => {
  const up = "nmcli --wait 45 connection up uuid 6563326e-6963-8000-8000-06aabbccdd01 ifname ens6";
  expect(argvs({ backend: "network-manager" })).toEqual([up]);
  expect(argvs({ backend: "netplan", renderer: "NetworkManager" })).toEqual([up]);
});

test("there are no steps before the daemon runs or without the link", () => {
  expect(argvs({ stage: "local" })).toEqual([]);
  expect(argvs({ isRunning: false })).toEqual([]);
  expect(argvs({}, null)).toEqual([]);
});
