import { existsSync } from "node:fs";
import { machineMissing } from "../machine/missing.ts";
import type { Suite } from "../machine/root-file-system.ts";
import { missingTool } from "../skip.ts";
import { labTools } from "./tools.ts";

/** Why no virtual machine is started; null where one can be. */
export function labMissing(suite: Suite): string | null {
  if (process.env["LAB"] !== "1") return "it takes minutes (make lab)";
  const tun = existsSync("/dev/net/tun") ? null : "/dev/net/tun is not there";
  return machineMissing(suite) ?? missingTool(...Object.keys(labTools)) ?? tun;
}
