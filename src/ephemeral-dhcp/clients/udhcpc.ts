import { findProgram, findTimeoutMs, type Program } from "./program.ts";

/** Of busybox. It ends after the lease (`-q`) and without one (`-n`), and writes nothing. */
export const udhcpc: Program = {
  name: "udhcpc",
  // busybox is often installed without a link for udhcpc, and may have been built without it
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
