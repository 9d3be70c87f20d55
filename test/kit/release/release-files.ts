import { existsSync } from "node:fs";
import { join } from "node:path";
import { version } from "../../../package.json";
import { repository } from "../program/run-ec2nic.ts";

/** The path of a file of `make release`, by its name below `dist/`; VERSION is the version. */
export function releaseFile(name: string): string {
  return join(repository, "dist", name.replace("VERSION", version));
}

/** Why the release is not tested; null where it is, and all of these files exist. */
export function releaseMissing(...paths: readonly string[]): string | null {
  if (process.env["RELEASE"] !== "1") return "it takes minutes (make release-test)";
  const missing = paths.find((path) => !existsSync(path));
  return missing === undefined ? null : `${missing} does not exist`;
}
