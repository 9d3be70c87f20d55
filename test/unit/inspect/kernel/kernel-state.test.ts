import { describe, expect, test } from "bun:test";
import type { Exec } from "../../../../src/host/host.ts";
import { readKernel } from "../../../../src/inspect/kernel/kernel-state.ts";

type Answer = {
  readonly isStarted: boolean;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};

const empty: Answer = { code: 0, isStarted: true, stdout: "[]", stderr: "" };

/** An `ip` with these outputs, by command; every other command prints an empty list. */
function ipWith(answers: Readonly<Record<string, Partial<Answer> | object[]>>): Exec {
  return async (argv) => {
    const answer = answers[argv.filter((word) => word !== "-details").join(" ")] ?? {};
    const isList = Array.isArray(answer);
    return { ...empty, ...(isList ? { stdout: JSON.stringify(answer) } : answer) };
  };
}

const routes4 = "ip -N -json -4 route show table all";
const routes6 = "ip -N -json -6 route show table all";
const rules4 = "ip -N -json -4 rule show";
const rules6 = "ip -N -json -6 rule show";
const addresses = "ip -N -json address show";

const rule = {
  family: 4,
  from: null,
  to: null,
  table: 0,
  suppressPrefixLength: null,
  suppressGroup: null,
  isPlain: true,
} as const;
const route = {
  family: 4,
  type: "unicast",
  gateway: null,
  link: null,
  table: 254,
  metric: 0,
} as const;

// The output of these versions, built from their tags, in a namespace of Linux 6.18, without the
// links and routes of the other ends of the veths.
describe.each(["5.10.0", "7.1.0"])("iproute2 %s", async (version) => {
  const printed = await Bun.file(new URL(`iproute2/${version}.json`, import.meta.url)).json();
  const exec: Exec = async (argv) => {
    return { ...empty, stdout: JSON.stringify(printed[argv.join(" ")]) };
  };
  const state = await readKernel({ exec });

  test("addresses have a prefix length and whether they are duplicates", () => {
    const found = state.addresses.filter(({ link }) => link === "ens6");
    expect(found).toEqual([
      { ...addressOf("10.0.1.10", 24), isDynamic: true },
      addressOf("10.0.1.20", 32),
      addressOf("2001:db8::11", 128),
      { ...addressOf("2001:db8::dad", 128), isDuplicate: true },
      addressOf("fe80::4aa:bbff:fecc:dd01", 64),
    ]);
  });

  test("IPv4 routes of every table are one for each next hop, and have no link where they are unreachable", () => {
    expect(state.routes.filter(({ family }) => family === 4)).toEqual([
      {
        ...route,
        destination: "0.0.0.0/0",
        gateway: "10.0.1.1",
        link: "ens6",
        table: 10_001,
      },
      { ...route, destination: "10.0.1.0/24", link: "ens6", table: 10_001 },
      { ...route, type: "unreachable", destination: "192.0.2.0/24", table: 77 },
      {
        ...route,
        destination: "0.0.0.0/0",
        gateway: "10.0.0.1",
        link: "ens5",
        metric: 512,
      },
      { ...route, type: "unreachable", destination: "0.0.0.0/0", metric: 4_278_198_272 },
      {
        ...route,
        destination: "10.0.0.0/24",
        link: "ens5",
      },
      { ...route, destination: "10.50.0.0/16", gateway: "fe80::1", link: "ens6" },
      { ...route, destination: "10.60.0.0/16", gateway: "10.0.0.9", link: "ens5" },
      { ...route, destination: "172.16.0.0/12", gateway: "10.0.0.2", link: "ens5" },
      { ...route, destination: "172.16.0.0/12", gateway: "10.0.0.3", link: "ens5" },
    ]);
  });

  test("IPv6 routes that are unreachable have no link", () => {
    const found = state.routes.filter(
      ({ family, destination }) => family === 6 && !destination.startsWith("fe80:"),
    );
    const six = { ...route, family: 6 as const };
    const advertised = { ...six, destination: "::/0", metric: 512 };
    expect(found).toEqual([
      {
        ...six,
        destination: "2001:db8:2::/64",
        link: "ens6",
        table: 10_001,
        metric: 512,
      },
      {
        ...six,
        destination: "::/0",
        gateway: "fe80:ec2::1",
        link: "ens6",
        table: 10_001,
        metric: 1024,
      },
      { ...six, type: "unreachable", destination: "2001:db8:dead::/48", metric: 1024 },
      { ...advertised, gateway: "fe80::1", link: "ens6" },
      { ...advertised, gateway: "fe80::2", link: "ens5" },
    ]);
  });

  test("rules with more conditions than the model has are not plain", () => {
    expect(state.rules).toEqual([
      { ...rule, priority: 0, table: 255 },
      { ...rule, priority: 500, table: 55, isPlain: false },
      { ...rule, priority: 600, from: "10.9.0.0/24", isPlain: false },
      { ...rule, priority: 601, table: 66, isPlain: false },
      { ...rule, priority: 602, from: "10.0.0.0/8", table: 66, isPlain: false },
      { ...rule, priority: 604, isPlain: false },
      { ...rule, priority: 8001, from: "10.0.1.16/28", to: "10.0.0.0/16", table: 10_001 },
      { ...rule, priority: 9001, from: "10.0.1.10/32", table: 254, suppressPrefixLength: 0 },
      { ...rule, priority: 10_001, from: "10.0.1.10/32", table: 10_001 },
      { ...rule, priority: 32_766, table: 254 },
      { ...rule, priority: 32_767, table: 253 },
      { ...rule, family: 6, priority: 0, table: 255 },
      {
        ...rule,
        family: 6,
        priority: 9001,
        from: "2001:db8::/80",
        table: 254,
        suppressPrefixLength: 0,
      },
      { ...rule, family: 6, priority: 10_001, from: "2001:db8::10/128", table: 10_001 },
      { ...rule, family: 6, priority: 32_766, table: 254 },
    ]);
  });
});

function addressOf(address: string, prefixLength: number) {
  return { link: "ens6", address, prefixLength, isDuplicate: false };
}

test("a tentative address is no duplicate", async () => {
  const info = { family: "inet6", local: "2001:DB8::12", prefixlen: 64, tentative: true };
  const exec = ipWith({ [addresses]: [{}, { ifname: "ens6", addr_info: [{}, info] }] });
  expect((await readKernel({ exec })).addresses).toEqual([addressOf("2001:db8::12", 64)]);
});

test("a rule with host bits is not plain, and a rule that suppresses routes is", async () => {
  const rules = [
    { priority: 5, src: "10.0.0.5", srclen: 24, table: "66" },
    { priority: 6, src: "0", srclen: 8, table: "66" },
    { priority: 7, src: "all", table: "254", suppress_prefixlen: 8, suppress_ifgroup: "10000" },
  ];
  const state = await readKernel({ exec: ipWith({ [rules4]: rules }) });
  expect(state.rules).toEqual([
    { ...rule, priority: 5, table: 66, isPlain: false },
    { ...rule, priority: 6, table: 66, isPlain: false },
    { ...rule, priority: 7, table: 254, suppressPrefixLength: 8, suppressGroup: 10_000 },
  ]);
});

test("an empty output is an empty list", async () => {
  const silent = { stdout: "" };
  const exec = ipWith({ [addresses]: silent, [routes4]: silent, [rules6]: silent });
  expect(await readKernel({ exec })).toEqual({ links: [], addresses: [], routes: [], rules: [] });
});

test("a kernel without IPv6 has no IPv6 routes and rules", async () => {
  const lacking = {
    code: 2,
    stderr: "RTNETLINK answers: Address family not supported by protocol",
  };
  const exec = ipWith({ [routes6]: lacking, [rules6]: lacking });
  expect(await readKernel({ exec })).toEqual({ links: [], addresses: [], routes: [], rules: [] });
});

describe("readKernel throws OSERR where", () => {
  const unknown = 'Option "-N" is unknown, try "ip -help".';
  test.each([
    ["ip is missing", { code: 127 }, "ip -N -json address show: there is no such command"],
    ["ip is iproute2 5.0", { code: 255, stderr: unknown }, `ended with 255: ${unknown}`],
    ["ip prints no JSON", { stdout: "1: lo: <LOOPBACK,UP>" }, "unexpected output: "],
    ["ip prints no list", { stdout: "{}" }, "unexpected output: "],
    [
      "ip prints no valid address",
      { stdout: '[{"ifname":"a","addr_info":[{"local":"10.0.0.300"}]}]' },
      'unexpected output: "10.0.0.300" is not an address',
    ],
  ])("%s", async (_, answer, message) => {
    const reading = readKernel({ exec: ipWith({ [addresses]: answer }) });
    await expect(reading).rejects.toMatchObject({
      kind: "OSERR",
      message: expect.stringContaining(message),
      hint: expect.stringContaining("iproute2 5.3 or later"),
    });
  });

  test("IPv4 is missing", async () => {
    const lacking = { code: 2, stderr: "RTNETLINK answers: Operation not supported" };
    const reading = readKernel({ exec: ipWith({ [routes4]: lacking }) });
    await expect(reading).rejects.toMatchObject({ kind: "OSERR" });
  });
});
