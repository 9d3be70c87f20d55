import { existsSync } from "node:fs";
import { machineMissing } from "../machine/missing.ts";
import type { Suite } from "../machine/root-file-system.ts";
import { missingTool } from "../basics/skip.ts";
import { vmTools } from "./tools.ts";

/** The time limit of a test with virtual machines: only a test that hangs reaches it. */
export const vmLimitMs = 3_600_000;

/** Why no virtual machine is started in a test; null where one is. */
export function vmTestsMissing(suite: Suite): string | null {
  return process.env["LAB"] === "1" ? vmMissing(suite) : "it takes minutes (make lab)";
}

/** Why no virtual machine can be started here; null where one can. */
export function vmMissing(suite: Suite): string | null {
  const tun = existsSync("/dev/net/tun") ? null : "/dev/net/tun does not exist";
  return machineMissing(suite) ?? missingTool(...Object.keys(vmTools)) ?? tun;
}
