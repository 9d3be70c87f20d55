import { existsSync } from "node:fs";
import { failingCommand, missingRoot, missingTool } from "../basics/skip.ts";
import { cgroup2Mount } from "./cgroup.ts";
import { rootPath, type Suite } from "./root-file-system.ts";

const tools = ["ip", "bridge", "nft", "dnsmasq", "unshare", "nsenter", "flock"] as const;

/** Why no machine can be started here; null where one can. */
export function machineMissing(suite: Suite = "bookworm"): string | null {
  const builder = existsSync(rootPath(suite)) ? [] : ["mmdebstrap"];
  return (
    missingRoot() ??
    missingTool(...tools, ...builder) ??
    (cgroup2Mount() === null ? "no cgroup2 is mounted" : null) ??
    failingCommand(
      "unshare",
      "--mount",
      "--net",
      "--pid",
      "--ipc",
      "--uts",
      "--cgroup",
      "--fork",
      "true",
    )
  );
}
