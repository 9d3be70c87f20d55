import { afterAll, beforeAll } from "bun:test";
import { machineMissing } from "../machine/missing.ts";
import { rootFileSystem, suites } from "../machine/root-file-system.ts";
import { missingTool } from "../skip.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { buildDriver, clientPackages } from "./dhcp-lab.ts";

/** Why no lab can be built here; null where one can. */
export const labMissing = machineMissing() ?? missingTool("mmdebstrap");

/** For a test file: builds the root file systems the first time. */
export function rootsOfFile(): void {
  beforeAll(async () => {
    if (labMissing !== null) return;
    for (const suite of suites) await rootFileSystem(suite, clientPackages);
  }, 600_000);
}

/** For a test file: builds the driver too. Gives its path. */
export function driverOfFile(): () => string {
  const folder = temporaryFolder();
  let driver = "";
  rootsOfFile();
  beforeAll(() => {
    if (labMissing === null) driver = buildDriver(folder.path);
  }, 60_000);
  afterAll(() => folder[Symbol.dispose]());
  return () => driver;
}
