import { expect, test } from "bun:test";
import type { BusDevice } from "../../../../src/model/link.ts";
import { findAbsentEnis } from "../../../../src/plan/presence/removal.ts";
import { linkAt, macAt } from "../../../kit/facts/nics.ts";

const listed = [0, 1].map((number) => ({
  mac: macAt(number),
  isPrimary: number === 0,
}));
const links = [linkAt(0)];
const device = (name: string | null): BusDevice => ({
  address: `0000:00:0${name?.at(-1) ?? "9"}.0`,
  inode: 1,
  driver: name === null ? null : "ena",
  links: name === null ? [] : [name],
});
const primaryDevice = device(linkAt(0).name);

// https://github.com/aws/amazon-vpc-cni-k8s/issues/1008: listed after the detach
test("a listed ENI without a NIC is absent if every device belongs to another NIC", () => {
  expect(findAbsentEnis(listed, { links, devices: [primaryDevice] })).toEqual([macAt(1)]);
});

test.each([
  {
    why: "a device without a driver may be its NIC",
    links,
    devices: [primaryDevice, device(null)],
  },
  {
    why: "a device whose link is not visible may be its NIC",
    links,
    devices: [primaryDevice, device("ens6")],
  },
  {
    why: "a device has a MAC that IMDS does not list",
    links: [linkAt(0), linkAt(7)],
    devices: [primaryDevice, device(linkAt(7).name)],
  },
  { why: "it is the primary", links: [linkAt(1)], devices: [device(linkAt(1).name)] },
  { why: "no bus is visible", links, devices: [] },
  { why: "no link could be read", links: [], devices: [primaryDevice] },
  { why: "all NICs are present", links: [linkAt(0), linkAt(1)], devices: [primaryDevice] },
])("no ENI is absent if $why", ({ links: some, devices }) => {
  expect(findAbsentEnis(listed, { links: some, devices })).toEqual([]);
});
