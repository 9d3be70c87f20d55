import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";

/**
 * Throws `USAGE` where `--root` is no folder: nobody's typing error shall become one, and better
 * before a long wait than after it.
 */
export async function requireRoot(host: Pick<Host, "files">, root: string): Promise<void> {
  if ((await host.files.stat(`${root}/.`))?.kind === "folder") return;
  throw new Failure("USAGE", `--root ${root}: there is no such folder`);
}
