import { afterAll, beforeAll } from "bun:test";
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
  }, 600_000);
}

/** Builds the root file systems and the lease driver before the tests; returns its path then. */
export function buildDriverBeforeAll(): () => string {
  const folder = temporaryFolder();
  let driver = "";
  buildRootsBeforeAll();
  beforeAll(() => {
    if (dhcpMissing === null) driver = buildDriver(folder.path);
  }, 60_000);
  afterAll(() => folder[Symbol.dispose]());
  return () => driver;
}
