import { describe, expect, test } from "bun:test";
import { dropProvisional } from "../../../../src/plan/lease/provisional.ts";
import type { DhcpEvent } from "../../../../src/model/dhcp.ts";
import {
  kernelAfter,
  bound,
  commandsFor,
  kernelWithLeases,
  irrelevant,
  released,
} from "../../../kit/facts/lease-model.ts";

test("a run that read IMDS removes the provisional objects of the NICs that it configured", () => {
  const leased = kernelAfter(bound());
  const settled = { nics: ["ens5", "ens6"], address: null, wanted: [] };
  const argvs = dropProvisional(settled, leased).map(({ argv }) => argv.slice(2, 4).join(" "));
  expect(argvs).toEqual(["rule flush", "rule flush", "rule flush", "route flush"]);
  expect(dropProvisional({ ...settled, nics: ["ens5"] }, leased)).toEqual([]);
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

  test("they are found by the table if the client does not pass the address", () => {
    expect(kernelAfter(released(null), { kernel: leased })).toEqual(kernelWithLeases);
  });

  test("they are found by rules without routes if the kernel removed the routes first", () => {
    expect(kernelAfter(released(null), { kernel: gone }).rules).toEqual([]);
    expect(kernelAfter(irrelevant, { kernel: gone }).rules).toEqual([]);
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
