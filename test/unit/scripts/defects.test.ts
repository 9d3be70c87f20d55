import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { areas } from "../../../scripts/defects/areas.ts";
import { repository } from "../../kit/program/run-ec2nic.ts";

const defects = Object.values(areas).flat();

/** How often a file of the repository contains a text; 0 without the file. */
function countIn(file: string, text: string): number {
  const path = join(repository, file);
  return existsSync(path) ? readFileSync(path, "utf8").split(text).length - 1 : 0;
}

test("each deliberate defect changes a text that its file contains once", () => {
  const wrong = defects.filter(({ file, find }) => countIn(file, find) !== 1);
  expect(wrong.map(({ name }) => name)).toEqual([]);
  expect(defects.filter(({ find, replacement }) => find === replacement)).toEqual([]);
});

test("the tests of each deliberate defect exist, and each name is used once", () => {
  const missing = defects
    .flatMap(({ tests }) => tests)
    .filter((path) => !existsSync(join(repository, path)));
  expect(missing).toEqual([]);
  const names = defects.map(({ name }) => name);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});
