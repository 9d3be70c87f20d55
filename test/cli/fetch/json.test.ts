import { expect, test } from "bun:test";
import { fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";

const mac = "06:ec:2a:00:00:00";
const eniFolder = `network/interfaces/macs/${mac}`;

async function json(of: Scenario, args: readonly string[]): Promise<unknown> {
  const { code, text, stderr } = await fetchOnce(of, args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(text).toEndWith("}\n");
  return JSON.parse(text);
}

test("a folder becomes an object of its children", async () => {
  const region = "eu-central-1";
  expect(await json({}, ["placement"])).toEqual({
    "availability-zone": `${region}a`,
    "availability-zone-id": "euc1-az2",
    region,
  });
});

test("a trailing slash, a path from latest/ and --json give the same output for a folder", async () => {
  const expected = (await fetchOnce({}, ["placement"])).text;
  for (const args of [["placement/"], ["/latest/meta-data/placement"], ["placement", "--json"]]) {
    expect((await fetchOnce({}, args)).text).toBe(expected);
  }
});

test("the lists of an ENI are arrays even with one entry, and its keys are sorted", async () => {
  const of: Scenario = {
    enis: [
      {
        device: 0,
        dualStack: true,
        publicIpv4: ["203.0.113.7"],
        ipv4Prefixes: ["10.0.0.128/28"],
        ipv6Prefixes: ["2600:1f14:ec2:100:1::/80"],
      },
    ],
  };
  const eni = await json(of, [eniFolder]);
  expect(eni).toMatchObject({
    "device-number": "0",
    "local-ipv4s": ["10.0.0.10"],
    "public-ipv4s": ["203.0.113.7"],
    ipv6s: ["2600:1f14:ec2:100::10"],
    "ipv4-prefix": ["10.0.0.128/28"],
    "ipv6-prefix": ["2600:1f14:ec2:100:1:0:0:0/80"],
    "vpc-ipv4-cidr-blocks": ["10.0.0.0/16"],
    "subnet-ipv6-cidr-blocks": ["2600:1f14:ec2:100:0:0:0:0/64"],
    "subnet-ipv4-cidr-block": "10.0.0.0/24",
    "vpc-ipv4-cidr-block": "10.0.0.0/16",
    "ipv4-associations": { "203.0.113.7": ["10.0.0.10"] },
    mac,
  });
  const keys = Object.keys(eni as object);
  expect(keys).toEqual(keys.toSorted());
});

test("several keys become one object with the keys as names", async () => {
  expect(await json({}, ["placement/region", "instance-id", `${eniFolder}/local-ipv4s`])).toEqual({
    "instance-id": "i-0ec20000000000001",
    [`${eniFolder}/local-ipv4s`]: ["10.0.0.10"],
    "placement/region": "eu-central-1",
  });
});

test("with --json, one leaf is a string and one list of addresses is an array", async () => {
  expect((await fetchOnce({}, ["instance-id", "--json"])).text).toBe('"i-0ec20000000000001"\n');
  const list = (await fetchOnce({}, [`${eniFolder}/local-ipv4s`, "--json"])).text;
  expect(JSON.parse(list)).toEqual(["10.0.0.10"]);
});

test("public-keys, listed as 0=my-key, becomes an object with the key 0", async () => {
  const keys = await json({}, ["public-keys"]);
  expect(keys).toEqual({
    "0": { "openssh-key": expect.stringMatching(/^ssh-ed25519 .* my-key$/) },
  });
});

test("tags named with a space or like a property of JavaScript objects are printed", async () => {
  const tags = JSON.parse('{"A b": "c d", "__proto__": "p", "constructor": "q", "0": "zero"}');
  const { text } = await fetchOnce({ tags }, ["tags/instance"]);
  expect(text).toBe(
    '{\n  "0": "zero",\n  "A b": "c d",\n  "__proto__": "p",\n  "constructor": "q"\n}\n',
  );
});

test("a tag named local-ipv4s is a string, not an array", async () => {
  const tags = { "local-ipv4s": "mine" };
  expect(await json({ tags }, ["tags/instance"])).toEqual(tags);
});
