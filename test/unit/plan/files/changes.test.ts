import { expect, test } from "bun:test";
import { managedPath } from "../../../../src/model/managed-paths.ts";
import { addInterruptedChanges } from "../../../../src/plan/files/changes.ts";
import { macAt } from "../../../kit/facts/nics.ts";

const fileOf = (number: number, mode: number | null = 0o644) => {
  return { path: managedPath("networkd", macAt(number)), content: `${number}\n`, mode };
};
const written = (number: number, mode = 0o644) => ({
  ...fileOf(number, mode),
  mac: macAt(number),
  mode,
});

test("files of a killed run are written or removed again, except those that are planned anyway", () => {
  const planned = { write: [written(0)], remove: [fileOf(1).path] };
  const touched = [0, 1, 2, 3, 4, 5].map((number) => fileOf(number));
  const existing = [fileOf(0), fileOf(1), fileOf(2), fileOf(3, null), fileOf(9)];
  expect(addInterruptedChanges(planned, touched, existing)).toEqual({
    write: [written(0), written(2), written(3, 0o600)],
    remove: [fileOf(1).path, fileOf(4).path, fileOf(5).path],
  });
});
