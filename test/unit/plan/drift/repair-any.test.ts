import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Eni } from "../../../../src/model/eni.ts";
import type { KernelRule, KernelState } from "../../../../src/model/kernel-state.ts";
import type { ActiveBackend } from "../../../../src/plan/drift/ask-daemon.ts";
import { checkKernel } from "../../../../src/plan/drift/compare.ts";
import type { ExpectedKernel } from "../../../../src/plan/drift/expected-kernel.ts";
import { repairSteps } from "../../../../src/plan/drift/repair.ts";
import {
  kernelAddress,
  afterStep,
  expectedKernelFor,
  kernelAsExpected,
  identityOf,
  identitiesOf,
  kernelRoute,
} from "../../../kit/facts/kernel-model.ts";
import { eniAt, linkAt, macAt } from "../../../kit/facts/nics.ts";

// For any set of ENIs: a comparison finds what is missing, and a repair restores only that.

const counts = fc.record({
  networkCard: fc.nat(1),
  ipv4: fc.nat(3),
  ipv6: fc.nat(3),
  prefixes4: fc.nat(2),
  prefixes6: fc.nat(2),
});

const upTo = (count: number, text: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => text(at));

/** The ENIs of an instance, the primary first, with any number of addresses and prefixes. */
const eniSets: fc.Arbitrary<readonly Eni[]> = fc
  .tuple(fc.array(counts, { minLength: 1, maxLength: 5 }), fc.boolean())
  .map(([all, shareSubnet]) =>
    all.map(({ networkCard, ...count }, at): Eni => {
      const subnet = shareSubnet ? 0 : at;
      const ipv4 = count.ipv4 + count.ipv6 === 0 ? 1 : count.ipv4;
      return eniAt(at, {
        mac: macAt(at),
        networkCard: at === 0 ? 0 : networkCard,
        ipv4: {
          addresses: upTo(ipv4, (n) => `10.0.${subnet}.${10 + 10 * at + n}`),
          subnets: ipv4 === 0 ? [] : [`10.0.${subnet}.0/24`],
          vpcCidrs: ipv4 === 0 ? [] : ["10.0.0.0/16", "10.9.0.0/16"],
          prefixes: ipv4 === 0 ? [] : upTo(count.prefixes4, (n) => `10.9.${at}.${16 * n}/28`),
        },
        ipv6: {
          addresses: upTo(count.ipv6, (n) => `2001:db8:0:${subnet}::${at + 1}${n}`),
          subnets: count.ipv6 === 0 ? [] : [`2001:db8:0:${subnet}::/64`],
          vpcCidrs: count.ipv6 === 0 ? [] : ["2001:db8::/56"],
          prefixes:
            count.ipv6 === 0
              ? []
              : upTo(count.prefixes6, (n) => `2001:db8:0:${subnet}:${at + 1}${n}::/80`),
        },
      });
    }),
  );

const networkd: ActiveBackend = { backend: "networkd", renderer: null, isRunning: true };
const manager: ActiveBackend = { backend: "network-manager", renderer: null, isRunning: true };

const ruleStyles = fc.constantFrom("group", "prefix");

function foreignRule(changes: Partial<KernelRule>): KernelRule {
  const rule = { family: 4, priority: 0, from: null, to: null, table: 254 } as const;
  return { ...rule, suppressPrefixLength: null, suppressGroup: null, isPlain: true, ...changes };
}

const foreign: KernelState = {
  links: [{ name: "docker0", group: 0 }],
  addresses: [kernelAddress("docker0", "172.17.0.1/16"), kernelAddress("ens5", "192.0.2.9/24")],
  routes: [
    kernelRoute("docker0", { destination: "172.17.0.0/16" }),
    kernelRoute("tun0", { metric: 50 }),
    kernelRoute("ens5", { table: 77 }),
  ],
  rules: [
    foreignRule({ priority: 0, table: 255 }),
    foreignRule({ priority: 512, isPlain: false }),
    foreignRule({ priority: 1536, from: "10.0.1.10/32", table: 2 }),
    foreignRule({ family: 6, priority: 30_350, suppressPrefixLength: 0 }),
  ],
};
const withForeign = ({ links, addresses, routes, rules }: KernelState): KernelState => ({
  links: [...foreign.links, ...links],
  addresses: [...foreign.addresses, ...addresses],
  routes: [...foreign.routes, ...routes],
  rules: [...foreign.rules, ...rules],
});

test("the expected state has no difference, and each deletion is one that names the object", () => {
  fc.assert(
    fc.property(eniSets, ruleStyles, (enis, style) => {
      const wanted = expectedKernelFor(enis, [], style);
      const { links, addresses, routes, rules } = kernelAsExpected(wanted);
      expect(checkKernel(wanted, withForeign({ links, addresses, routes, rules }))).toEqual([]);
      for (const gone of addresses) {
        const rest = addresses.filter((each) => each !== gone);
        const [found, ...more] = checkKernel(
          wanted,
          withForeign({ links, addresses: rest, routes, rules }),
        );
        expect(more).toEqual([]);
        expect(found).toMatchObject({ kind: "address", what: "missing", name: gone.link });
        expect(found?.text).toContain(` ${gone.address} `);
      }
      for (const gone of routes) {
        const rest = routes.filter((each) => each !== gone);
        const [found, ...more] = checkKernel(
          wanted,
          withForeign({ links, addresses, routes: rest, rules }),
        );
        expect(more).toEqual([]);
        const kind = gone.table === 254 ? "default-route" : "route";
        const name = gone.link ?? ownerOf(wanted, gone.table);
        expect(found).toMatchObject({ kind, what: "missing", name });
      }
      for (const gone of rules) {
        const rest = rules.filter((each) => each !== gone);
        const [found, ...more] = checkKernel(
          wanted,
          withForeign({ links, addresses, routes, rules: rest }),
        );
        expect(more).toEqual([]);
        expect(found).toMatchObject({ kind: "rule", what: "missing" });
        const rule = found?.kind === "rule" ? found.rule : null;
        expect(rule && identityOf({ ...rule, isPlain: true })).toBe(identityOf(gone));
      }
    }),
    { numRuns: 30 },
  );
});

function ownerOf({ nics }: ExpectedKernel, table: number): string | null {
  return nics.find((nic) => nic.table === table)?.name ?? null;
}

test("all rules of a removed NIC are stale", () => {
  fc.assert(
    fc.property(eniSets, fc.nat(4), ruleStyles, (enis, at, style) => {
      const gone = enis[1 + (at % Math.max(1, enis.length - 1))];
      fc.pre(gone !== undefined);
      const before = kernelAsExpected(expectedKernelFor(enis, [], style));
      const rest = expectedKernelFor(
        enis.filter((eni) => eni !== gone),
        [],
        style,
      );
      const name = linkAt(gone?.deviceNumber ?? 0).name;
      const after = {
        links: before.links.filter((link) => link.name !== name),
        addresses: before.addresses.filter(({ link }) => link !== name),
        routes: before.routes.filter(({ link }) => link !== name),
        rules: before.rules,
      };
      const stale = checkKernel(rest, withForeign(after)).filter(({ what }) => what === "stale");
      const kept = kernelAsExpected(rest).rules.length;
      expect(stale.length).toBe(before.rules.length - kept);
      expect(checkKernel(rest, withForeign(after)).length).toBe(stale.length);
    }),
  );
});

test("a repair restores any single deleted object and changes nothing else", () => {
  const backends = fc.constantFrom(networkd, manager);
  fc.assert(
    fc.property(eniSets, backends, ruleStyles, (enis, inCharge, style) => {
      const expected = expectedKernelFor(enis, [], style);
      const clean = kernelAsExpected(expected);
      for (const [kind, things] of Object.entries(clean)) {
        if (kind === "links" && style === "prefix") continue;
        for (const gone of things) {
          const rest = things.filter((each: unknown) => each !== gone);
          const moved = "group" in gone ? [{ ...gone, group: 0 }] : [];
          const state = { ...clean, [kind]: [...rest, ...moved] };
          const differences = checkKernel(expected, state);
          const { steps, reasons } = repairSteps(differences, expected, inCharge);
          const repaired = steps.reduce((now, step) => afterStep(now, step, expected), state);
          // What is not repaired has a reason; what is repaired has none.
          expect(identitiesOf(repaired)).toEqual(
            identitiesOf(reasons.length === 0 ? clean : state),
          );
          expect(reasons.length + steps.length, identityOf(gone)).toBe(1);
        }
      }
    }),
    { numRuns: 30 },
  );
});

test("one repair restores any deleted routes and rules of the NICs, and leaves no difference", () => {
  fc.assert(
    fc.property(eniSets, fc.infiniteStream(fc.boolean()), ruleStyles, (enis, coins, style) => {
      const expected = expectedKernelFor(enis, [], style);
      const clean = kernelAsExpected(expected);
      const isKept = () => coins.next().value === true;
      const leased = new Set(
        expected.nics.flatMap((nic) => nic.addresses.filter((each) => each.isLeased)),
      );
      const state: KernelState = {
        links: clean.links.map((link) => (isKept() ? link : { ...link, group: 0 })),
        addresses: clean.addresses.filter(
          ({ address }) =>
            [...leased].some(({ cidr }) => cidr.startsWith(`${address}/`)) || isKept(),
        ),
        routes: clean.routes.filter(({ table }) => table === 254 || isKept()),
        rules: clean.rules.filter(isKept),
      };
      const differences = checkKernel(expected, state);
      const { steps } = repairSteps(differences, expected, networkd);
      const repaired = steps.reduce((now, step) => afterStep(now, step, expected), state);
      expect(identitiesOf(repaired)).toEqual(identitiesOf(clean));
      expect(steps.length).toBe(differences.length);
      expect(checkKernel(expected, repaired)).toEqual([]);
    }),
  );
});
