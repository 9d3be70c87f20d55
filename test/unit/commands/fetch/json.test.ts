import { expect, test } from "bun:test";
import type { Scenario } from "../../../../scripts/simulator/scenario/scenario.ts";
import { fetchInMemory } from "../../../kit/imds/fetch-in-memory.ts";

const mac = "06:ec:2a:00:00:00";
const eniFolder = `network/interfaces/macs/${mac}`;

async function json(of: Scenario, args: readonly string[]): Promise<unknown> {
  const { code, text, message, logged } = await fetchInMemory(of, args);
  expect({ code, message, logged }).toEqual({ code: 0, message: "", logged: [] });
  expect(text).toEndWith("}\n");
  return JSON.parse(text);
}

test.each([
  [["placement"]],
  [["placement/"]],
  [["/latest/meta-data/placement"]],
  [["placement", "--json"]],
])("the folder %p becomes an object of its children", async (args) => {
  expect(await json({}, args)).toEqual({
    "availability-zone": "eu-central-1a",
    "availability-zone-id": "euc1-az2",
    region: "eu-central-1",
  });
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
  expect((await fetchInMemory({}, ["mac", "--json"])).text).toBe(`"${mac}"\n`);
  const list = (await fetchInMemory({}, [`${eniFolder}/local-ipv4s`, "--json"])).text;
  expect(JSON.parse(list)).toEqual(["10.0.0.10"]);
});

test("public-keys, listed as 0=my-key, becomes an object with the key 0", async () => {
  expect(await json({}, ["public-keys"])).toEqual({
    "0": { "openssh-key": expect.stringMatching(/^ssh-ed25519 .* my-key$/) },
  });
});

test("tags named with a space or like a property of JavaScript objects are printed", async () => {
  const tags = JSON.parse('{"A b": "c d", "__proto__": "p", "constructor": "q", "0": "zero"}');
  expect((await fetchInMemory({ tags }, ["tags/instance"])).text).toBe(
    '{\n  "0": "zero",\n  "A b": "c d",\n  "__proto__": "p",\n  "constructor": "q"\n}\n',
  );
});

test("a tag named local-ipv4s is a string, not an array", async () => {
  const tags = { "local-ipv4s": "mine" };
  expect(await json({ tags }, ["tags/instance"])).toEqual(tags);
});

test("--format text prints no folder and no second value", async () => {
  for (const [args, what] of [
    [["placement"], "the folder placement"],
    [[], "the folder /"],
    [["mac", "ami-id"], "several keys"],
  ] as const) {
    const { code, text, message } = await fetchInMemory({}, [...args, "--format", "text"]);
    expect({ code, text }).toEqual({ code: 64, text: "" });
    expect(message).toContain(`--format text prints one value, not ${what}\n`);
  }
});
