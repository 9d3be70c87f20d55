import { expect, test } from "bun:test";
import { fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";

const key =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g my-key";
const mac = "network/interfaces/macs/06:ec:2a:00:00:00";

const leaves: readonly { readonly key: string; readonly value: string; readonly of?: Scenario }[] =
  [
    { key: "/latest/meta-data/placement/region/", value: "eu-central-1\n" },
    {
      key: `${mac}/local-ipv4s`,
      value: "10.0.0.10\n10.0.0.11\n",
      of: { enis: [{ device: 0, ipv4: ["10.0.0.10", "10.0.0.11"] }] },
    },
    { key: "public-keys/0/openssh-key", value: `${key}\n` },
    { key: "tags/instance/My Name", value: "a b\n", of: { tags: { "My Name": "a b" } } },
    { key: "tags/instance/a?b#c%2e", value: "odd\n", of: { tags: { "a?b#c%2e": "odd" } } },
    { key: "tags/instance/größe", value: "groß\n", of: { tags: { größe: "groß" } } },
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
