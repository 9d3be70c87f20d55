import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runEc2nic } from "../kit/program/run-ec2nic.ts";
import { temporaryFolder } from "../kit/basics/temporary-folder.ts";

// SECURITY.md describes these limits: if one of the tests fails, the runtime changed: edit the page
test("known limit: with BUN_BE_BUN set, the program runs as Bun", async () => {
  const run = { args: ["--version"], env: { BUN_BE_BUN: "1" } };
  expect((await runEc2nic(run)).text).not.toContain("ec2nic");
});

test("known limit: with BUN_BYTECODE_ORDER_OUT set, the program writes that file", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "order");
  await runEc2nic({ args: ["--version"], env: { BUN_BYTECODE_ORDER_OUT: path } });
  expect(existsSync(path)).toBe(true);
});
