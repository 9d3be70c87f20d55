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
  false,
);
const linesOf = (kernel: KernelState, some = nics) =>
  dropSettled(some, kernel).map(({ argv }) => argv.join(" "));

test("what a lease alone made goes once its NIC is configured", () => {
  expect(linesOf(kernelAfter(bound()))).toEqual(removalCommands);
  expect(linesOf(kernelWithLeases)).toEqual([]);
});

test("that of a NIC that is not stays", () => {
  expect(linesOf(kernelAfter(bound()), nics.slice(0, 1))).toEqual([]);
});

test("nor of one that is not here", () => {
  expect(
    linesOf(kernelAfter(bound()), [{ ...(nics[1] ?? expect.unreachable()), name: null }]),
  ).toEqual([]);
});

describe("the primary, which has no rules of its own", () => {
  const better = {
    ...kernelWithLeases,
    routes: kernelWithLeases.routes.toReversed().map(swapMetric),
  };
  const event = bound({ address: "10.0.0.10", subnet: "10.0.0.0/24", routers: ["10.0.0.1"] });
  const overtaken = kernelAfter({ ...event, nic: "ens5" } as typeof event, { kernel: better });

  test("keeps what it needs while main's default leads out through another", () => {
    expect(overtaken.rules.length).toBe(4);
    expect(linesOf(overtaken)).toEqual([]);
  });

  test("and no longer", () => {
    const { routes } = overtaken;
    const back = routes.filter(({ table, link }) => table !== 254 || link === "ens5");
    expect(linesOf({ ...overtaken, routes: back })).toHaveLength(5);
  });
});

function swapMetric(route: KernelState["routes"][number]): KernelState["routes"][number] {
  return { ...route, metric: route.metric === 100 ? 101 : 100 };
}
