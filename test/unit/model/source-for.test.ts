import { expect, test } from "bun:test";
import { chooseSource } from "../../../src/model/link.ts";
import { linkAddress } from "../../kit/facts/link-states.ts";

const own = ["fe80::1", "10.0.0.10", "10.0.0.11", "2600::1"].map((text) => linkAddress("a", text));

test.each([
  ["169.254.169.254", own, "10.0.0.10"],
  ["fd00:ec2::254", own, "2600::1"],
  ["fd00:ec2::254", own.slice(0, 2), "fe80::1"],
  ["fd00:ec2::254", own.slice(1, 3), undefined],
  ["169.254.169.254", own.slice(0, 1), undefined],
] as const)(
  "the source for %s is the first address of its family, link-local last",
  (to, from, source) => {
    expect(chooseSource(to, from)?.address).toBe(source as string);
  },
);
