import { expect, test } from "bun:test";
import { parseNicAddress, parseNicNetwork } from "../../../src/eni/schema.ts";

test.each([
  ["10.0.1.10", 4],
  ["172.31.255.254", 4],
  ["100.64.0.1", 4],
  ["198.19.255.1", 4],
  ["8.8.8.8", 4],
  ["240.0.0.1", 4],
  ["2001:db8::1", 6],
  ["2600:1f18:abcd::1", 6],
  ["fd12:3456::1", 6],
  ["64:ff9b::1", 6],
] as const)("a NIC may have %s", (address, family) => {
  expect(parseNicAddress(address, family)).toBe(address);
});

test.each([
  ["0.0.0.0", 4],
  ["127.0.0.1", 4],
  ["169.254.169.254", 4],
  ["169.254.0.1", 4],
  ["224.0.0.1", 4],
  ["255.255.255.255", 4],
  ["10.0.0.256", 4],
  ["::", 6],
  ["::1", 6],
  ["::10.0.0.1", 6],
  ["::ffff:10.0.0.1", 6],
  ["fe80::1", 6],
  ["ff02::1", 6],
  ["fd00:ec2::254", 6],
] as const)("no NIC may have %s", (address, family) => {
  expect(parseNicAddress(address, family)).toBeNull();
});

test.each([
  ["10.0.0.0/8", 4],
  ["10.0.0.0/16", 4],
  ["10.0.1.32/28", 4],
  ["2001:db8::/32", 6],
  ["2001:db8:0:1::/64", 6],
  ["2001:db8:0:1:a::/80", 6],
] as const)("a VPC may have the network %s", (cidr, family) => {
  expect(parseNicNetwork(cidr, family)).toBe(cidr);
});

// a rule `from 0.0.0.0/0` would match every packet that the machine sends
test.each([
  ["0.0.0.0/0", 4],
  ["0.0.0.0/1", 4],
  ["128.0.0.0/1", 4],
  ["10.0.0.0/7", 4],
  ["127.0.0.0/8", 4],
  ["169.254.169.254/32", 4],
  ["224.0.0.0/8", 4],
  ["169.0.0.0/8", 4],
  ["169.252.0.0/14", 4],
  ["fd00::/20", 6],
  ["10.0.1.1/24", 4],
  ["::/0", 6],
  ["2000::/3", 6],
  ["2001::/16", 6],
  ["fe80::/64", 6],
  ["fd00:ec2::/32", 6],
] as const)("no VPC may have the network %s", (cidr, family) => {
  expect(parseNicNetwork(cidr, family)).toBeNull();
});
