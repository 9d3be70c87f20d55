import { expect, test } from "bun:test";
import { fetchInMemory } from "../../../kit/imds/fetch-in-memory.ts";

const env = ["--format", "env"];

test("--format env prints one sorted EC2_ variable per key", async () => {
  const keys = ["placement/region", "instance-id", "placement/availability-zone-id"];
  const { code, text, message } = await fetchInMemory({}, [...keys, ...env]);
  expect({ code, message }).toEqual({ code: 0, message: "" });
  expect(text).toBe(
    [
      'EC2_INSTANCE_ID="i-0ec20000000000001"',
      'EC2_PLACEMENT_AVAILABILITY_ZONE_ID="euc1-az2"',
      'EC2_PLACEMENT_REGION="eu-central-1"',
      "",
    ].join("\n"),
  );
});

test.each([
  ["Name", "EC2_TAGS_INSTANCE_NAME"],
  ["a b", "EC2_TAGS_INSTANCE_A_B"],
  ["a -- b", "EC2_TAGS_INSTANCE_A_B"],
  ["größe", "EC2_TAGS_INSTANCE_GR_E"],
  ["$(id)", "EC2_TAGS_INSTANCE_ID_"],
  ["x=y; id", "EC2_TAGS_INSTANCE_X_Y_ID"],
])("the tag %p becomes %s", async (tag, name) => {
  const { text } = await fetchInMemory({ tags: { [tag]: "v" } }, [`tags/instance/${tag}`, ...env]);
  expect(text).toBe(`${name}="v"\n`);
});

test("a folder becomes one variable per leaf, and a list becomes lines", async () => {
  const enis = [{ device: 0, ipv4: ["10.0.0.10", "10.0.0.11"] }];
  const folder = "network/interfaces/macs/06:ec:2a:00:00:00";
  const { text } = await fetchInMemory({ enis }, [folder, ...env]);
  const prefix = "EC2_NETWORK_INTERFACES_MACS_06_EC_2A_00_00_00";
  expect(text).toContain(`\n${prefix}_LOCAL_IPV4S="10.0.0.10\n10.0.0.11"\n`);
  expect(text).toContain(`${prefix}_DEVICE_NUMBER="0"\n`);
});

test("two keys with the same variable name are rejected with 65", async () => {
  const tags = { "a b": "1", "a-b": "2" };
  const { code, text, message } = await fetchInMemory({ tags }, ["tags/instance", ...env]);
  expect({ code, text }).toEqual({ code: 65, text: "" });
  expect(message).toContain("would both be EC2_TAGS_INSTANCE_A_B");
});

test("a repeated key becomes one variable", async () => {
  const { text } = await fetchInMemory({}, ["mac", "mac/", ...env]);
  expect(text).toBe('EC2_MAC="06:ec:2a:00:00:00"\n');
});

test("if one key is missing, no variable is printed", async () => {
  const { code, text } = await fetchInMemory({}, ["instance-id", "nope", ...env]);
  expect({ code, text }).toEqual({ code: 66, text: "" });
});

test("what sh and systemd read in quotes is escaped, and nothing else", async () => {
  const tags = { t: `a"b$c\`d\\e'f!g\nh` };
  const { text } = await fetchInMemory({ tags }, ["tags/instance/t", ...env]);
  expect(text).toBe(`EC2_TAGS_INSTANCE_T="a\\"b\\$c\\\`d\\\\e'f!g\nh"\n`);
});

// systemd silently drops a variable that contains one (systemd.exec(5), EnvironmentFile=)
test.each(["\u0001", "\r", "\u001b", "\u007f", "\ufffe"])(
  "a value with the character %p is rejected with 65",
  async (bad) => {
    const tags = { t: `a${bad}b` };
    const { code, text } = await fetchInMemory({ tags }, ["tags/instance/t", ...env]);
    expect({ code, text }).toEqual({ code: 65, text: "" });
  },
);
