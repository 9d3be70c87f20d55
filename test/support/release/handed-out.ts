import { existsSync } from "node:fs";
import { join } from "node:path";
import { version } from "../../../package.json";
import { repository } from "../run-ec2nic.ts";

/** A file that `make release` makes, by what follows `dist/`; VERSION stands for the version. */
export function handedOut(name: string): string {
  return join(repository, "dist", name.replace("VERSION", version));
}

/** Why nothing that is handed out is tried; null where it is. */
export function releaseMissing(...names: readonly string[]): string | null {
  if (process.env["RELEASE"] !== "1") return "it takes minutes (make release-test)";
  const missing = names.map(handedOut).find((path) => !existsSync(path));
  return missing === undefined ? null : `${missing} is not there`;
}
