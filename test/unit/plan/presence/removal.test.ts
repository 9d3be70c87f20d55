import { describe, expect, test } from "bun:test";
import type { BusDevice, Link } from "../../../../src/model/link.ts";
import type { NicRecord } from "../../../../src/model/run-records.ts";
import { managedPath } from "../../../../src/model/managed-paths.ts";
import { classifyRemovals, type NicPresence } from "../../../../src/plan/presence/removal.ts";
import { macAt } from "../../../kit/facts/nics.ts";
import { nicDevice, nicLink, nicRecord } from "../../../kit/facts/nic-records.ts";

const [a, b, c] = [macAt(1), macAt(2), macAt(3)];
const fileOf = (mac: string, content = "# written by ec2nic\n") => ({
  path: managedPath("netplan", mac),
  content,
  mode: 0o600,
});
const lo: Link = { name: "lo", mac: null, kind: "loopback", driver: null, busAddress: null };

const none: ReadonlySet<string> = new Set();

interface Case {
  readonly ours: readonly string[];
  readonly links: readonly Link[];
  readonly devices: readonly BusDevice[];
  readonly records: readonly NicRecord[];
  readonly expected: Readonly<Record<string, NicPresence["presence"]>>;
}

const cases: Readonly<Record<string, Case>> = {
  "all is there": {
    ours: [a],
    links: [lo, nicLink("ens5", a)],
    devices: [nicDevice("5", "ens5")],
    records: [nicRecord(a, "5")],
    expected: {},
  },
  "a NIC is detached": {
    ours: [a, b],
    links: [lo, nicLink("ens5", a)],
    devices: [nicDevice("5", "ens5")],
    records: [nicRecord(a, "5"), nicRecord(b, "6")],
    expected: { [b]: "gone" },
  },
  "the driver of all is unloaded": {
    ours: [a, b],
    links: [lo],
    devices: [nicDevice("5"), nicDevice("6")],
    records: [nicRecord(a, "5"), nicRecord(b, "6")],
    expected: { [a]: "on-bus", [b]: "on-bus" },
  },
  "one is detached while the driver is unloaded: the note says which": {
    ours: [a, b],
    links: [lo],
    devices: [nicDevice("6")],
    records: [nicRecord(a, "5"), nicRecord(b, "6")],
    expected: { [a]: "gone", [b]: "on-bus" },
  },
  "the same without records: it cannot be told, and nothing goes": {
    ours: [a, b],
    links: [lo],
    devices: [nicDevice("6")],
    records: [],
    expected: { [a]: "unknown", [b]: "unknown" },
  },
  "one has a note, of the other nothing is known": {
    ours: [a, b],
    links: [lo],
    devices: [nicDevice("6")],
    records: [nicRecord(b, "6")],
    expected: { [a]: "unknown", [b]: "on-bus" },
  },
  "it shows another MAC, as somebody set it: its device never left": {
    ours: [a, b],
    links: [lo, nicLink("ens5", a), nicLink("ens6", c)],
    devices: [nicDevice("5", "ens5"), nicDevice("6", "ens6")],
    records: [nicRecord(a, "5"), nicRecord(b, "6")],
    expected: { [b]: "on-bus" },
  },
  "another NIC is in the slot, and its driver is not there yet": {
    ours: [a, b],
    links: [lo, nicLink("ens5", a)],
    devices: [nicDevice("5", "ens5"), nicDevice("6")],
    records: [nicRecord(a, "5"), nicRecord(b, "6")],
    expected: { [b]: "on-bus" },
  },
  "another device is in the slot, which the bus tells without a driver": {
    ours: [a, b],
    links: [lo, nicLink("ens5", a)],
    devices: [nicDevice("5", "ens5"), { ...nicDevice("6"), inode: 2 }],
    records: [nicRecord(a, "5"), nicRecord(b, "6")],
    expected: { [b]: "gone" },
  },
  "a link without a device, as a veth, has nothing that could stay": {
    ours: [a, b],
    links: [lo, nicLink("ens5", a)],
    devices: [nicDevice("9")],
    records: [nicRecord(a, "5"), { ...nicRecord(b, "6"), device: null }],
    expected: { [b]: "gone" },
  },
  "another MAC, and no records: swapped while the instance was stopped, or set": {
    ours: [a, b],
    links: [lo, nicLink("ens5", a), nicLink("ens6", c)],
    devices: [nicDevice("5", "ens5"), nicDevice("6", "ens6")],
    records: [],
    expected: { [b]: "unknown" },
  },
  "the same before the drivers are loaded": {
    ours: [a, b],
    links: [lo, nicLink("ens5", a)],
    devices: [nicDevice("5", "ens5"), nicDevice("6")],
    records: [],
    expected: { [b]: "unknown" },
  },
  "a NIC came back in another slot": {
    ours: [a, b],
    links: [lo, nicLink("ens5", a), nicLink("ens7", b)],
    devices: [nicDevice("5", "ens5"), nicDevice("7", "ens7")],
    records: [nicRecord(a, "5"), nicRecord(b, "6")],
    expected: {},
  },
  "a container has the link: the device has its driver": {
    ours: [a, b],
    links: [lo, nicLink("ens5", a)],
    devices: [nicDevice("5", "ens5"), { ...nicDevice("6"), driver: "ena" }],
    records: [nicRecord(a, "5"), nicRecord(b, "6")],
    expected: { [b]: "on-bus" },
  },
  "a device that is nobody's never has a link (DPDK): the detached one still goes": {
    ours: [a, b],
    links: [lo, nicLink("ens5", a)],
    devices: [nicDevice("5", "ens5"), { ...nicDevice("9"), driver: "vfio-pci" }],
    records: [nicRecord(a, "5"), nicRecord(b, "6")],
    expected: { [b]: "gone" },
  },
  "the link went between the reading of bus and links": {
    ours: [a],
    links: [lo],
    devices: [nicDevice("5", "ens5")],
    records: [nicRecord(a, "5")],
    expected: { [a]: "on-bus" },
  },
  "no bus at all, as in a container": {
    ours: [a, b],
    links: [lo, nicLink("eth0", a)],
    devices: [],
    records: [],
    expected: { [b]: "gone" },
  },
  "no link could be read": { ours: [a], links: [], devices: [], records: [], expected: {} },
};

describe("a NIC without a link", () => {
  test.each(Object.entries(cases))("%s", (_, { ours, expected, ...facts }) => {
    const verdicts = classifyRemovals({
      ...facts,
      unmanaged: none,
      files: ours.map((mac) => fileOf(mac)),
    });
    expect(Object.fromEntries(verdicts.map(({ mac, presence }) => [mac, presence]))).toEqual(
      expected,
    );
  });

  test("each MAC once, whatever it has of files; not a file that is somebody else's", () => {
    const files = [
      fileOf(a),
      { ...fileOf(a), path: managedPath("networkd", a) },
      fileOf(b, "# by an admin\n"),
    ];
    const verdicts = classifyRemovals({
      files,
      links: [lo],
      devices: [],
      records: [],
      unmanaged: none,
    });
    expect(verdicts.map(({ mac }) => mac)).toEqual([a]);
  });

  test("the reason names the device", () => {
    const facts = { files: [fileOf(a)], links: [lo], records: [nicRecord(a, "0000:00:06.0")] };
    const why = (...devices: readonly BusDevice[]) =>
      classifyRemovals({ ...facts, unmanaged: none, devices })[0]?.reason;
    expect(why()).toBe("0000:00:06.0 left the bus");
    expect(why(nicDevice("0000:00:06.0"))).toBe("0000:00:06.0 is on its bus without a driver");
  });
});

describe("who is never gone", () => {
  const head = (mac: string, index: string) =>
    fileOf(mac, `# written by ec2nic\n# eni-0${mac.at(-1)}, ${index}\n`);
  const facts = { links: [lo], devices: [], records: [nicRecord(b, "6")], unmanaged: none };

  test("the primary, which cannot be detached", () => {
    const files = [head(a, "primary"), head(b, "index 1")];
    const verdicts = classifyRemovals({ ...facts, files });
    expect(verdicts.map(({ presence }) => presence)).toEqual(["unknown", "gone"]);
  });

  test.each([b, "eni-02", "ens6"])("what an admin lists, by %s", (entry) => {
    const files = [head(b, "index 1")];
    const [verdict] = classifyRemovals({ ...facts, files, unmanaged: new Set([entry]) });
    expect(verdict).toEqual({
      mac: b,
      presence: "unknown",
      reason: `/etc/ec2nic/unmanaged lists ${entry}`,
    });
  });

  test("a bridge with its MAC is not the NIC", () => {
    const bridge: Link = { ...nicLink("br0", b), kind: "bridge" };
    const [verdict] = classifyRemovals({
      ...facts,
      files: [head(b, "index 1")],
      links: [lo, bridge],
    });
    expect(verdict?.presence).toBe("gone");
  });
});
