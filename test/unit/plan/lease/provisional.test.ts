import { describe, expect, test } from "bun:test";
import type { DhcpEvent } from "../../../../src/model/dhcp.ts";
import type { KernelState } from "../../../../src/model/kernel-state.ts";
import { configure } from "../../../../src/plan/config/configure.ts";
import { dropSettled } from "../../../../src/plan/lease/provisional.ts";
import {
  bound,
  commandsFor,
  enis,
  irrelevant,
  kernelAfter,
  kernelWithLeases,
  released,
  planFor,
  removalCommands,
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

describe("after the end of a lease", () => {
  const leased = kernelAfter(bound());
  const gone = {
    ...leased,
    addresses: leased.addresses.filter(({ link }) => link !== "ens6"),
    routes: leased.routes.filter(({ link }) => link !== "ens6"),
  };

  test("rules and table of the NIC are removed, found by its address", () => {
    const kernel = kernelAfter(released("10.0.1.10"), { kernel: leased });
    expect(kernel).toEqual(kernelWithLeases);
  });

  test("the NIC is retired, and unchanged if it had no table", () => {
    const outcomeIn = (kernel: KernelState) =>
      planFor(released("10.0.1.10"), { kernel }).nics.map(({ outcome }) => outcome);
    expect([outcomeIn(leased), outcomeIn(kernelWithLeases)]).toEqual([["retired"], ["unchanged"]]);
  });

  test("they are found by the table if the client does not pass the address", () => {
    expect(kernelAfter(released(null), { kernel: leased })).toEqual(kernelWithLeases);
  });

  test("they are found by rules without routes if the kernel removed the routes first", () => {
    expect(kernelAfter(released(null), { kernel: gone }).rules).toEqual([]);
    expect(kernelAfter(irrelevant, { kernel: gone }).rules).toEqual([]);
    // a lease that cannot be from a VPC is an event too
    const foreign = { ...bound({ routers: [] }), nic: "ens5" } as DhcpEvent;
    expect(kernelAfter(foreign, { kernel: gone }).rules).toEqual([]);
  });

  test("rules are removed without the address, and with an empty table", () => {
    const [addresses, routes] = [kernelWithLeases.addresses.slice(0, 1), kernelWithLeases.routes];
    expect(kernelAfter(irrelevant, { kernel: { ...leased, addresses } }).rules).toEqual([]);
    expect(kernelAfter(irrelevant, { kernel: { ...leased, routes } }).rules).toEqual([]);
  });

  test("rules of the address are removed, even if their table uses another NIC", () => {
    const routes = leased.routes.map((route) => {
      return route.table === 13_200 ? { ...route, link: "ens9" } : route;
    });
    expect(kernelAfter(released("10.0.1.10"), { kernel: { ...leased, routes } }).rules).toEqual([]);
  });

  test("rules and table of another NIC stay", () => {
    const event = { ...released("10.0.0.10"), nic: "ens5" } as DhcpEvent;
    expect(commandsFor(event, { kernel: leased })).toEqual([]);
    expect(commandsFor(irrelevant, { kernel: leased })).toEqual([]);
  });

  test("rules of other programs and those of ENIs stay", () => {
    const suppressed = { suppressPrefixLength: null, suppressGroup: null };
    const rule = { family: 4, from: "10.0.1.10/32", to: null, ...suppressed } as const;
    const rules = [
      { ...rule, priority: 3801, table: 10_001, isPlain: true },
      { ...rule, priority: 4824, table: 100, isPlain: true },
      { ...rule, priority: 4824, table: 13_200, isPlain: false },
    ];
    expect(commandsFor(released("10.0.1.10"), { kernel: { ...kernelWithLeases, rules } })).toEqual(
      [],
    );
  });
});

function swapMetric(route: KernelState["routes"][number]): KernelState["routes"][number] {
  return { ...route, metric: route.metric === 100 ? 101 : 100 };
}
