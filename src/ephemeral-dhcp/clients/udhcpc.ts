import { findProgram, findTimeoutMs, type Program } from "./program.ts";

/** The client of busybox. It ends with a lease (`-q`) or without (`-n`), and writes nothing. */
export const udhcpc: Program = {
  name: "udhcpc",
  // often busybox has no link with the name udhcpc, and sometimes busybox does not contain udhcpc
  find: async (host) => {
    const path = await findProgram(host, "udhcpc");
    if (path !== null) return [path];
    const busybox = await findProgram(host, "busybox");
    if (busybox === null) return "not found";
    const { stdout } = await host.exec([busybox, "--list"], { timeoutMs: findTimeoutMs });
    return stdout.split("\n").includes("udhcpc") ? [busybox, "udhcpc"] : "not found";
  },
  endsWithoutAnswer: true,
  staysWithLease: false,
  buildArgs: (nic, seconds, noopScript) => {
    const tries = ["-t", seconds, "-T", "1"];
    return ["-f", "-q", "-n", ...tries, "-s", noopScript, "-i", nic];
  },
  grantedPattern: /lease of (\S+) obtained/,
  listWrites: () => ({ files: [], directories: [] }),
};
