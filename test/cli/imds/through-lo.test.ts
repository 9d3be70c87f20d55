import { expect, test } from "bun:test";
import { join } from "node:path";
import { testLimitMs } from "../../kit/basics/busy-machine.ts";
import { throughVariable } from "../../kit/program/fetch-from.ts";
import { repository } from "../../kit/program/run-ec2nic.ts";

/** Tests of replies, faults and signals, whose results must not depend on the transport. */
const files = [
  "cli/terminal/exit-status",
  "cli/fetch/values",
  "cli/imds/faults",
  "cli/terminal/signals",
  "cli/imds/retries",
  "cli/fetch/whole-tree",
].map((file) => join(repository, `test/${file}.test.ts`));

test("the tests of faults also pass with a socket that is bound to a NIC", async () => {
  const bunTest = [process.execPath, "test", "--only-failures", `--timeout=${testLimitMs}`];
  const child = Bun.spawn([...bunTest, ...files], {
    cwd: repository,
    env: { ...process.env, [throughVariable]: "lo" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const output = await child.stderr.text();
  expect(output).toMatch(/^ *[1-9]\d+ pass$/m);
  expect(output).toMatch(/^ *0 fail$/m);
  expect(await child.exited).toBe(0);
}, 600_000);
