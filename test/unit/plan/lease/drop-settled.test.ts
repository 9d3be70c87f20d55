import { describe, expect, test } from "bun:test";
import type { KernelState } from "../../../../src/model/kernel-state.ts";
import { configure } from "../../../../src/plan/config/configure.ts";
import { dropSettled } from "../../../../src/plan/lease/provisional.ts";
import {
  kernelAfter,
  bound,
  removalCommands,
  enis,
  kernelWithLeases,
} from "../../../kit/facts/lease-model.ts";
import { linkAt } from "../../../kit/facts/nics.ts";

const { nics } = configure(
  enis.map((eni) => ({ eni, link: linkAt(eni.deviceNumber) })),
  { ruleStyle: "prefix" },
);
const linesOf = (kernel: KernelState, some = nics) =>
  dropSettled(some, kernel).map(({ argv }) => argv.join(" "));

test("provisional routes and rules of a configured NIC are removed", () => {
  expect(linesOf(kernelAfter(bound()))).toEqual(removalCommands);
  expect(linesOf(kernelWithLeases)).toEqual([]);
});

test("those of a NIC that is not configured stay", () => {
  expect(linesOf(kernelAfter(bound()), nics.slice(0, 1))).toEqual([]);
});

test("those of an absent NIC stay", () => {
  expect(
    linesOf(kernelAfter(bound()), [{ ...(nics[1] ?? expect.unreachable()), name: null }]),
  ).toEqual([]);
});

describe("the primary, whose table has no default route", () => {
  const otherDefault = {
    ...kernelWithLeases,
    routes: kernelWithLeases.routes.toReversed().map(swapMetric),
  };
  const event = bound({ address: "10.0.0.10", subnet: "10.0.0.0/24", routers: ["10.0.0.1"] });
  const provisional = kernelAfter({ ...event, nic: "ens5" } as typeof event, {
    kernel: otherDefault,
  });

  test("keeps its provisional rules while main's default route uses another NIC", () => {
    expect(provisional.rules.length).toBe(3);
    expect(linesOf(provisional)).toEqual([]);
  });

  test("loses its provisional rules when main's default route uses it", () => {
    const { routes } = provisional;
    const restored = routes.filter(({ table, link }) => table !== 254 || link === "ens5");
    expect(linesOf({ ...provisional, routes: restored })).toHaveLength(4);
  });
});

function swapMetric(route: KernelState["routes"][number]): KernelState["routes"][number] {
  return { ...route, metric: route.metric === 100 ? 101 : 100 };
}
