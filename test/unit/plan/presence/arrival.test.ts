import { describe, expect, test } from "bun:test";
import type { Link } from "../../../../src/model/link.ts";
import type { NicRecord } from "../../../../src/model/run-records.ts";
import { managedMark, managedPath } from "../../../../src/model/managed-paths.ts";
import {
  type ArrivalFacts,
  wasConfiguredByEarlierBoot,
  driverReloadReason,
} from "../../../../src/plan/presence/arrival.ts";
import { macAt } from "../../../kit/facts/nics.ts";

const mac = macAt(1);
const link: Link = { name: "ens6", mac, kind: "device", driver: "ena", busAddress: "0000:00:06.0" };
const device = { address: "0000:00:06.0", inode: 7, driver: "ena", links: ["ens6"] };
const recorded = { address: device.address, inode: device.inode };
const record: NicRecord = {
  mac,
  name: "ens6",
  device: recorded,
  isSettled: true,
  foundUnchanged: true,
};
const facts: ArrivalFacts = {
  link,
  files: [{ path: managedPath("networkd", mac), content: `# ${managedMark}\n`, mode: 0o644 }],
  devices: [device],
  records: [record],
};

test("a driver was reloaded if the NIC has the recorded device and a managed file", () => {
  expect(driverReloadReason(facts)).toBe("0000:00:06.0 never left its bus");
});

describe("the NIC is new, or its driver reload is not proved", () => {
  const others: Readonly<Record<string, Partial<ArrivalFacts>>> = {
    "there is no managed file": { files: [] },
    "its file is of another program": {
      files: [{ path: managedPath("networkd", mac), content: "# by hand\n", mode: 0o644 }],
    },
    "nothing was recorded in this boot": { records: [] },
    "another MAC was recorded for the device": {
      records: [{ ...record, mac: macAt(2) }],
    },
    "it has no device, as a veth": { records: [{ ...record, device: null }], devices: [] },
    "it was detached and attached again in the same slot": { devices: [{ ...device, inode: 8 }] },
    "its ENI had not settled": { records: [{ ...record, isSettled: false }] },
    "it is in another slot": { devices: [{ ...device, address: "0000:00:07.0" }] },
    "its link is not renamed yet": { devices: [{ ...device, links: ["eth0"] }] },
  };
  test.each(Object.entries(others))("%s", (_, change) => {
    expect(driverReloadReason({ ...facts, ...change })).toBeNull();
  });
});

describe("an earlier boot configured the NIC or not", () => {
  const unseen: NicRecord = { ...record, isSettled: false, foundUnchanged: null };
  const cases: Readonly<Record<string, readonly [Partial<ArrivalFacts>, boolean]>> = {
    "nothing was recorded in this boot": [{ records: [] }, true],
    "another run recorded it without a result": [{ records: [unseen] }, true],
    "a run of this boot found it unchanged": [{}, false],
    "a run of an older version finished with it": [
      { records: [{ ...record, foundUnchanged: null }] },
      false,
    ],
    "a run of this boot configured it": [
      { records: [{ ...unseen, foundUnchanged: false }] },
      false,
    ],
    "it has no files": [{ records: [], files: [] }, false],
  };
  test.each(Object.entries(cases))("%s", (_, [change, is]) => {
    expect(wasConfiguredByEarlierBoot({ ...facts, ...change })).toBe(is);
  });
});
