import { describe, expect, test } from "bun:test";
import { Failure } from "../../../../src/exit.ts";
import type { BackendFacts } from "../../../../src/model/backend-facts.ts";
import { chooseBackend } from "../../../../src/plan/backend/choose.ts";
import { lying, machines, missing, noNetplan } from "../../../kit/facts/backend-facts.ts";

const factsOf = (facts: Partial<BackendFacts>): BackendFacts => ({
  hasSystemd: true,
  netplan: noNetplan,
  networkManager: missing,
  networkd: missing,
  ...facts,
});

describe("who is in charge of", () => {
  test.each([...machines])("$name", ({ facts, wish, stage, chosen, trace }) => {
    const found = chooseBackend(factsOf(facts), wish ?? "auto", stage ?? "network");
    const renderer = found.renderer === null ? "" : `/${found.renderer}`;
    expect(`${found.backend}${renderer}${found.isRunning ? "" : "-"}`).toBe(chosen);
    expect(found.trace).toEqual([...trace]);
  });
});

describe("nobody is in charge of", () => {
  test.each([
    ["a machine without any", {}, "no network backend is in charge: netplan: not installed; "],
    ["one with daemons that lie about", { networkManager: lying, networkd: lying }, "not enabled"],
    ["a container without systemd", { hasSystemd: false }, "systemd does not run here"],
  ])("%s", (_, facts, message) => {
    for (const stage of ["local", "network"] as const) {
      const choose = () => chooseBackend(factsOf(facts), "auto", stage);
      expect(choose).toThrow(Failure);
      expect(choose).toThrow(expect.objectContaining({ kind: "CONFIG" }));
      expect(choose).toThrow(message);
    }
  });
});
