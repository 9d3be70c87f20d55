import { expect, test } from "bun:test";
import { parseUnmanaged, findUnmanagedEntry } from "../../../../src/plan/config/select-nics.ts";
import { eniAt, linkAt } from "../../../kit/facts/nics.ts";

const nic = { eni: eniAt(1), link: linkAt(1) };

test.each([
  ["06:AA:BB:CC:DD:01", "06:aa:bb:cc:dd:01"],
  ["  ens6 # pods", "ens6"],
  ["eni-1", "eni-1"],
  ["# nothing\n\nens5\r\neni-1\n", "eni-1"],
  ["ens60", null],
  ["ens", null],
  ["#ens6", null],
  ["eni-10", null],
  ["", null],
])("%j lists the NIC as %j", (text, entry) => {
  const unmanaged = parseUnmanaged(text);
  expect(findUnmanagedEntry(unmanaged.entries, [nic.eni.mac, nic.eni.id, nic.link.name])).toBe(
    entry,
  );
  expect(unmanaged.reasons).toEqual([]);
});

test("without the file there is no entry", () => {
  expect(parseUnmanaged(null)).toEqual({ entries: new Set(), reasons: [] });
});

test("an invalid line is reported with its number, and the others are used", () => {
  const { entries, reasons } = parseUnmanaged(
    "eth*\n06:aa:bb\nens6\nens6 ens7\na-name-too-long-for-linux\n",
  );
  expect([...entries]).toEqual(["ens6"]);
  expect(reasons.map((reason) => reason.slice(0, "/etc/ec2nic/unmanaged:1".length))).toEqual(
    [1, 2, 4, 5].map((line) => `/etc/ec2nic/unmanaged:${line}`),
  );
});
