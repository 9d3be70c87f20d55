import { expect, test } from "bun:test";
import fc from "fast-check";
import { matchNics } from "../../../../src/plan/config/match-nics.ts";
import { eniAt, linkAt, macAt } from "../../../kit/facts/nics.ts";

const namesOf = (links: Parameters<typeof matchNics>[1], enis = [eniAt(0), eniAt(1)]) =>
  matchNics(enis, links).nics.map(({ link }) => link?.name ?? null);

test("ENIs and links are matched by MAC, in the order of the ENIs", () => {
  expect(namesOf([linkAt(1), linkAt(0)], [eniAt(1), eniAt(0)])).toEqual(["ens5", "ens6"]);
});

test("an ENI without a link has the link null", () => {
  expect(namesOf([linkAt(0)])).toEqual(["ens5", null]);
});

test.each(["vlan", "bond", "bridge", "macvlan", "veth", "other"] as const)(
  "a %s with the NIC's MAC is not the NIC, and is a reason",
  (kind) => {
    const upper = linkAt(1, { name: "a0", kind, driver: null, busAddress: null });
    const { nics, unlisted, reasons } = matchNics([eniAt(1)], [upper, linkAt(1)]);
    expect(nics[0]?.link?.name).toBe("ens6");
    expect(unlisted).toEqual([]);
    expect(reasons).toEqual([`${macAt(1)}: a0 (${kind}) has this MAC too; ens6 is the NIC`]);
  },
);

test("of two NICs with one MAC the first by name is used, with a reason", () => {
  const { nics, reasons } = matchNics(
    [eniAt(1)],
    [linkAt(1, { name: "eth10" }), linkAt(1, { name: "eth9" })],
  );
  expect(nics[0]?.link?.name).toBe("eth9");
  expect(reasons).toEqual([`${macAt(1)}: eth10 (device) has this MAC too; eth9 is the NIC`]);
});

test("a veth is a NIC only where no link has a device", () => {
  const veth = linkAt(0, { name: "eth0", kind: "veth" });
  expect(namesOf([veth], [eniAt(0)])).toEqual(["eth0"]);
  expect(namesOf([veth, linkAt(1)], [eniAt(0)])).toEqual([null]);
});

test("NICs without an ENI are unlisted; links without a device are not", () => {
  const bridge = linkAt(3, { name: "br0", kind: "bridge" });
  const { unlisted } = matchNics([eniAt(0)], [linkAt(2), linkAt(0), linkAt(1), bridge]);
  expect(unlisted.map(({ name }) => name)).toEqual(["ens6", "ens7"]);
});

test("the order of the input does not matter", () => {
  const enis = [eniAt(0), eniAt(1), eniAt(2)];
  const links = [
    linkAt(0),
    linkAt(1),
    linkAt(1, { name: "v", kind: "vlan" }),
    linkAt(4),
    linkAt(3),
  ];
  const expected = matchNics(enis, links);
  fc.assert(
    fc.property(
      fc.shuffledSubarray(enis, { minLength: 3 }),
      fc.shuffledSubarray(links, { minLength: 5 }),
      (someEnis, someLinks) => expect(matchNics(someEnis, someLinks)).toEqual(expected),
    ),
  );
});
