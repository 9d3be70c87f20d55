import { expect, test } from "bun:test";
import { join } from "node:path";
import { describeFailed, failedTests } from "../../../scripts/test/failed-tests.ts";
import { temporaryFolder } from "../../kit/basics/temporary-folder.ts";

const first = `import { describe, expect, test } from "bun:test";
test("passes", () => expect(1).toBe(1));
describe("a group", () => {
  test("fails (always)", () => { console.error("printed before"); expect(1).toBe(2); });
});
`;
const second = `import { test } from "bun:test";
test("takes too long", async () => { await Bun.sleep(60_000); }, 20);
`;

test("failedTests finds each failed test of a report, with its file and its output", async () => {
  await using folder = await temporaryFolder();
  await Bun.write(join(folder.path, "first.test.ts"), first);
  await Bun.write(join(folder.path, "second.test.ts"), second);
  const { stderr } = Bun.spawnSync([process.execPath, "test", "--only-failures"], {
    cwd: folder.path,
  });
  const failed = failedTests(stderr.toString());
  expect(failed.map(({ file, name }) => `${file}: ${name}`)).toEqual([
    "first.test.ts: a group > fails (always)",
    "second.test.ts: takes too long",
  ]);
  expect(failed[0]?.output).toContain("printed before");
  expect(failed[0]?.output).toContain("Expected: 2");
  expect(describeFailed(failed)).toContain("failed: second.test.ts: takes too long");
});

test("failedTests finds no failed test in a report of tests that passed", () => {
  expect(failedTests("first.test.ts:\nsome noise\n\n 3 pass\n 0 fail\n")).toEqual([]);
});
