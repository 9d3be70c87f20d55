import { describe, expect, test } from "bun:test";
import type { KernelRoute, KernelState } from "../../../../src/model/kernel-state.ts";
import { checkKernel } from "../../../../src/plan/drift/compare.ts";
import {
  kernelAddress,
  expectedKernelFor,
  kernelAsExpected,
  kernelRoute,
} from "../../../kit/facts/kernel-model.ts";
import { eniAt, familyOf } from "../../../kit/facts/nics.ts";

const primary = eniAt(0, { ipv6: familyOf(["2001:db8::10"], "2001:db8::/64") });
const second = eniAt(1, {
  ipv4: familyOf(["10.0.1.10", "10.0.1.20"], "10.0.1.0/24", ["10.0.1.32/28"]),
  ipv6: familyOf(["2001:db8:0:1::10", "2001:db8:0:1::20"], "2001:db8:0:1::/64"),
});

const expected = expectedKernelFor([primary, second]);
const byPrefix = expectedKernelFor([primary, second], [], "prefix");
const clean = kernelAsExpected(expected);

const textsOf = (state: Partial<KernelState>) =>
  checkKernel(expected, { ...clean, ...state }).map(({ text }) => text);
const without = <T>(things: readonly T[], isGone: (thing: T) => boolean) => {
  const rest = things.filter((thing) => !isGone(thing));
  if (rest.length === things.length) throw new Error("nothing was removed");
  return rest;
};

test("a link in another group is reported; without link groups, the group does not matter", () => {
  const links = [
    { name: "ens5", group: 10_000 },
    { name: "ens6", group: 3 },
  ];
  expect(textsOf({ links })).toEqual(["ens6: its link is in group 3, not 10000"]);
  expect(textsOf({ links: [{ name: "ens6", group: null }] })).toHaveLength(1);
  expect(checkKernel(byPrefix, { ...kernelAsExpected(byPrefix), links })).toEqual([]);
});

describe("routes of type throw", () => {
  const cleanPrefix = kernelAsExpected(byPrefix);
  const textsFor = (routes: KernelState["routes"]) =>
    checkKernel(byPrefix, { ...cleanPrefix, routes }).map(({ text }) => text);

  test("a missing one is reported, and one through a link is wrong", () => {
    const rest = cleanPrefix.routes.filter(({ destination }) => destination !== "10.0.1.32/28");
    expect(textsFor(rest)).toEqual([
      "ens6: route 10.0.1.32/28 to the next rule (throw) in table 10001 is missing",
    ]);
    const onLink = kernelRoute("ens6", { destination: "10.0.1.32/28", table: 10_001 });
    expect(textsFor([...rest, onLink])).toEqual([
      "ens6: route 10.0.1.32/28 in table 10001 goes dev ens6, not to the next rule (throw)",
    ]);
  });

  test("one that is not needed is reported, in the NIC's table only", () => {
    const thrown = { type: "throw", link: null, destination: "10.0.77.0/24" } as const;
    const routes = [10_001, 77].map((table) => kernelRoute("", { ...thrown, table }));
    expect(textsFor([...cleanPrefix.routes, ...routes])).toEqual([
      "ens6: route 10.0.77.0/24 to the next rule (throw) in table 10001 is left over",
    ]);
  });
});

test("the expected state has no difference", () => {
  expect(textsOf({})).toEqual([]);
});

describe("addresses", () => {
  const gone = (address: string) => without(clean.addresses, (each) => each.address === address);

  test("a missing address is reported, with the link that has it instead", () => {
    expect(textsOf({ addresses: gone("10.0.1.20") })).toEqual([
      "ens6: address 10.0.1.20 is missing",
    ]);
    const holders = ["docker0", "ens5"].map((link) => kernelAddress(link, "10.0.1.20/24"));
    expect(textsOf({ addresses: [...gone("10.0.1.20"), ...holders] })).toEqual([
      "ens6: address 10.0.1.20 is missing (docker0 has it, ens5 has it)",
    ]);
  });

  test("a missing leased address of the primary is reported", () => {
    const addresses = gone("10.0.0.10");
    expect(checkKernel(expected, { ...clean, addresses })).toEqual([
      {
        kind: "address",
        what: "missing",
        mac: "06:aa:bb:cc:dd:00",
        name: "ens5",
        text: "ens5: address 10.0.0.10 is missing",
        cidr: "10.0.0.10/32",
        isLeased: true,
      },
    ]);
  });

  test("the prefix length and additional addresses do not matter", () => {
    const longer = clean.addresses.map((each) => ({ ...each, prefixLength: 24 }));
    expect(textsOf({ addresses: [...longer, kernelAddress("ens6", "192.0.2.1/32")] })).toEqual([]);
  });

  test("a duplicate address is reported, a tentative one is not", () => {
    const flags = (isDuplicate: boolean) =>
      clean.addresses.map((each) =>
        each.address === "2001:db8:0:1::20" ? { ...each, isDuplicate } : each,
      );
    expect(textsOf({ addresses: flags(false) })).toEqual([]);
    expect(textsOf({ addresses: flags(true) })).toEqual([
      "ens6: address 2001:db8:0:1::20 is not usable, because duplicate address detection failed",
    ]);
  });
});

describe("routes", () => {
  const own4 = { family: 4, destination: "0.0.0.0/0", table: 10_001 } as const;
  const own6 = { family: 6, destination: "::/0", table: 10_001 } as const;
  const rest4 = without(
    clean.routes,
    (each) => each.table === 10_001 && each.destination === "0.0.0.0/0",
  );
  const rest6 = without(
    clean.routes,
    (each) => each.table === 10_001 && each.destination === "::/0",
  );

  test.each([
    ["is missing", [], "ens6: route default via 10.0.1.1 dev ens6 in table 10001 is missing"],
    [
      "has another gateway",
      [kernelRoute("ens6", { ...own4, gateway: "10.0.1.254" })],
      "ens6: route default in table 10001 goes via 10.0.1.254 dev ens6, not via 10.0.1.1 dev ens6",
    ],
    [
      "uses another link",
      [kernelRoute("ens5", { ...own4, gateway: "10.0.1.1" })],
      "ens6: route default in table 10001 goes via 10.0.1.1 dev ens5, not via 10.0.1.1 dev ens6",
    ],
    [
      "is unreachable",
      [{ ...kernelRoute("", own4), type: "unreachable", link: null }],
      "ens6: route default in table 10001 goes to no NIC (packets are dropped), not via 10.0.1.1 dev ens6",
    ],
    [
      "is a route of type throw",
      [{ ...kernelRoute("", own4), type: "throw", link: null }],
      "ens6: route default in table 10001 goes to the next rule (throw), not via 10.0.1.1 dev ens6",
    ],
    [
      "exists, but another has a lower metric",
      [
        kernelRoute("ens6", { ...own4, gateway: "10.0.1.1", metric: 512 }),
        kernelRoute("ens6", { ...own4, metric: 100 }),
      ],
      "ens6: route default in table 10001 goes dev ens6, not via 10.0.1.1 dev ens6",
    ],
    [
      "has an advertised router, which IPv4 does not have",
      [kernelRoute("ens6", { ...own4, gateway: "fe80::1" })],
      "ens6: route default in table 10001 goes via fe80::1 dev ens6, not via 10.0.1.1 dev ens6",
    ],
    [
      "has a second gateway",
      [
        kernelRoute("ens6", { ...own4, gateway: "10.0.1.1" }),
        kernelRoute("ens6", { ...own4, gateway: "10.0.1.2" }),
      ],
      "ens6: route default in table 10001 goes via 10.0.1.2 dev ens6, not via 10.0.1.1 dev ens6",
    ],
  ] satisfies readonly (readonly [string, readonly KernelRoute[], string])[])(
    "the default %s",
    (_, routes, text) => {
      const found = checkKernel(expected, { ...clean, routes: [...rest4, ...routes] });
      const what = routes.length === 0 ? "missing" : "wrong";
      expect(found).toEqual([expect.objectContaining({ what, text })]);
    },
  );

  test("a route with a higher metric is no difference", () => {
    const later = kernelRoute("ens5", { ...own4, gateway: "10.0.0.1", metric: 10 });
    expect(textsOf({ routes: [...clean.routes, later] })).toEqual([]);
  });

  test("a missing subnet route is reported", () => {
    const routes = without(clean.routes, ({ destination }) => destination === "10.0.1.0/24");
    expect(textsOf({ routes })).toEqual([
      "ens6: route 10.0.1.0/24 dev ens6 in table 10001 is missing",
    ]);
  });

  test("the daemon may choose metric, protocol and source", () => {
    const routes = clean.routes.map((each) => {
      return { ...each, metric: 1024 };
    });
    expect(textsOf({ routes })).toEqual([]);
  });

  test("an advertised router may replace the VPC's fixed one", () => {
    const advertised = [
      kernelRoute("ens6", { ...own6, gateway: "fe80::1", metric: 513 }),
      kernelRoute("ens6", { ...own6, gateway: "febf::2", metric: 513 }),
    ];
    expect(textsOf({ routes: [...rest6, ...advertised] })).toEqual([]);
    const elsewhere = [kernelRoute("ens5", { ...own6, gateway: "fe80::1" })];
    expect(textsOf({ routes: [...rest6, ...elsewhere] })).toHaveLength(1);
    const globalAddress = [kernelRoute("ens6", { ...own6, gateway: "2001:db8::1" })];
    expect(textsOf({ routes: [...rest6, ...globalAddress] })).toHaveLength(1);
  });

  test("the primary needs a default route in main; routes of other programs are ignored", () => {
    const main = without(clean.routes, (each) => each.table === 254 && each.family === 4);
    const vpn = kernelRoute("tun0", { metric: 1 });
    const unreachable = { ...kernelRoute("", { metric: 9999 }), link: null };
    const foreign = [vpn, unreachable, kernelRoute("ens5", { table: 77 })];
    expect(textsOf({ routes: [...clean.routes, ...foreign] })).toEqual([]);
    expect(textsOf({ routes: [...main, ...foreign] })).toEqual([
      "ens5: no IPv4 default route leads out through it",
    ]);
  });
});

describe("rules", () => {
  test("a missing rule is reported as `ip rule` shows it", () => {
    const rules = without(clean.rules, ({ from }) => from === "10.0.1.20/32");
    expect(textsOf({ rules })).toEqual([
      "ens6: rule 2701 from 10.0.1.20 lookup main suppress_prefixlength 1 suppress_ifgroup 10000 is missing",
      "ens6: rule 3801 from 10.0.1.20 lookup 10001 is missing",
    ]);
  });

  test("a rule with a further condition counts as missing", () => {
    const rules = clean.rules.map((each) => {
      return { ...each, isPlain: each.priority !== 3801 || each.from !== "10.0.1.20/32" };
    });
    expect(textsOf({ rules })).toEqual(["ens6: rule 3801 from 10.0.1.20 lookup 10001 is missing"]);
  });
});
