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
const noted = { address: device.address, inode: device.inode };
const note: NicRecord = { mac, name: "ens6", device: noted, isSettled: true, foundUnchanged: true };
const facts: ArrivalFacts = {
  link,
  files: [{ path: managedPath("networkd", mac), content: `# ${managedMark}\n`, mode: 0o644 }],
  devices: [device],
  records: [note],
};

test("its driver was reloaded: the device is the one that was noted, and its file is there", () => {
  expect(driverReloadReason(facts)).toBe("0000:00:06.0 never left its bus");
});

describe("it is new here, or nothing is known", () => {
  const others: Readonly<Record<string, Partial<ArrivalFacts>>> = {
    "there is no file of ours": { files: [] },
    "its file is somebody else's": {
      files: [{ path: managedPath("networkd", mac), content: "# by hand\n", mode: 0o644 }],
    },
    "nothing was noted in this boot": { records: [] },
    "another MAC was noted on the device": {
      records: [{ ...note, mac: macAt(2) }],
    },
    "it has no device, as a veth": { records: [{ ...note, device: null }], devices: [] },
    "it was detached and attached again in the same slot": { devices: [{ ...device, inode: 8 }] },
    "nobody saw the end of what IMDS had to say": { records: [{ ...note, isSettled: false }] },
    "it is in another slot": { devices: [{ ...device, address: "0000:00:07.0" }] },
    "its link is still to be renamed": { devices: [{ ...device, links: ["eth0"] }] },
  };
  test.each(Object.entries(others))("%s", (_, change) => {
    expect(driverReloadReason({ ...facts, ...change })).toBeNull();
  });
});

describe("whether an earlier boot configured it", () => {
  const untold: NicRecord = { ...note, isSettled: false, foundUnchanged: null };
  const cases: Readonly<Record<string, readonly [Partial<ArrivalFacts>, boolean]>> = {
    "nothing was noted in this boot": [{ records: [] }, true],
    "another run has seen it, and not looked at it": [{ records: [untold] }, true],
    "a run found it as it had to be": [{}, false],
    "a run of an older version was done with it": [
      { records: [{ ...note, foundUnchanged: null }] },
      false,
    ],
    "a run configured it": [{ records: [{ ...untold, foundUnchanged: false }] }, false],
    "it has no files": [{ records: [], files: [] }, false],
  };
  test.each(Object.entries(cases))("%s", (_, [change, is]) => {
    expect(wasConfiguredByEarlierBoot({ ...facts, ...change })).toBe(is);
  });
});
