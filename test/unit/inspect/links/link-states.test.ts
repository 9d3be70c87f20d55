import { expect, test } from "bun:test";
import { readLinkStates } from "../../../../src/inspect/links/link-states.ts";
import { linkAddress } from "../../../kit/facts/link-states.ts";
import { type SysFolder, sysfs } from "../../../kit/host/sysfs.ts";

const ethernet = { type: "1\n", address: "06:aa:bb:cc:dd:01\n", uevent: "" };
const up = { ...ethernet, flags: "0x1003\n", carrier: "1\n" };

const read = (folders: SysFolder, addresses = [linkAddress("a", "10.0.0.1")]) =>
  readLinkStates({ files: sysfs(folders), addresses: () => addresses });

test.each([
  ["up, with carrier", up, { isUp: true, hasCarrier: true, master: null }],
  ["up, without carrier", { ...up, carrier: "0\n" }, { isUp: true, hasCarrier: false }],
  ["down", { ...up, flags: "0x1002\n" }, { isUp: false, hasCarrier: false }],
  // The read fails with EINVAL then, and so may each file of a link that disappears.
  [
    "that goes down while it is read",
    { ...up, carrier: new Error("EINVAL") },
    { isUp: true, hasCarrier: false },
  ],
  ["a slave", { ...up, master: { link: "../bond0" } }, { master: "bond0" }],
] as const)("%s", async (_, folder, state) => {
  expect(await read({ a: folder })).toMatchObject([{ name: "a", ...state }]);
});

test("each link has its own addresses, in the kernel's order", async () => {
  const addresses = [
    linkAddress("b", "10.0.1.1"),
    linkAddress("a", "10.0.0.2"),
    linkAddress("a", "10.0.0.1"),
  ];
  const links = await read({ a: up, b: up }, addresses);
  expect(links.map((link) => link.addresses.map(({ address }) => address))).toEqual([
    ["10.0.0.2", "10.0.0.1"],
    ["10.0.1.1"],
  ]);
});
