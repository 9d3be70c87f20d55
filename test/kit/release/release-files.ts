import { existsSync } from "node:fs";
import { join } from "node:path";
import { version } from "../../../package.json";
import { repository } from "../program/run-ec2nic.ts";

/** A file that `make release` makes, by what follows `dist/`; VERSION stands for the version. */
export function releaseFile(name: string): string {
  return join(repository, "dist", name.replace("VERSION", version));
}

/** Why what is handed out is not tried; null where it is, and all of these lie there. */
export function releaseMissing(...paths: readonly string[]): string | null {
  if (process.env["RELEASE"] !== "1") return "it takes minutes (make release-test)";
  const missing = paths.find((path) => !existsSync(path));
  return missing === undefined ? null : `${missing} is not there`;
}
