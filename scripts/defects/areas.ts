import { applyDefects } from "./apply.ts";
import { cliDefects } from "./cli.ts";
import type { Defect } from "./defect.ts";
import { hotplugDefects } from "./hotplug.ts";
import { imdsDefects } from "./imds.ts";
import { installDefects } from "./install.ts";
import { planDefects } from "./plan.ts";
import { vmDefects } from "./vm.ts";

/** The lists of defects, by the part of the program that they are in. */
export const areas: Readonly<Record<string, readonly Defect[]>> = {
  apply: applyDefects,
  cli: cliDefects,
  hotplug: hotplugDefects,
  imds: imdsDefects,
  install: installDefects,
  plan: planDefects,
  vm: vmDefects,
};
