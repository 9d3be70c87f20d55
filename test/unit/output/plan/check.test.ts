import { expect, test } from "bun:test";
import type { Difference } from "../../../../src/model/plan.ts";
import {
  describeCheck,
  differencesJson,
  repairedLines,
} from "../../../../src/output/plan/check.ts";

const nic = { mac: "06:aa:bb:cc:dd:01", name: "ens6" } as const;
const address: Difference = {
  ...nic,
  kind: "address",
  what: "missing",
  text: "ens6: address 10.0.1.20 is missing",
  cidr: "10.0.1.20/32",
  isLeased: false,
};
const file: Difference = {
  ...nic,
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
])("%#: the text output lists each difference", (differences, text) => {
  expect(describeCheck(differences, false)).toBe(text);
});

test("--plain prints no bullets", () => {
  expect(describeCheck([address], true)).toBe("1 difference\nens6: address 10.0.1.20 is missing\n");
});

test("control characters in a link's name are escaped", () => {
  const text = "\u001b[2Jens6: address 10.0.1.20 is missing";
  expect(describeCheck([{ ...address, text }], false)).toContain("  - \\x1b[2Jens6: address");
});

test("the JSON has the object, the kind and the same text", () => {
  const { text } = address;
  const json = { ...nic, kind: "address", what: "missing", text };
  expect(differencesJson([address])).toEqual([json]);
});

test("a difference is listed as repaired only if a step repairs it", () => {
  const leased = { ...address, text: "ens6: address 10.0.1.10 is missing", isLeased: true };
  const step = { argv: ["ip"], reason: address.text, mac: nic.mac, timeoutMs: 1 };
  expect(repairedLines([address, leased], [step])).toEqual([`repaired: ${address.text}`]);
  expect(repairedLines([address], [])).toEqual([]);
});
