import { describe, expect, test } from "bun:test";
import type { BusDevice } from "../../src/net/bus-device.ts";
import type { Link } from "../../src/net/link.ts";
import { type NicNote, noteSeen, parseNicNotes } from "../../src/net/nic-notes.ts";
import { macAt } from "../support/nics.ts";

const [a, c] = [macAt(1), macAt(3)];
const link = (name: string, mac: string): Link => ({
  name,
  mac,
  kind: "device",
  driver: "ena",
  busAddress: null,
});
const device = (address: string, ...links: readonly string[]): BusDevice => ({
  address,
  node: 1,
  driver: "ena",
  links,
});
const note = (mac: string, address: string): NicNote => ({
  mac,
  name: `ens${address}`,
  device: { address, node: 1 },
  isSettled: true,
});

describe("the notes", () => {
  const nothing = { forgotten: [], settled: [], unsettled: [] };
  const seen = {
    ...nothing,
    devices: [device("5", "ens5"), device("6")],
    nics: [link("ens5", a)],
  };

  test("what is seen now wins, what is not seen stays", () => {
    expect(noteSeen([note(c, "6"), note(a, "9")], seen)).toEqual([
      { ...note(a, "5"), isSettled: false },
      note(c, "6"),
    ]);
  });

  test("what is forgotten goes, unless it is seen", () => {
    expect(noteSeen([note(c, "6"), note(a, "9")], { ...seen, forgotten: [a, c] })).toEqual([
      { ...note(a, "5"), isSettled: false },
    ]);
  });

  test("what is settled stays so while its device does, until more may come", () => {
    const settledIn = (change: object, before: readonly NicNote[] = []) =>
      noteSeen(before, { ...seen, ...change }).map(({ isSettled }) => isSettled);
    expect(settledIn({ settled: [a] })).toEqual([true]);
    expect(settledIn({}, [note(a, "5")])).toEqual([true]);
    expect(settledIn({ unsettled: [a] }, [note(a, "5")])).toEqual([false]);
    expect(settledIn({}, [note(a, "9")])).toEqual([false]);
  });

  test("what is not understood says nothing", () => {
    for (const text of ["", "{", "[1]", '[{"mac":1}]', '{"a":[]}']) {
      expect(parseNicNotes(text)).toEqual([]);
    }
    expect(parseNicNotes(JSON.stringify([note(a, "5")]))).toEqual([note(a, "5")]);
  });
});
