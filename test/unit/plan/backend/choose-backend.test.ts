import { describe, expect, test } from "bun:test";
import { Failure } from "../../../../src/exit.ts";
import type { BackendFacts } from "../../../../src/model/backend-facts.ts";
import { chooseBackend } from "../../../../src/plan/backend/choose-backend.ts";
import {
  enabled,
  notEnabled,
  backendCases,
  notInstalled,
  noNetplan,
  running,
} from "../../../kit/facts/backend-cases.ts";

const factsOf = (facts: Partial<BackendFacts>): BackendFacts => ({
  hasSystemd: true,
  netplan: noNetplan,
  networkManager: notInstalled,
  networkd: notInstalled,
  systemdVersion: 257,
  ...facts,
});

describe("a backend is in charge of", () => {
  test.each([...backendCases])("$name", ({ facts, requested, stage, chosen, trace }) => {
    const found = chooseBackend(factsOf(facts), requested ?? "auto", stage ?? "network");
    const renderer = found.renderer === null ? "" : `/${found.renderer}`;
    expect(`${found.backend}${renderer}${found.isRunning ? "" : "-"}`).toBe(chosen);
    expect(found.trace).toEqual([...trace]);
  });
});

describe("a daemon that is told to leave every NIC alone is not in charge", () => {
  const leavesAllAlone = "a file says so";

  test("both daemons run", () => {
    const networkManager = { ...running, leavesAllAlone };
    const facts = factsOf({ networkManager, networkd: running });
    const { backend, trace } = chooseBackend(facts, "auto", "network");
    expect(backend).toBe("networkd");
    expect(trace.slice(1)).toEqual([
      "network-manager: enabled, running, but it leaves every NIC alone: a file says so",
      "networkd: enabled, running",
      "networkd is in charge, because it is running",
    ]);
  });

  test("both daemons are enabled", () => {
    const networkd = { ...enabled, leavesAllAlone };
    const facts = factsOf({ networkManager: enabled, networkd });
    const { backend, trace } = chooseBackend(facts, "auto", "local");
    expect(backend).toBe("network-manager");
    expect(trace.at(-1)).toBe("network-manager is in charge, because it is enabled");
  });
});

describe("no backend is in charge of", () => {
  test.each([
    [
      "a machine without a backend",
      {},
      "no network backend manages the NICs of this machine (netplan: not installed; ",
    ],
    [
      "a machine with disabled daemons",
      { networkManager: notEnabled, networkd: notEnabled },
      "not enabled",
    ],
    [
      "a machine whose only daemon is told to leave every NIC alone",
      {
        networkManager: { ...notEnabled, isRunning: true, leavesAllAlone: "conf.d says so" },
      },
      "but it leaves every NIC alone: conf.d says so",
    ],
    ["a container without systemd", { hasSystemd: false }, "systemd does not run here"],
  ])("%s", (_, facts, message) => {
    for (const stage of ["local", "network"] as const) {
      const choose = () => chooseBackend(factsOf(facts), "auto", stage);
      expect(choose).toThrow(Failure);
      const hint = expect.stringContaining(
        "--backend netplan, --backend network-manager, --backend",
      );
      expect(choose).toThrow(expect.objectContaining({ kind: "CONFIG", hint }));
      expect(choose).toThrow(message);
    }
  });
});
