import { expect, test } from "bun:test";
import { fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";

const key =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g my-key";
const mac = "network/interfaces/macs/06:ec:2a:00:00:00";

const leaves: readonly { readonly key: string; readonly value: string; readonly of?: Scenario }[] =
  [
    { key: "instance-id", value: "i-0ec20000000000001\n" },
    { key: "placement/region", value: "eu-central-1\n" },
    { key: "/latest/meta-data/placement/region/", value: "eu-central-1\n" },
    { key: `${mac}/device-number`, value: "0\n" },
    {
      key: `${mac}/local-ipv4s`,
      value: "10.0.0.10\n10.0.0.11\n",
      of: { enis: [{ device: 0, ipv4: ["10.0.0.10", "10.0.0.11"] }] },
    },
    { key: "public-keys/0/openssh-key", value: `${key}\n` },
    { key: "tags/instance/Name", value: "a\n", of: { tags: { Name: "a" } } },
    { key: "tags/instance/My Name", value: "a b\n", of: { tags: { "My Name": "a b" } } },
    { key: "tags/instance/a?b#c%2e", value: "odd\n", of: { tags: { "a?b#c%2e": "odd" } } },
    { key: "tags/instance/größe", value: "groß\n", of: { tags: { größe: "groß" } } },
    { key: "tags/instance/empty", value: "\n", of: { tags: { empty: "" } } },
    { key: "tags/instance/nl", value: "ends\n", of: { tags: { nl: "ends\n" } } },
    { key: "mac", value: "06:ec:2a:00:00:00\n" },
  ];

test.each(leaves)("fetch prints one leaf with a newline: $key", async ({ key, value, of = {} }) => {
  const { code, text, stderr, simulator } = await fetchOnce(of, [key]);
  expect({ code, text, stderr }).toEqual({ code: 0, text: value, stderr: "" });
  expect(simulator.count("PUT *")).toBe(1);
});

const allBytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const userData: Readonly<Record<string, Uint8Array>> = {
  "all 256 byte values": allBytes,
  "a NUL first": Uint8Array.of(0, 0x41),
  "no trailing newline, and none is added": new TextEncoder().encode("#!/bin/sh"),
  "one trailing newline": new TextEncoder().encode("#!/bin/sh\n"),
  "a byte order mark and CR LF": new TextEncoder().encode("\ufeffa\r\nb"),
  "a gzip header": Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff),
  "exactly 1 MiB": new Uint8Array(1_048_576).fill(0xfe),
};

test.each(Object.entries(userData))(
  "fetch prints user-data byte for byte: %s",
  async (_, bytes) => {
    const { code, stdout } = await fetchOnce({ userData: bytes }, ["user-data"]);
    expect(code).toBe(0);
    expect(Buffer.compare(stdout, bytes)).toBe(0);
  },
);

test("fetch prints a leaf that is not UTF-8 byte for byte, and rejects it as json and env", async () => {
  const of: Scenario = { set: { profile: Uint8Array.of(0xff, 0) } };
  expect([...(await fetchOnce(of, ["profile"])).stdout]).toEqual([0xff, 0, 0x0a]);
  for (const [format, message] of [
    ["json", "profile: its value is not text"],
    ["env", "profile has a NUL byte, which a variable cannot contain"],
  ] as const) {
    const { code, text, stderr } = await fetchOnce(of, ["profile", "--format", format]);
    expect(code).toBe(65);
    expect(text).toBe(format === "env" ? "(exit 65)\n" : "");
    expect(stderr).toContain(message);
  }
});

test("fetch rejects a value that is one byte larger than the limit", async () => {
  const flags = ["--retries", "0"];
  const big = new Uint8Array(1_048_577);
  expect((await fetchOnce({ userData: big }, ["user-data", ...flags])).code).toBe(65);
  const leaf = { set: { profile: new Uint8Array(262_145) } };
  expect((await fetchOnce(leaf, ["profile", ...flags])).code).toBe(65);
  const fits = { set: { profile: new Uint8Array(262_144).fill(0x61) } };
  expect((await fetchOnce(fits, ["profile", ...flags])).stdout).toHaveLength(262_145);
});
