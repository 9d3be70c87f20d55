import { describe, expect, test } from "bun:test";
import type { DhcpEvent } from "../../../../src/model/dhcp.ts";
import { freeProvisionalIndex } from "../../../../src/plan/lease/provisional.ts";
import {
  kernelAddress,
  expectedKernelFor,
  kernelAsExpected,
  kernelRoute,
} from "../../../kit/facts/kernel-model.ts";
import {
  kernelAfter,
  bound,
  commandsFor,
  removalCommands,
  enis,
  renderFiles,
  kernelWithLeases,
  withFiles,
  planFor,
  provisionalCommands,
  released,
} from "../../../kit/facts/lease-model.ts";
import { linkAt } from "../../../kit/facts/nics.ts";

describe("a NIC without a managed file", () => {
  test("gets a provisional table, whose number no ENI can have", () => {
    expect(commandsFor(bound())).toEqual(provisionalCommands);
  });

  test("needs no command for the same lease again", () => {
    expect(commandsFor(bound(), { kernel: kernelAfter(bound()) })).toEqual([]);
  });

  test("gets no table if main's default route uses it, with the reason", () => {
    const { steps, reasons } = planFor(bound(), {
      kernel: { ...kernelWithLeases, routes: kernelWithLeases.routes.slice(1) },
    });
    expect(steps).toEqual([]);
    expect(reasons.join()).toContain("main table's default route uses it");
  });

  test("gets a table if two default routes have the same metric", () => {
    const routes = kernelWithLeases.routes.map((route) => ({ ...route, metric: 0 }));
    expect(commandsFor(bound(), { kernel: { ...kernelWithLeases, routes } })).toEqual(
      provisionalCommands,
    );
  });

  test("gets a table although main's default route uses it if a file names another primary", () => {
    const kernel = { ...kernelWithLeases, routes: kernelWithLeases.routes.slice(1) };
    expect(commandsFor(bound(), { kernel })).toEqual([]);
    const primary = renderFiles(enis.slice(0, 1));
    expect(commandsFor(bound(), { kernel, ...withFiles(primary) })).toEqual(provisionalCommands);
  });

  test("gets a table if main has no default route", () => {
    expect(commandsFor(bound(), { kernel: { ...kernelWithLeases, routes: [] } })).toEqual(
      provisionalCommands,
    );
  });

  test("gets no table if the primary of the file is absent, as in an image", () => {
    const kernel = { ...kernelWithLeases, routes: kernelWithLeases.routes.slice(1) };
    const links = [linkAt(3), linkAt(1)];
    expect(
      commandsFor(bound(), { kernel, links, ...withFiles(renderFiles(enis.slice(0, 1))) }),
    ).toEqual([]);
  });

  test("keeps its table when main's default route uses it later", () => {
    const kernel = kernelAfter(bound());
    const routes = kernel.routes.filter(({ table, link }) => table !== 254 || link !== "ens5");
    expect(commandsFor(bound(), { kernel: { ...kernel, routes } })).toEqual([]);
  });

  test("gets no table if it is the only NIC", () => {
    expect(commandsFor(bound(), { links: [linkAt(1)] })).toEqual([]);
  });

  test("does not get a table that is in use", () => {
    const routes = [
      ...kernelWithLeases.routes,
      kernelRoute("ens9", { table: 13_200, gateway: "10.0.9.1" }),
    ];
    const [first] = commandsFor(bound(), { kernel: { ...kernelWithLeases, routes } });
    expect(first).toContain("table 13201");
  });

  test("gets its lost routes again in the same table after its link was down", () => {
    const kernel = kernelAfter(bound());
    const routes = kernel.routes.filter(({ table }) => table !== 13_200);
    expect(commandsFor(bound(), { kernel: { ...kernel, routes } })).toEqual(
      provisionalCommands.slice(0, 3),
    );
  });

  test("loses the rules of its old address", () => {
    const lines = commandsFor(bound({ address: "10.0.1.11" }), { kernel: kernelAfter(bound()) });
    expect(lines.filter((line) => line.includes(" rule flush ")).length).toBe(3);
    expect(lines.filter((line) => line.includes("from 10.0.1.11/32")).length).toBe(3);
    expect(lines.every((line) => !line.includes("13201"))).toBe(true);
  });
});

describe("another NIC gets a default route with a lower metric", () => {
  const before = { ...kernelWithLeases, routes: kernelWithLeases.routes.slice(1) };
  const primary = bound({ address: "10.0.0.10", subnet: "10.0.0.0/24", routers: ["10.0.0.1"] });
  const late = { ...primary, nic: "ens5" } as DhcpEvent;

  test("a NIC that needed no table before gets one now", () => {
    expect(commandsFor(bound(), { kernel: before })).toEqual([]);
    expect(commandsFor(late)).toEqual(provisionalCommands);
    expect(planFor(late).reasons.at(-1)).toBe("ens6: dhclient: BOUND on ens5: index 3200");
    expect(commandsFor(late, { kernel: kernelAfter(late) })).toEqual([]);
  });

  test("a NIC with a managed file and a bridge get none", () => {
    expect(commandsFor(late, withFiles())).toEqual([]);
    expect(
      commandsFor(late, { links: [linkAt(0), linkAt(1, { kind: "bridge" }), linkAt(2)] }),
    ).toEqual([]);
  });

  test("the address in the network of the router is used", () => {
    // ec2nic adds further addresses of an ENI with /32, which has no room for a router
    const others = ["10.0.9.9/24", "10.0.1.77/32"].map((cidr) => kernelAddress("ens6", cidr));
    const addresses = [...others, ...kernelWithLeases.addresses];
    expect(commandsFor(late, { kernel: { ...kernelWithLeases, addresses } })).toEqual(
      provisionalCommands,
    );
  });

  test("a NIC whose default route is not that of a VPC gets none", () => {
    const routes = kernelWithLeases.routes.map((route) => ({ ...route, gateway: "10.0.1.9" }));
    expect(commandsFor(late, { kernel: { ...kernelWithLeases, routes } })).toEqual([]);
  });
});

describe("a NIC with a managed file", () => {
  test("gets the table of the file, and the rules of its address alone", () => {
    expect(commandsFor(bound(), withFiles())).toEqual([
      "ip -4 route replace 10.0.1.0/24 dev ens6 table 10001 proto static",
      "ip -4 route replace 10.0.0.0/16 via 10.0.1.1 dev ens6 table 10001 proto static",
      "ip -4 route replace 169.254.168.0/22 via 10.0.1.1 dev ens6 table 10001 proto static",
      "ip -4 route replace default via 10.0.1.1 dev ens6 table 10001 proto static",
      "ip -4 rule add priority 1601 table 10001 from 10.0.1.10/32 suppress_prefixlength 0 protocol static",
      "ip -4 rule add priority 2701 table 254 from 10.0.1.10/32 suppress_prefixlength 1 protocol static",
      "ip -4 rule add priority 3801 table 10001 from 10.0.1.10/32 protocol static",
    ]);
  });

  test("gets the rules of the file's style: with link groups, and no network of the VPC", () => {
    const files = renderFiles(enis, "group");
    const kernel = { ...kernelWithLeases, links: [{ name: "ens6", group: 0 }] };
    expect(commandsFor(bound(), { ...withFiles(files), kernel })).toEqual([
      "ip link set dev ens6 group 10000",
      "ip -4 route replace 10.0.1.0/24 dev ens6 table 10001 proto static",
      "ip -4 route replace default via 10.0.1.1 dev ens6 table 10001 proto static",
      "ip -4 rule add priority 2701 table 254 from 10.0.1.10/32 suppress_prefixlength 1 suppress_ifgroup 10000 protocol static",
      "ip -4 rule add priority 3801 table 10001 from 10.0.1.10/32 protocol static",
    ]);
  });

  test("needs no command after activate", () => {
    expect(
      commandsFor(bound(), {
        ...withFiles(),
        kernel: kernelAsExpected(expectedKernelFor(enis, [], "prefix")),
      }),
    ).toEqual([]);
  });

  test("loses its provisional table after it has the real one", () => {
    const lines = commandsFor(bound(), { ...withFiles(), kernel: kernelAfter(bound()) });
    const firstDrop = lines.findIndex((line) => line.includes(" flush "));
    expect(lines.slice(firstDrop)).toEqual(removalCommands);
    expect(firstDrop).toBe(7);
    const kernel = kernelAfter(bound(), { ...withFiles(), kernel: kernelAfter(bound()) });
    expect(commandsFor(bound(), { ...withFiles(), kernel })).toEqual([]);
  });

  test("gets no table if it is the primary, with any main table", () => {
    const event = bound({ address: "10.0.0.10", subnet: "10.0.0.0/24", routers: ["10.0.0.1"] });
    const { steps, reasons } = planFor({ ...event, nic: "ens5" } as DhcpEvent, withFiles());
    expect(steps).toEqual([]);
    expect(reasons.join()).toContain("the primary");
  });

  test("gets no rules for an address that is not in its file", () => {
    const { steps, reasons } = planFor(bound({ address: "10.0.1.77" }), withFiles());
    expect(steps).toEqual([]);
    expect(reasons.join()).toContain("10.0.1.77 is not in ec2nic's file for ens6");
  });

  test("keeps its table after a release: the file has it", () => {
    const kernel = kernelAsExpected(expectedKernelFor(enis, [], "prefix"));
    expect(commandsFor(released("10.0.1.10"), { ...withFiles(), kernel })).toEqual([]);
  });
});

// https://github.com/amazonlinux/amazon-ec2-utils/issues/27
describe("no command is planned for", () => {
  for (const entry of ["ens6", "06:aa:bb:cc:dd:01", "eni-0b"]) {
    test(`a NIC that is unmanaged as ${entry}`, () => {
      const state = { ...withFiles().state, unmanaged: `${entry}\n` };
      const { steps, reasons } = planFor(bound(), { state });
      expect(steps).toEqual([]);
      expect(reasons.join()).toContain(`/etc/ec2nic/unmanaged lists ${entry}`);
    });
  }

  test("a bridge that has a lease", () => {
    const links = [linkAt(0), linkAt(1, { kind: "bridge" })];
    const reason = "dhclient: BOUND: left alone: no NIC has this name";
    const nics = [{ mac: "", name: "ens6", eni: null, outcome: "skipped" as const, reason }];
    expect(planFor(bound(), { links })).toEqual({ steps: [], reasons: [`ens6: ${reason}`], nics });
  });
});

test("there are at most 64 provisional tables", () => {
  const routes = [13_200, 13_300].flatMap((first) =>
    Array.from({ length: 32 }, (_, at) => kernelRoute(`a${at}`, { table: first + at })),
  );
  expect(freeProvisionalIndex({ ...kernelWithLeases, routes: routes.slice(1) })).toBe(3200);
  expect(freeProvisionalIndex({ ...kernelWithLeases, routes })).toBeNull();
});
