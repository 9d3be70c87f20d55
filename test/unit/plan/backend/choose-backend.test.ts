import { describe, expect, test } from "bun:test";
import { Failure } from "../../../../src/exit.ts";
import type { BackendFacts } from "../../../../src/model/backend-facts.ts";
import { chooseBackend } from "../../../../src/plan/backend/choose-backend.ts";
import {
  notEnabled,
  backendCases,
  notInstalled,
  noNetplan,
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
