import { expect, test } from "bun:test";
import { hotplugBench } from "../support/hotplug-bench.ts";

const nothing = "info: nothing of ours is gone";
const isHere = "info: ens6 is here: nothing is taken away";

test.each<readonly [readonly string[], string]>([
  [[], nothing],
  [["--nic", "ens66"], nothing],
  [["--nic", "ens6"], isHere],
  [["--mac", "06:ec:2a:00:00:01"], isHere],
  [["--devpath", "vif-1"], nothing],
])("remove %j says what was found", async (flags, line) => {
  const { run, asked } = hotplugBench();
  const { code, said } = await run("remove", ...flags);
  expect({ code, said, asked }).toEqual({ code: 0, said: [line], asked: [] });
});

test("what is gone is told as it was", async () => {
  const { run, disk } = hotplugBench();
  await run("add", "--nic", "ens6", "--settle", "0s");
  for (const path of disk.keys()) if (path.includes("/net/ens6/")) disk.delete(path);
  const { code, said } = await run("remove", "--nic", "ens6");
  expect({ code, said }).toEqual({
    code: 0,
    said: ["info: 06:ec:2a:00:00:01: retired (its device has left the machine)"],
  });
});
