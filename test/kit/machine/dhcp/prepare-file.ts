import { afterAll, beforeAll } from "bun:test";
import { machineLimitMs } from "../machine-test.ts";
import { machineMissing } from "../missing.ts";
import { rootFileSystem, suites } from "../root-file-system.ts";
import { missingTool } from "../../basics/skip.ts";
import { temporaryFolder } from "../../basics/temporary-folder.ts";
import { buildDriver, clientPackages } from "./dhcp-machine.ts";

/** Why no machine can be started here; null where one can. */
export const dhcpMissing = machineMissing() ?? missingTool("mmdebstrap");

/** Builds the root file systems before the tests of a file. */
export function buildRootsBeforeAll(): void {
  beforeAll(async () => {
    if (dhcpMissing !== null) return;
    for (const suite of suites) await rootFileSystem(suite, clientPackages);
  }, machineLimitMs);
}

/** Builds the root file systems and the lease driver before the tests; returns its path then. */
export function buildDriverBeforeAll(): () => string {
  const folder = temporaryFolder();
  let driver = "";
  buildRootsBeforeAll();
  beforeAll(() => {
    if (dhcpMissing === null) driver = buildDriver(folder.path);
  }, machineLimitMs);
  afterAll(() => folder[Symbol.dispose]());
  return () => driver;
}
