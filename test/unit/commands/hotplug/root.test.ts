import { expect, test } from "bun:test";
import { hotplugBench } from "../../../kit/propagation/hotplug-bench.ts";

test.each<readonly string[]>([
  ["add", "--nic", "ens6"],
  ["add", "--nic", "ens6", "--dry-run"],
  ["remove"],
  ["sync"],
])("%s %s %s %s below a root that is not there makes none: 64", async (...args) => {
  const { run, disk, asked } = hotplugBench();
  const before = disk.size;
  const { code, said } = await run(...args, "--root", "/nowhere");
  expect({ code, said: said }).toEqual({
    code: 64,
    said: ["error: --root /nowhere: there is no such folder"],
  });
  expect([disk.size, asked]).toEqual([before, []]);
});

test("--install below such a root, too", async () => {
  const { run } = hotplugBench();
  expect((await run("--install", "--root", "/nowhere")).code).toBe(64);
});
