import { describe, expect, test } from "bun:test";
import type { DhcpEvent, DhcpLease } from "../../../../src/model/dhcp.ts";
import { freeProvisionalIndex } from "../../../../src/plan/lease/provisional.ts";
import { addressOn, expectedOf, kernelOf, routeOn } from "../../../kit/facts/kernel-model.ts";
import {
  after,
  bound,
  commands,
  dropped,
  enis,
  filesOf,
  fresh,
  knowing,
  plan,
  provisional,
  released,
} from "../../../kit/facts/lease-model.ts";
import { linkAt } from "../../../kit/facts/nics.ts";

describe("a NIC that no file of ours knows", () => {
  test("has a provisional table, which no ENI can have", () => {
    expect(commands(bound())).toEqual(provisional);
  });

  test("the same lease again: nothing", () => {
    expect(commands(bound(), { kernel: after(bound()) })).toEqual([]);
  });

  test("main's default leads out through it: none, and that is why", () => {
    const { steps, reasons } = plan(bound(), {
      kernel: { ...fresh, routes: fresh.routes.slice(1) },
    });
    expect(steps).toEqual([]);
    expect(reasons.join()).toContain("main's default leads out through it");
  });

  test("two defaults as good as each other: not to be relied on", () => {
    const routes = fresh.routes.map((route) => ({ ...route, metric: 0 }));
    expect(commands(bound(), { kernel: { ...fresh, routes } })).toEqual(provisional);
  });

  test("another one is known to be the primary: main's default says nothing", () => {
    const kernel = { ...fresh, routes: fresh.routes.slice(1) };
    expect(commands(bound(), { kernel })).toEqual([]);
    const primary = filesOf(false, enis.slice(0, 1));
    expect(commands(bound(), { kernel, ...knowing(primary) })).toEqual(provisional);
  });

  test("a primary that is not here, of an image's, says nothing", () => {
    const kernel = { ...fresh, routes: fresh.routes.slice(1) };
    const links = [linkAt(3), linkAt(1)];
    expect(
      commands(bound(), { kernel, links, ...knowing(filesOf(false, enis.slice(0, 1))) }),
    ).toEqual([]);
  });

  test("it keeps its table when main's default comes to lead out through it", () => {
    const kernel = after(bound());
    const routes = kernel.routes.filter(({ table, link }) => table !== 254 || link !== "ens5");
    expect(commands(bound(), { kernel: { ...kernel, routes } })).toEqual([]);
  });

  test("the only NIC has none", () => {
    expect(commands(bound(), { links: [linkAt(1)] })).toEqual([]);
  });

  test("a table that another has is not taken", () => {
    const routes = [...fresh.routes, routeOn("ens9", { table: 13900, gateway: "10.0.9.1" })];
    const [first] = commands(bound(), { kernel: { ...fresh, routes } });
    expect(first).toContain("table 13901");
  });

  test("its link was down: routes are gone, rules stay, the number is the same", () => {
    const kernel = after(bound());
    const routes = kernel.routes.filter(({ table }) => table !== 13900);
    expect(commands(bound(), { kernel: { ...kernel, routes } })).toEqual(provisional.slice(0, 2));
  });

  test("another address: the rules of the old one go", () => {
    const lines = commands(bound({ address: "10.0.1.11" }), { kernel: after(bound()) });
    expect(lines.filter((line) => line.includes(" rule flush ")).length).toBe(4);
    expect(lines.filter((line) => line.includes("from 10.0.1.11/32")).length).toBe(4);
    expect(lines.every((line) => !line.includes("13901"))).toBe(true);
  });
});

describe("another NIC brings a better default", () => {
  const standing = { ...fresh, routes: fresh.routes.slice(1) };
  const primary = bound({ address: "10.0.0.10", subnet: "10.0.0.0/24", routers: ["10.0.0.1"] });
  const late = { ...primary, nic: "ens5" } as DhcpEvent;

  test("the one that needed no table before gets one now", () => {
    expect(commands(bound(), { kernel: standing })).toEqual([]);
    expect(commands(late)).toEqual(provisional);
    expect(commands(late, { kernel: after(late) })).toEqual([]);
  });

  test("not one that our files know, nor a bridge", () => {
    expect(commands(late, knowing())).toEqual([]);
    expect(
      commands(late, { links: [linkAt(0), linkAt(1, { kind: "bridge" }), linkAt(2)] }),
    ).toEqual([]);
  });

  test("of its addresses the one that lies in its router's network counts", () => {
    const addresses = [addressOn("ens6", "10.0.9.9/24"), ...fresh.addresses];
    expect(commands(late, { kernel: { ...fresh, addresses } })).toEqual(provisional);
  });

  test("nor one whose default is not a VPC's", () => {
    const routes = fresh.routes.map((route) => ({ ...route, gateway: "10.0.1.9" }));
    expect(commands(late, { kernel: { ...fresh, routes } })).toEqual([]);
  });
});

describe("a NIC that a file of ours knows", () => {
  test("has the table that the file says, and the rules of its address alone", () => {
    expect(commands(bound(), knowing())).toEqual([
      "ip -4 route replace 10.0.1.0/24 dev ens6 table 10001 proto static",
      "ip -4 route replace default via 10.0.1.1 dev ens6 table 10001 proto static",
      "ip -4 rule add priority 2001 table 10001 from 10.0.1.10/32 to 10.0.0.0/16 protocol static",
      "ip -4 rule add priority 2001 table 10001 from 10.0.1.10/32 to 169.254.168.0/22 protocol static",
      "ip -4 rule add priority 6001 table 254 from 10.0.1.10/32 suppress_prefixlength 0 protocol static",
      "ip -4 rule add priority 10001 table 10001 from 10.0.1.10/32 protocol static",
    ]);
  });

  test("what activate has made is all there is to do", () => {
    expect(commands(bound(), { ...knowing(), kernel: kernelOf(expectedOf(enis)) })).toEqual([]);
  });

  test("its provisional numbers go once it is known, after the real ones are there", () => {
    const lines = commands(bound(), { ...knowing(), kernel: after(bound()) });
    const firstDrop = lines.findIndex((line) => line.includes(" flush "));
    expect(lines.slice(firstDrop)).toEqual(dropped);
    expect(firstDrop).toBe(6);
    const kernel = after(bound(), { ...knowing(), kernel: after(bound()) });
    expect(commands(bound(), { ...knowing(), kernel })).toEqual([]);
  });

  test("the primary has none, whatever main says", () => {
    const event = bound({ address: "10.0.0.10", subnet: "10.0.0.0/24", routers: ["10.0.0.1"] });
    const { steps, reasons } = plan({ ...event, nic: "ens5" } as DhcpEvent, knowing());
    expect(steps).toEqual([]);
    expect(reasons.join()).toContain("the primary");
  });

  test("without rules in its file it has none", () => {
    const files = filesOf(true, enis.slice(1));
    expect(commands(bound(), knowing(files))).toEqual([]);
  });

  test("an address that its file does not know is left to the next run that asks IMDS", () => {
    const { steps, reasons } = plan(bound({ address: "10.0.1.77" }), knowing());
    expect(steps).toEqual([]);
    expect(reasons.join()).toContain("10.0.1.77 is not in our file for ens6");
  });

  test("a release takes nothing away: the file says what is to stand", () => {
    const kernel = kernelOf(expectedOf(enis));
    expect(commands(released("10.0.1.10"), { ...knowing(), kernel })).toEqual([]);
  });
});

describe("a lease that no VPC grants", () => {
  const table: readonly (readonly [Partial<DhcpLease>, string])[] = [
    [{ subnet: "10.0.0.0/8" }, "10.0.0.0/8 is no subnet of a VPC"],
    [{ subnet: "10.0.1.10/32" }, "10.0.1.10/32 is no subnet of a VPC"],
    [
      { routers: ["10.0.1.254"] },
      "a VPC's router would be 10.0.1.1, and the lease names 10.0.1.254",
    ],
    [{ routers: [] }, "the lease names none"],
    [{ address: "10.0.1.1" }, "10.0.1.1 is no address of an ENI"],
    [
      { address: "169.254.1.5", subnet: "169.254.1.0/24", routers: ["169.254.1.1"] },
      "169.254.1.5 is no address of an ENI",
    ],
  ];
  for (const [changes, reason] of table) {
    test(reason, () => {
      const { steps, reasons } = plan(bound(changes));
      expect(steps).toEqual([]);
      expect(reasons.join()).toContain(reason);
    });
  }
});

describe("what is left alone", () => {
  for (const word of ["ens6", "06:aa:bb:cc:dd:01", "eni-0b"]) {
    test(`${word} in the admin's list`, () => {
      const state = { ...knowing().state, unmanaged: `${word}\n` };
      const { steps, reasons } = plan(bound(), { state });
      expect(steps).toEqual([]);
      expect(reasons.join()).toContain(`/etc/ec2nic/unmanaged lists ${word}`);
    });
  }

  test("a bridge that has a lease", () => {
    const links = [linkAt(0), linkAt(1, { kind: "bridge" })];
    const reason = "dhclient: BOUND: left alone: no NIC has this name";
    const nics = [{ mac: "", name: "ens6", eni: null, outcome: "skipped" as const, reason }];
    expect(plan(bound(), { links })).toEqual({ steps: [], reasons: [`ens6: ${reason}`], nics });
  });
});

test("a hundred provisional tables, and then no more", () => {
  const routes = Array.from({ length: 100 }, (_, at) => routeOn(`a${at}`, { table: 13_900 + at }));
  expect(freeProvisionalIndex({ ...fresh, routes: routes.slice(1) })).toBe(3900);
  expect(freeProvisionalIndex({ ...fresh, routes })).toBeNull();
});
