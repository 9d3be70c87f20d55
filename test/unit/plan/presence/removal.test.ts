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
  readonly managed: readonly string[];
  readonly links: readonly Link[];
  readonly devices: readonly BusDevice[];
  readonly records: readonly NicRecord[];
  readonly expected: Readonly<Record<string, NicPresence["presence"]>>;
}

const cases: Readonly<Record<string, Case>> = {
  "every NIC is present": {
    managed: [a],
    links: [lo, nicLink("ens5", a)],
    devices: [nicDevice("5", "ens5")],
    records: [nicRecord(a, "5")],
    expected: {},
  },
  "a NIC is detached": {
    managed: [a, b],
    links: [lo, nicLink("ens5", a)],
    devices: [nicDevice("5", "ens5")],
    records: [nicRecord(a, "5"), nicRecord(b, "6")],
    expected: { [b]: "gone" },
  },
  "the driver of all NICs is unloaded": {
    managed: [a, b],
    links: [lo],
    devices: [nicDevice("5"), nicDevice("6")],
    records: [nicRecord(a, "5"), nicRecord(b, "6")],
    expected: { [a]: "on-bus", [b]: "on-bus" },
  },
  "a NIC is detached while the driver is unloaded, and the record identifies it": {
    managed: [a, b],
    links: [lo],
    devices: [nicDevice("6")],
    records: [nicRecord(a, "5"), nicRecord(b, "6")],
    expected: { [a]: "gone", [b]: "on-bus" },
  },
  "a NIC is detached while the driver is unloaded, without records": {
    managed: [a, b],
    links: [lo],
    devices: [nicDevice("6")],
    records: [],
    expected: { [a]: "unknown", [b]: "unknown" },
  },
  "one NIC has a record and the other has none": {
    managed: [a, b],
    links: [lo],
    devices: [nicDevice("6")],
    records: [nicRecord(b, "6")],
    expected: { [a]: "unknown", [b]: "on-bus" },
  },
  "the MAC of a NIC was changed: its device is still on the bus": {
    managed: [a, b],
    links: [lo, nicLink("ens5", a), nicLink("ens6", c)],
    devices: [nicDevice("5", "ens5"), nicDevice("6", "ens6")],
    records: [nicRecord(a, "5"), nicRecord(b, "6")],
    expected: { [b]: "on-bus" },
  },
  "another device is in the slot: its inode differs": {
    managed: [a, b],
    links: [lo, nicLink("ens5", a)],
    devices: [nicDevice("5", "ens5"), { ...nicDevice("6"), inode: 2 }],
    records: [nicRecord(a, "5"), nicRecord(b, "6")],
    expected: { [b]: "gone" },
  },
  "a link without a device, as a veth, is removed": {
    managed: [a, b],
    links: [lo, nicLink("ens5", a)],
    devices: [nicDevice("9")],
    records: [nicRecord(a, "5"), { ...nicRecord(b, "6"), device: null }],
    expected: { [b]: "gone" },
  },
  "a NIC has another MAC, without records: it was replaced, or its MAC was changed": {
    managed: [a, b],
    links: [lo, nicLink("ens5", a), nicLink("ens6", c)],
    devices: [nicDevice("5", "ens5"), nicDevice("6", "ens6")],
    records: [],
    expected: { [b]: "unknown" },
  },
  "a NIC may have been replaced, before its driver is loaded": {
    managed: [a, b],
    links: [lo, nicLink("ens5", a)],
    devices: [nicDevice("5", "ens5"), nicDevice("6")],
    records: [],
    expected: { [b]: "unknown" },
  },
  "a container has the link of a device with a driver": {
    managed: [a, b],
    links: [lo, nicLink("ens5", a)],
    devices: [nicDevice("5", "ens5"), { ...nicDevice("6"), driver: "ena" }],
    records: [nicRecord(a, "5"), nicRecord(b, "6")],
    expected: { [b]: "on-bus" },
  },
  "a device without a link (DPDK) does not hide a detached NIC": {
    managed: [a, b],
    links: [lo, nicLink("ens5", a)],
    devices: [nicDevice("5", "ens5"), { ...nicDevice("9"), driver: "vfio-pci" }],
    records: [nicRecord(a, "5"), nicRecord(b, "6")],
    expected: { [b]: "gone" },
  },
  "there is no bus, as in a container": {
    managed: [a, b],
    links: [lo, nicLink("eth0", a)],
    devices: [],
    records: [],
    expected: { [b]: "gone" },
  },
  "no link could be read": { managed: [a], links: [], devices: [], records: [], expected: {} },
};

describe("a NIC without a link", () => {
  test.each(Object.entries(cases))("%s", (_, { managed, expected, ...facts }) => {
    const verdicts = classifyRemovals({
      ...facts,
      unmanaged: none,
      files: managed.map((mac) => fileOf(mac)),
    });
    expect(Object.fromEntries(verdicts.map(({ mac, presence }) => [mac, presence]))).toEqual(
      expected,
    );
  });

  test("has one verdict per MAC with a managed file", () => {
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
    expect(why()).toBe("the device 0000:00:06.0 is no longer on its bus");
    expect(why(nicDevice("0000:00:06.0"))).toBe("0000:00:06.0 is on its bus without a driver");
  });
});

describe("a protected NIC", () => {
  const head = (mac: string, index: string) =>
    fileOf(mac, `# written by ec2nic\n# eni-0${mac.at(-1)}, ${index}\n`);
  const facts = { links: [lo], devices: [], records: [nicRecord(b, "6")], unmanaged: none };

  test("is never gone if it is the primary, which cannot be detached", () => {
    const files = [head(a, "primary"), head(b, "index 1")];
    const verdicts = classifyRemovals({ ...facts, files });
    expect(verdicts.map(({ presence }) => presence)).toEqual(["unknown", "gone"]);
  });

  test.each([b, "eni-02", "ens6"])("is never gone if it is unmanaged as %s", (entry) => {
    const files = [head(b, "index 1")];
    const [verdict] = classifyRemovals({ ...facts, files, unmanaged: new Set([entry]) });
    expect(verdict).toEqual({
      mac: b,
      presence: "unknown",
      reason: `/etc/ec2nic/unmanaged lists ${entry}`,
    });
  });

  test("is not a NIC whose MAC only a bridge has", () => {
    const bridge: Link = { ...nicLink("br0", b), kind: "bridge" };
    const [verdict] = classifyRemovals({
      ...facts,
      files: [head(b, "index 1")],
      links: [lo, bridge],
    });
    expect(verdict?.presence).toBe("gone");
  });
});
