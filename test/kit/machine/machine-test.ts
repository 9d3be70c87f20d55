import { beforeAll, setDefaultTimeout } from "bun:test";
import { testUnless } from "../basics/skip.ts";
import { machineMissing } from "./missing.ts";
import { rootFileSystem, type Suite } from "./root-file-system.ts";

/** The time limit of a test that starts machines: only a test that hangs reaches it. */
export const machineLimitMs = 1_200_000;

/**
 * `test` for tests that start machines: skips them where no machine can run. Before the first test it
 * builds the root file system, where that does not exist yet.
 */
export function machineTest(suite: Suite = "bookworm"): ReturnType<typeof testUnless> {
  setDefaultTimeout(machineLimitMs);
  const missing = machineMissing(suite);
  beforeAll(async () => void (missing ?? (await rootFileSystem(suite))), machineLimitMs);
  return testUnless(missing);
}
