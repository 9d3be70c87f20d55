import { expect, test } from "bun:test";
import type { Difference } from "../../../../src/model/plan.ts";
import { describeCheck, differencesJson } from "../../../../src/output/plan/check.ts";

const place = { mac: "06:aa:bb:cc:dd:01", name: "ens6" } as const;
const address: Difference = {
  ...place,
  kind: "address",
  what: "missing",
  text: "ens6: address 10.0.1.20 is missing",
  cidr: "10.0.1.20/32",
  isLeased: false,
};
const file: Difference = {
  ...place,
  kind: "file",
  what: "wrong",
  text: "/etc/netplan/60-ec2nic-06aabbccdd01.yaml has the wrong content or mode",
};

test.each([
  [[], "no difference\n"],
  [[address], "1 difference\n  - ens6: address 10.0.1.20 is missing\n"],
  [
    [file, address],
    "2 differences\n" +
      "  - /etc/netplan/60-ec2nic-06aabbccdd01.yaml has the wrong content or mode\n" +
      "  - ens6: address 10.0.1.20 is missing\n",
  ],
])("%#: for people", (differences, text) => {
  expect(describeCheck(differences, false)).toBe(text);
});

test("--plain has no bullets", () => {
  expect(describeCheck([address], true)).toBe("1 difference\nens6: address 10.0.1.20 is missing\n");
});

test("a link's name cannot speak to the terminal", () => {
  const text = "\u001b[2Jens6: address 10.0.1.20 is missing";
  expect(describeCheck([{ ...address, text }], false)).toContain("  - \\x1b[2Jens6: address");
});

test("for machines: what and where, and the same words", () => {
  const { text } = address;
  const json = { ...place, kind: "address", what: "missing", text };
  expect(differencesJson([address])).toEqual([json]);
});
