import { expect, test } from "bun:test";
import fc from "fast-check";
import type { KernelState } from "../../../../src/model/kernel-state.ts";
import type { ActiveBackend } from "../../../../src/plan/drift/ask-daemon.ts";
import { checkKernel } from "../../../../src/plan/drift/compare.ts";
import type { ExpectedKernel } from "../../../../src/plan/drift/expected-kernel.ts";
import { repairSteps } from "../../../../src/plan/drift/repair.ts";
import { eniSets } from "../../../kit/facts/eni-sets.ts";
import {
  kernelAddress,
  afterStep,
  expectedKernelFor,
  kernelAsExpected,
  identityOf,
  identitiesOf,
  kernelRoute,
} from "../../../kit/facts/kernel-model.ts";
import { linkAt } from "../../../kit/facts/nics.ts";

// For any set of ENIs: a comparison finds what is missing, and a repair restores only that.

const networkd: ActiveBackend = { backend: "networkd", renderer: null, isRunning: true };
const manager: ActiveBackend = { backend: "network-manager", renderer: null, isRunning: true };

const ruleStyles = fc.constantFrom("group", "prefix");

const foreign: KernelState = {
  links: [{ name: "docker0", group: 0 }],
  addresses: [kernelAddress("docker0", "172.17.0.1/16"), kernelAddress("ens5", "192.0.2.9/24")],
  routes: [
    kernelRoute("docker0", { destination: "172.17.0.0/16" }),
    kernelRoute("tun0", { metric: 50 }),
    kernelRoute("ens5", { table: 77 }),
  ],
  rules: [
    {
      family: 4,
      priority: 0,
      from: null,
      to: null,
      table: 255,
      suppressPrefixLength: null,
      suppressGroup: null,
      isPlain: true,
    },
    {
      family: 4,
      priority: 512,
      from: null,
      to: null,
      table: 254,
      suppressPrefixLength: null,
      suppressGroup: null,
      isPlain: false,
    },
    {
      family: 4,
      priority: 1536,
      from: "10.0.1.10/32",
      to: null,
      table: 2,
      suppressPrefixLength: null,
      suppressGroup: null,
      isPlain: true,
    },
    {
      family: 6,
      priority: 30_350,
      from: null,
      to: null,
      table: 254,
      suppressPrefixLength: 0,
      suppressGroup: null,
      isPlain: true,
    },
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
