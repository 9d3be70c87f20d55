import { expect, test } from "bun:test";
import { hotplugMachine } from "../../../kit/propagation/hotplug-machine.ts";

test.each<readonly string[]>([
  ["add", "--nic", "ens6"],
  ["add", "--nic", "ens6", "--dry-run"],
  ["remove"],
  ["sync"],
])("%s %s %s %s with a missing --root ends with 64 and does not create it", async (...args) => {
  const { run, disk, requestedPaths } = hotplugMachine();
  const before = disk.size;
  const { code, messages } = await run(...args, "--root", "/nowhere");
  expect({ code, messages }).toEqual({
    code: 64,
    messages: ["error: --root /nowhere: there is no such directory"],
  });
  expect([disk.size, requestedPaths]).toEqual([before, []]);
});

test("--install with a missing --root ends with 64", async () => {
  const { run } = hotplugMachine();
  expect((await run("--install", "--root", "/nowhere")).code).toBe(64);
});
