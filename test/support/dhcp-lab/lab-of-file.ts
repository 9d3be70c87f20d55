import { afterAll, beforeAll } from "bun:test";
import { machineMissing } from "../machine/missing.ts";
import { rootFileSystem, suites } from "../machine/root-file-system.ts";
import { missingTool } from "../skip.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { buildDriver, clientPackages } from "./dhcp-lab.ts";

/** Why no lab can be built here; null where one can. */
export const labMissing = machineMissing() ?? missingTool("mmdebstrap");

/** For a test file: builds the driver and, the first time, the root file systems. Gives its path. */
export function driverOfFile(name?: string): () => string {
  const folder = temporaryFolder();
  let driver = "";
  beforeAll(async () => {
    if (labMissing !== null) return;
    driver = buildDriver(folder.path, name);
    for (const suite of suites) await rootFileSystem(suite, clientPackages);
  }, 600_000);
  afterAll(() => folder[Symbol.dispose]());
  return () => driver;
}
