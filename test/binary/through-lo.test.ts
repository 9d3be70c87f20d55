import { expect, test } from "bun:test";
import { join } from "node:path";
import { throughVariable } from "../support/fetch-from.ts";
import { repository } from "../support/run-ec2nic.ts";

/** Tests of how answers, faults and signals are met, which must not depend on the transport. */
const files = [
  "binary/exit-status",
  "binary/fetch-values",
  "binary/passing-faults",
  "binary/permanent-faults",
  "binary/signals",
  "binary/tries",
  "binary/whole-tree",
  "properties/fetch-never-leaves-its-tree",
].map((file) => join(repository, `test/${file}.test.ts`));

test("every fault is met the same way through a socket that is bound to a nic", async () => {
  const child = Bun.spawn([process.execPath, "test", "--only-failures", ...files], {
    cwd: repository,
    env: { ...process.env, [throughVariable]: "lo" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const output = await child.stderr.text();
  expect(output).toMatch(/^ *[1-9]\d\d pass$/m);
  expect(output).toMatch(/^ *0 fail$/m);
  expect(await child.exited).toBe(0);
}, 90_000);
