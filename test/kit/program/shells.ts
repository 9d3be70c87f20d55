import { missingTool } from "../basics/skip.ts";

/** The shells that read what `--format env` prints, and the command that starts each with a script. */
export const shells = [
  { name: "dash", argv: ["dash"] },
  { name: "bash", argv: ["bash", "--norc"] },
  { name: "bash as sh", argv: ["bash", "--posix"] },
  { name: "busybox sh", argv: ["busybox", "sh"] },
].map((shell) => ({ ...shell, missing: missingTool(shell.argv[0] ?? "") }));
