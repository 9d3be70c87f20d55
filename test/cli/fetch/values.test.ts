import { expect, test } from "bun:test";
import { fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";

const tags: Scenario = { tags: { "a?b#c%2e": "odd", größe: "groß" } };

test.each<[key: string, value: string, of: Scenario]>([
  ["/latest/meta-data/placement/region/", "eu-central-1\n", {}],
  ["tags/instance/a?b#c%2e", "odd\n", tags],
  ["tags/instance/größe", "groß\n", tags],
])("fetch prints one leaf with a newline: %s", async (key, value, of) => {
  const { code, text, stderr, simulator } = await fetchOnce(of, [key]);
  expect({ code, text, stderr }).toEqual({ code: 0, text: value, stderr: "" });
  expect(simulator.count("PUT *")).toBe(1);
});

const userData: Readonly<Record<string, Uint8Array>> = {
  "all 256 byte values": Uint8Array.from({ length: 256 }, (_, byte) => byte),
  "a byte order mark and CR LF": new TextEncoder().encode("\ufeffa\r\nb"),
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
