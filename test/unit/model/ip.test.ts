import { describe, expect, test } from "bun:test";
import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import {
  cidrContains,
  familyOf,
  hostCidr,
  parseCidr,
  parseIpv4,
  parseIpv6,
  parseMac,
  prefixLength,
  subnetRouter,
} from "../../../src/model/ip.ts";

/** Text that is similar to an address, and often is none. */
const nearlyIpv4 = fc
  .array(fc.constantFrom(..."0123456789.", "25", "255", "1.", "0x"), { maxLength: 12 })
  .map((parts) => parts.join(""));
const nearlyIpv6 = fc
  .array(fc.constantFrom(..."0af:", "::", "1:", "ffff", "10.0.0.1", "%", "g"), { maxLength: 14 })
  .map((parts) => parts.join(""));

describe("IPv4", () => {
  test.each(["0.0.0.0", "10.0.0.1", "255.255.255.255"])("%s is canonical", (text) => {
    expect(parseIpv4(text)).toBe(text);
  });

  test.each([
    "",
    "10.0.0",
    "10.0.0.256",
    "10.0.0.01",
    "10.0.0.1 ",
    "1.2.3.4.5",
    "0x0a.0.0.1",
    "::1",
  ])("%p is no address", (text) => expect(parseIpv4(text)).toBeNull());

  test("parseIpv4 agrees with node:net", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), nearlyIpv4), (text) => {
        expect(parseIpv4(text) !== null).toBe(isIPv4(text));
      }),
    );
  });
});

describe("IPv6", () => {
  test.each([
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["1:0:0:0:0:0:0:0", "1::"],
    ["fe80:EC2::1", "fe80:ec2::1"],
    ["::ffff:10.0.0.1", "::ffff:a00:1"],
  ])("%s is %s", (text, canonical) => expect(parseIpv6(text)).toBe(canonical));

  test.each([
    "",
    ":",
    ":::",
    "1::2::3",
    "fe80::1%eth0",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4::5:6:7:8",
    "::1:2:3:4:5:6:7:8",
    "12345::",
    "10.0.0.1::",
    "[::1]",
    "10.0.0.1",
  ])("%p is no address", (text) => expect(parseIpv6(text)).toBeNull());

  test("parseIpv6 agrees with node:net, except for zones", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV6(), nearlyIpv6), (text) => {
        expect(parseIpv6(text) !== null).toBe(isIPv6(text) && !text.includes("%"));
      }),
      { numRuns: 2000 },
    );
  });

  test("parseIpv6 writes an address as URL does", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        // Bun's URL refuses "::0:0:0:0:0.0.0.0", which is valid.
        fc.pre(!text.includes("."));
        expect(`[${parseIpv6(text)}]`).toBe(new URL(`http://[${text}]/`).hostname);
      }),
    );
  });

  test("the canonical form of a canonical form is the same", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const canonical = parseIpv6(text) ?? "";
        expect(parseIpv6(canonical)).toBe(canonical);
      }),
    );
  });
});

describe("networks", () => {
  test.each([
    ["10.0.1.0/24", 4, "10.0.1.0/24"],
    ["0.0.0.0/0", 4, "0.0.0.0/0"],
    ["10.0.1.5/32", 4, "10.0.1.5/32"],
    ["2001:DB8:0::/64", 6, "2001:db8::/64"],
    ["::/0", 6, "::/0"],
  ] as const)("%s of family %d is %s", (text, family, canonical) => {
    expect(parseCidr(text, family)).toBe(canonical);
  });

  test.each([
    ["10.0.1.5/24", 4],
    ["10.0.1.0", 4],
    ["10.0.1.0/33", 4],
    ["10.0.1.0/024", 4],
    ["10.0.1.0/24/1", 4],
    ["10.0.1.0/", 4],
    ["2001:db8::/64", 4],
    ["10.0.1.0/24", 6],
    ["2001:db8::1/64", 6],
    ["2001:db8::/129", 6],
  ] as const)("%s is no network of family %d", (text, family) => {
    expect(parseCidr(text, family)).toBeNull();
  });

  test.each([
    ["10.0.1.0/24", "10.0.1.1"],
    ["10.0.1.16/28", "10.0.1.17"],
    ["10.0.1.255/32", null],
    ["172.31.240.0/20", "172.31.240.1"],
    ["10.255.255.252/30", "10.255.255.253"],
    ["2001:db8:1::/64", "2001:db8:1::1"],
  ])("the router of %s is %s", (cidr, router) => {
    if (router === null) expect(() => subnetRouter(cidr)).toThrow(RangeError);
    else expect(subnetRouter(cidr)).toBe(router);
  });

  test.each([
    ["10.0.1.0/24", "10.0.1.255", true],
    ["10.0.1.0/24", "10.0.2.0", false],
    ["10.0.1.16/28", "10.0.1.15", false],
    ["0.0.0.0/0", "203.0.113.9", true],
    ["0.0.0.0/0", "::1", false],
    ["2001:db8::/64", "2001:db8::ffff", true],
    ["2001:db8::/64", "2001:db8:0:1::", false],
    ["::/0", "10.0.0.1", false],
  ])("%s contains %s: %p", (cidr, address, is) => expect(cidrContains(cidr, address)).toBe(is));

  test("the router of a subnet is in it, and is not its base", () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 30 }), (address, length) => {
        const cidr = networkOf(address, length);
        expect(cidrContains(cidr, subnetRouter(cidr))).toBe(true);
        expect(`${subnetRouter(cidr)}/${length}`).not.toBe(cidr);
      }),
    );
  });
});

test("hostCidr returns the network of one host", () => {
  expect(hostCidr("10.0.0.1")).toBe("10.0.0.1/32");
  expect(hostCidr("::1")).toBe("::1/128");
  expect([familyOf("10.0.0.1"), familyOf("::/0"), prefixLength("::1/128")]).toEqual([4, 6, 128]);
});

test.each([
  ["06:AA:bb:cc:dd:01", "06:aa:bb:cc:dd:01"],
  ["06-aa-bb-cc-dd-01", null],
  ["06:aa:bb:cc:dd", null],
  ["6:aa:bb:cc:dd:01", null],
  ["06:aa:bb:cc:dd:0g", null],
  ["06:aa:bb:cc:dd:01\n", null],
])("MAC %p is %p", (text, mac) => expect(parseMac(text)).toBe(mac));

/** The network of an address, made without the code under test. */
function networkOf(address: string, length: number): string {
  const bits = address
    .split(".")
    .map((octet) => Number(octet).toString(2).padStart(8, "0"))
    .join("");
  const base = bits.slice(0, length).padEnd(32, "0");
  const octets = base.match(/.{8}/g) ?? [];
  return `${octets.map((octet) => Number.parseInt(octet, 2)).join(".")}/${length}`;
}
