import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { renderInstallation } from "../../src/install/units/installation.ts";
import { runEc2nic } from "../kit/program/run-ec2nic.ts";
import { temporaryFolder } from "../kit/basics/temporary-folder.ts";

const units = renderInstallation("/usr/bin/ec2nic", null).files.filter(({ path }) =>
  path.endsWith(".service"),
);

test("units start the program without any variable that makes it another one", () => {
  expect(units.length).toBeGreaterThan(4);
  for (const { path, content } of units) {
    const [, unset = ""] = /^UnsetEnvironment=(.*)$/m.exec(content) ?? [];
    for (const name of [
      "BUN_BE_BUN",
      "BUN_OPTIONS",
      "BUN_BYTECODE_ORDER_OUT",
      "BUN_INSPECT",
      "NODE_OPTIONS",
    ]) {
      expect(unset.split(" "), path).toContain(name);
    }
    expect(content, path).toMatch(/^NoNewPrivileges=yes$/m);
    expect(content, path).toMatch(/^RestrictSUIDSGID=yes$/m);
  }
});

// SECURITY.md says so: where one of these fails, the runtime has changed, and the page is to be mended
test("known limit: who sets BUN_BE_BUN runs Bun, as who sets LD_PRELOAD runs his own code", async () => {
  const run = { args: ["--version"], env: { BUN_BE_BUN: "1" } };
  expect((await runEc2nic(run)).text).not.toContain("ec2nic");
});

test("known limit: who sets BUN_BYTECODE_ORDER_OUT has a file written", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "order");
  await runEc2nic({ args: ["--version"], env: { BUN_BYTECODE_ORDER_OUT: path } });
  expect(existsSync(path)).toBe(true);
});
