import { cgroup2Mount } from "../../machine/cgroup.ts";
import { failingCommand, missingRoot, missingTool } from "../../basics/skip.ts";

/** Why no network can be started here; null where one can. `more`: other programs of the test. */
export function networkMissing(...more: readonly string[]): string | null {
  return (
    missingRoot() ??
    missingTool("ip", "nft", "unshare", "nsenter", ...more) ??
    (cgroup2Mount() === null ? "no cgroup2 is mounted" : null) ??
    failingCommand("unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "true")
  );
}
