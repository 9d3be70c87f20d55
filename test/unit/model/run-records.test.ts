import { describe, expect, test } from "bun:test";
import { type NicRecord, updateRecords } from "../../../src/model/run-records.ts";
import { nicRecordsPath, readNicRecords } from "../../../src/inspect/nic-records.ts";
import { fakeFiles } from "../../kit/host/fake-host.ts";
import { macAt } from "../../kit/facts/nics.ts";
import { nicDevice, nicLink, nicRecord } from "../../kit/facts/nic-records.ts";

const [a, c] = [macAt(1), macAt(3)];

describe("updateRecords", () => {
  const nothing = { removed: [], settled: [], unsettled: [], foundUnchanged: [], written: [] };
  const seen = {
    ...nothing,
    devices: [nicDevice("5", "ens5"), nicDevice("6")],
    nics: [nicLink("ens5", a)],
  };

  test("replaces the record of a present NIC, and keeps the others", () => {
    expect(updateRecords([nicRecord(c, "6"), nicRecord(a, "9")], seen)).toEqual([
      { ...nicRecord(a, "5"), isSettled: false, foundUnchanged: null },
      nicRecord(c, "6"),
    ]);
  });

  test("has one record for each of two present NICs, sorted by MAC", () => {
    const nics = [nicLink("ens6", c), nicLink("ens5", a)];
    const records = updateRecords([nicRecord(c, "6"), nicRecord(a, "5")], { ...seen, nics });
    expect(records.map(({ mac }) => mac)).toEqual([a, c]);
  });

  test("removes the record of a removed NIC, except where the NIC is present", () => {
    expect(
      updateRecords([nicRecord(c, "6"), nicRecord(a, "9")], { ...seen, removed: [a, c] }),
    ).toEqual([{ ...nicRecord(a, "5"), isSettled: false, foundUnchanged: null }]);
  });

  test("keeps `isSettled` for the same device until the NIC is unsettled", () => {
    const settledIn = (change: object, before: readonly NicRecord[] = []) =>
      updateRecords(before, { ...seen, ...change }).map(({ isSettled }) => isSettled);
    expect(settledIn({ settled: [a] })).toEqual([true]);
    expect(settledIn({}, [nicRecord(a, "5")])).toEqual([true]);
    expect(settledIn({ unsettled: [a] }, [nicRecord(a, "5")])).toEqual([false]);
    expect(settledIn({}, [nicRecord(a, "9")])).toEqual([false]);
  });

  test("keeps `foundUnchanged` of the last run for the same device", () => {
    const hadIn = (change: object, before: readonly NicRecord[] = []) =>
      updateRecords(before, { ...seen, ...change }).map(({ foundUnchanged }) => foundUnchanged);
    expect(hadIn({})).toEqual([null]);
    expect(hadIn({ foundUnchanged: [a] })).toEqual([true]);
    expect(hadIn({ written: [a] }, [nicRecord(a, "5")])).toEqual([false]);
    expect(hadIn({ settled: [a] }, [{ ...nicRecord(a, "5"), foundUnchanged: false }])).toEqual([
      false,
    ]);
    expect(hadIn({}, [nicRecord(a, "5")])).toEqual([true]);
    expect(hadIn({}, [nicRecord(a, "9")])).toEqual([null]);
  });

  const readFrom = (text: string) =>
    readNicRecords({ files: fakeFiles({ [nicRecordsPath]: text }) });

  test("a file of an older version counts as none", async () => {
    const { foundUnchanged, ...old } = nicRecord(a, "5");
    const records = [{ ...old, device: { address: "5", node: 1 }, hadFiles: foundUnchanged }];
    expect(await readFrom(JSON.stringify(records))).toEqual([]);
  });

  test("a file that is no list of records counts as none", async () => {
    for (const text of ["", "{", "[1]", '[{"mac":1}]', '{"a":[]}']) {
      expect(await readFrom(text)).toEqual([]);
    }
    expect(await readFrom(JSON.stringify([nicRecord(a, "5")]))).toEqual([nicRecord(a, "5")]);
  });
});
