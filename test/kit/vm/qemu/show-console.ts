import type { Guest } from "./guest.ts";

/**
 * With LAB_CONSOLE=1 shows the console of the guest on stderr, and its journal on the console. `tail
 * --pid` ends with the test.
 */
export function showConsole({ agent, consoleLog }: Pick<Guest, "agent" | "consoleLog">): void {
  if (process.env["LAB_CONSOLE"] !== "1") return;
  const tail = ["tail", "--follow=name", "--lines=+1", `--pid=${process.pid}`, consoleLog];
  Bun.spawn(tail, { stdio: ["ignore", 2, "ignore"] });
  const follow = "journalctl --follow --lines=0 --output=short-monotonic >/dev/ttyS0 2>&1 &";
  void agent.exec(["sh", "-c", `setsid ${follow}`]);
}
