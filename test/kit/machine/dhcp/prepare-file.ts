import { afterAll, beforeAll } from "bun:test";
import { machineMissing } from "../missing.ts";
import { rootFileSystem, suites } from "../root-file-system.ts";
import { missingTool } from "../../basics/skip.ts";
import { temporaryFolder } from "../../basics/temporary-folder.ts";
import { buildDriver, clientPackages } from "./dhcp-machine.ts";

/** Why no machine can be built here; null where one can. */
export const dhcpMissing = machineMissing() ?? missingTool("mmdebstrap");

/** For a test file: builds the root file systems the first time. */
export function buildRootsBeforeAll(): void {
  beforeAll(async () => {
    if (dhcpMissing !== null) return;
    for (const suite of suites) await rootFileSystem(suite, clientPackages);
  }, 600_000);
}

/** For a test file: builds the driver too. Gives its path. */
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
