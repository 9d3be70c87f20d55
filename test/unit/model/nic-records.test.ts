import { describe, expect, test } from "bun:test";
import { type NicRecord, updateRecords, parseNicRecords } from "../../../src/model/nic-records.ts";
import { macAt } from "../../kit/facts/nics.ts";
import { nicDevice, nicLink, nicNote } from "../../kit/facts/recorded-nics.ts";

const [a, c] = [macAt(1), macAt(3)];

describe("the notes", () => {
  const nothing = { removed: [], settled: [], unsettled: [], foundUnchanged: [], written: [] };
  const seen = {
    ...nothing,
    devices: [nicDevice("5", "ens5"), nicDevice("6")],
    nics: [nicLink("ens5", a)],
  };

  test("what is seen now wins, what is not seen stays", () => {
    expect(updateRecords([nicNote(c, "6"), nicNote(a, "9")], seen)).toEqual([
      { ...nicNote(a, "5"), isSettled: false, hadFiles: null },
      nicNote(c, "6"),
    ]);
  });

  test("what is forgotten goes, unless it is seen", () => {
    expect(updateRecords([nicNote(c, "6"), nicNote(a, "9")], { ...seen, removed: [a, c] })).toEqual(
      [{ ...nicNote(a, "5"), isSettled: false, hadFiles: null }],
    );
  });

  test("what is settled stays so while its device does, until more may come", () => {
    const settledIn = (change: object, before: readonly NicRecord[] = []) =>
      updateRecords(before, { ...seen, ...change }).map(({ isSettled }) => isSettled);
    expect(settledIn({ settled: [a] })).toEqual([true]);
    expect(settledIn({}, [nicNote(a, "5")])).toEqual([true]);
    expect(settledIn({ unsettled: [a] }, [nicNote(a, "5")])).toEqual([false]);
    expect(settledIn({}, [nicNote(a, "9")])).toEqual([false]);
  });

  test("whether its files were right is of the last run that looked at it, on this device", () => {
    const hadIn = (change: object, before: readonly NicRecord[] = []) =>
      updateRecords(before, { ...seen, ...change }).map(({ hadFiles }) => hadFiles);
    expect(hadIn({})).toEqual([null]);
    expect(hadIn({ foundUnchanged: [a] })).toEqual([true]);
    expect(hadIn({ written: [a] }, [nicNote(a, "5")])).toEqual([false]);
    expect(hadIn({ settled: [a] }, [{ ...nicNote(a, "5"), hadFiles: false }])).toEqual([false]);
    expect(hadIn({}, [nicNote(a, "5")])).toEqual([true]);
    expect(hadIn({}, [nicNote(a, "9")])).toEqual([null]);
  });

  test("what an older version noted says nothing of files", () => {
    const { hadFiles: _, ...old } = nicNote(a, "5");
    expect(parseNicRecords(JSON.stringify([old]))).toEqual([{ ...old, hadFiles: null }]);
  });

  test("what is not understood says nothing", () => {
    for (const text of ["", "{", "[1]", '[{"mac":1}]', '{"a":[]}']) {
      expect(parseNicRecords(text)).toEqual([]);
    }
    expect(parseNicRecords(JSON.stringify([nicNote(a, "5")]))).toEqual([nicNote(a, "5")]);
  });
});
