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

test("a run that asked IMDS takes away what was provisional of the NICs it configured", () => {
  const standing = kernelAfter(bound());
  const settled = { nics: ["ens5", "ens6"], address: null, wanted: [] };
  const argvs = dropProvisional(settled, standing).map(({ argv }) => argv.slice(2, 4).join(" "));
  expect(argvs).toEqual(["rule flush", "rule flush", "rule flush", "rule flush", "route flush"]);
  expect(dropProvisional({ ...settled, nics: ["ens5"] }, standing)).toEqual([]);
});

describe("a lease that is no more", () => {
  const standing = kernelAfter(bound());
  const gone = {
    ...standing,
    addresses: standing.addresses.filter(({ link }) => link !== "ens6"),
    routes: standing.routes.filter(({ link }) => link !== "ens6"),
  };

  test("rules and table of the NIC go, told by its address", () => {
    const kernel = kernelAfter(released("10.0.1.10"), { kernel: standing });
    expect(kernel).toEqual(kernelWithLeases);
  });

  test("or by its table, where the client does not tell the address", () => {
    expect(kernelAfter(released(null), { kernel: standing })).toEqual(kernelWithLeases);
  });

  test("or by its rules that lead nowhere, where the kernel was quicker", () => {
    expect(kernelAfter(released(null), { kernel: gone }).rules).toEqual([]);
    expect(kernelAfter(irrelevant, { kernel: gone }).rules).toEqual([]);
  });

  test("its address alone is gone, or its table alone is empty: no use either", () => {
    const [addresses, routes] = [kernelWithLeases.addresses.slice(0, 1), kernelWithLeases.routes];
    expect(kernelAfter(irrelevant, { kernel: { ...standing, addresses } }).rules).toEqual([]);
    expect(kernelAfter(irrelevant, { kernel: { ...standing, routes } }).rules).toEqual([]);
  });

  test("rules of its address go, whichever NIC their table leads out through", () => {
    const routes = standing.routes.map((route) => {
      return route.table === 13_900 ? { ...route, link: "ens9" } : route;
    });
    expect(kernelAfter(released("10.0.1.10"), { kernel: { ...standing, routes } }).rules).toEqual(
      [],
    );
  });

  test("another NIC's stay", () => {
    const event = { ...released("10.0.0.10"), nic: "ens5" } as DhcpEvent;
    expect(commandsFor(event, { kernel: standing })).toEqual([]);
    expect(commandsFor(irrelevant, { kernel: standing })).toEqual([]);
  });

  test("rules of anybody else's, and those of ENIs, are not touched", () => {
    const rule = { family: 4, from: "10.0.1.10/32", to: null, ignoresDefault: false } as const;
    const rules = [
      { ...rule, priority: 10_001, table: 10_001, isPlain: true },
      { ...rule, priority: 13_900, table: 100, isPlain: true },
      { ...rule, priority: 13_900, table: 13_900, isPlain: false },
    ];
    expect(commandsFor(released("10.0.1.10"), { kernel: { ...kernelWithLeases, rules } })).toEqual(
      [],
    );
  });
});
