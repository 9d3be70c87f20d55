import { describe, expect, test } from "bun:test";
import type { KernelState } from "../../../src/model/kernel-state.ts";
import type { CollectedFacts } from "../../../src/plan/facts.ts";
import { planActivation } from "../../../src/plan/plan-activation.ts";
import { noNetplan, notInstalled } from "../../kit/facts/backend-cases.ts";
import { expectedKernelFor, kernelAsExpected, kernelRoute } from "../../kit/facts/kernel-model.ts";
import { eniAt, familyOf, linkAt, macAt } from "../../kit/facts/nics.ts";

const enis = [eniAt(0), eniAt(1, { ipv4: familyOf(["10.0.1.10", "10.0.1.20"], "10.0.1.0/24") })];
const clean = kernelAsExpected(expectedKernelFor(enis));
const running = { isInstalled: true, isEnabled: true, isRunning: true };
const facts: CollectedFacts = {
  facts: {
    enis,
    incomplete: [],
    links: [linkAt(0), linkAt(1)],
    state: { files: [], unmanaged: null },
  },
  backends: {
    hasSystemd: true,
    systemdVersion: 252,
    netplan: noNetplan,
    networkManager: notInstalled,
    networkd: running,
  },
  dns: { resolvConf: null, hasNetworkManager: false, setting: null },
  otherFiles: [],
  profiles: {},
  daemonLinks: {},
  stage: "network",
  stageReason: "stage network: the machine runs",
  kernel: clean,
  interruptedRun: null,
  repairNotes: { tried: [], told: [] },
  devices: [],
};
const { write } = planActivation(facts, { backend: "auto" });
const withFiles = (files = write) => {
  return { facts: { ...facts.facts, state: { files, unmanaged: null } } };
};
const planOf = (changes: Partial<CollectedFacts>) =>
  planActivation({ ...facts, ...withFiles(), ...changes }, { backend: "auto" });
const commandsOf = (changes: Partial<CollectedFacts>) =>
  planOf(changes).steps.map(({ argv }) => argv.join(" "));

const addresses = clean.addresses.filter(({ address }) => address !== "10.0.1.20");
const drifted: KernelState = { ...clean, addresses };
const repair = "ip -4 address replace 10.0.1.20/32 dev ens6 noprefixroute";
const filesOf = (number: number) => write.filter(({ mac }) => mac === macAt(number));

test("a plan for a machine that is configured is empty", () => {
  const { steps, rollback, differences, warnings } = planOf({});
  expect({ steps, rollback, differences, warnings }).toEqual({
    steps: [],
    rollback: [],
    differences: [],
    warnings: [],
  });
});

test("the reasons begin with the stage and the backend", () => {
  expect(planOf({}).reasons.slice(0, 5)).toEqual([
    "stage network: the machine runs",
    "netplan: not installed",
    "network-manager: not installed",
    "networkd: enabled, running",
    "networkd is in charge, because it is running",
  ]);
});

describe("what the kernel has lost", () => {
  test("is added if the NIC's files are unchanged", () => {
    expect(commandsOf({ kernel: drifted })).toEqual([repair]);
  });

  test("is left to the daemon if the NIC's files change, and is a difference", () => {
    const changes = { kernel: drifted, ...withFiles(write.filter(({ mac }) => mac !== macAt(1))) };
    expect(commandsOf(changes)).toEqual(["networkctl reload"]);
    expect(planOf(changes).differences.map(({ kind }) => kind)).toEqual(["file", "address"]);
    expect(planOf(changes).rollback).toEqual(planOf(changes).steps);
  });

  test("is added although the files of another NIC change", () => {
    const others = withFiles(write.filter(({ mac }) => mac !== macAt(0)));
    expect(commandsOf({ kernel: drifted, ...others })).toEqual(["networkctl reload", repair]);
  });

  test("is not added before the daemons start", () => {
    expect(commandsOf({ kernel: drifted, stage: "local" })).toEqual([]);
  });

  test("is unknown if the kernel was not read", () => {
    expect(planOf({ kernel: null })).toMatchObject({ steps: [], differences: [] });
  });
});

test("files that a killed run wrote are activated, although they are up to date", () => {
  const previous = filesOf(1).map((file) => ({ ...file, content: null }));
  const interruptedRun = { previous, reachability: null };
  expect(commandsOf({ interruptedRun, kernel: drifted })).toEqual(["networkctl reload"]);
  expect(planOf({ interruptedRun }).write).toEqual([]);
});

test("a provisional table is removed only after its NIC is configured", () => {
  const route = kernelRoute("ens6", { destination: "10.0.1.0/24", table: 13_200 });
  const kernel = { ...clean, routes: [...clean.routes, route] };
  const flush = "ip -4 route flush table 13200";
  const missing = withFiles(filesOf(0));
  const stopped = { ...facts.backends, networkd: { ...running, isRunning: false } };
  expect(commandsOf({ kernel })).toEqual([flush]);
  expect(commandsOf({ kernel, ...missing })).toEqual(["networkctl reload", flush]);
  expect(commandsOf({ kernel, ...missing, backends: stopped })).toEqual([]);
  expect(commandsOf({ kernel, stage: "local" })).toEqual([]);
});

test("the admin is warned of a daemon that does not run, and of an invalid line", () => {
  const backends = { ...facts.backends, networkd: { ...running, isRunning: false } };
  const state = { files: write, unmanaged: "/\n" };
  expect(planOf({ backends, facts: { ...facts.facts, state } }).warnings).toEqual([
    expect.stringContaining("/etc/ec2nic/unmanaged:1"),
    "networkd does not run, so only files are written",
  ]);
});

test("another program's file that matches the NIC's driver is a reason", () => {
  const path = "/etc/systemd/network/05-admin.network";
  const otherFiles = [{ path, content: "[Match]\nDriver=virtio_net\n" }];
  const links = [linkAt(0), linkAt(1, { driver: "virtio_net" })];
  const { reasons } = planOf({ otherFiles, facts: { ...facts.facts, links } });
  const conflicts = reasons.filter((reason) => reason.startsWith(path));
  expect(conflicts).toEqual([expect.stringContaining(`networkd uses it for ens6 (${macAt(1)})`)]);
});

test.each([
  ["networkd", "/etc/systemd/network/60-ec2nic-06aabbccdd00.network"],
  ["network-manager", "/etc/NetworkManager/system-connections/ec2nic-06aabbccdd00.nmconnection"],
  ["netplan", "/etc/netplan/60-ec2nic-06aabbccdd00.yaml"],
] as const)("--backend %s has its own files", (backend, path) => {
  const plan = planActivation(facts, { backend });
  expect(plan.write.find(({ mac }) => mac === macAt(0))?.path).toBe(path);
});

test("NetworkManager gets its file for DNS, and networkd its own for other programs' routes", () => {
  const dns = {
    resolvConf: { target: null, text: "nameserver 10.0.0.2\n" },
    hasNetworkManager: true,
    setting: null,
  };
  expect(planOf({ ...withFiles([]), dns }).write.map(({ path }) => path)).toEqual([
    "/etc/NetworkManager/conf.d/90-ec2nic-dns.conf",
    "/etc/systemd/network/60-ec2nic-06aabbccdd00.network",
    "/etc/systemd/network/60-ec2nic-06aabbccdd01.network",
    "/etc/systemd/networkd.conf.d/60-ec2nic.conf",
  ]);
});
