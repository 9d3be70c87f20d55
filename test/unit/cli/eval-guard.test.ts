import { expect, test } from "bun:test";
import { isForEval } from "../../../src/cli/eval-guard.ts";

test.each([
  [true, "fetch mac --format env"],
  [true, "fetch mac --format=env"],
  [true, "fetch mac --format enx"],
  [true, "fetch mac --format=ENV"],
  [true, "fetch mac --fromat env"],
  [true, "fetch mac --fromat=env"],
  [true, "ftch mac --format env"],
  [false, "env"],
  [false, "fetch mac"],
  [false, "fetch mac --format"],
  [false, "fetch mac --format json"],
  [false, "fetch mac --format=text"],
  [false, "fetch mac --output environment"],
  [false, "fetch mac -- printenv --format env"],
])("isForEval is %p for ec2nic %s", (expected, line) => {
  expect(isForEval(line.split(" "))).toBe(expected);
});
