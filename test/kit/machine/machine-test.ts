import { beforeAll } from "bun:test";
import { testUnless } from "../basics/skip.ts";
import { machineMissing } from "./missing.ts";
import { rootFileSystem, type Suite } from "./root-file-system.ts";

/**
 * `test` for tests that start machines: skips them where no machine can run. Before the first test it
 * builds the root file system, where that does not exist yet.
 */
export function machineTest(suite: Suite = "bookworm"): ReturnType<typeof testUnless> {
  const missing = machineMissing(suite);
  beforeAll(async () => void (missing ?? (await rootFileSystem(suite))), 600_000);
  return testUnless(missing);
}
