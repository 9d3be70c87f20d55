import { isThere } from "../../apply/join-batch.ts";
import type { Host } from "../../host/host.ts";
import { bootUnit } from "../../install/units/unit.ts";

/**
 * It takes tenths of a second where nothing is new. Where it takes this long, IMDS is silent, or a NIC
 * that is new is not whole yet: the others need not wait for that.
 */
const longestMs = 10_000;
const lookAgainMs = 100;

/**
 * Waits for the run that configures all NICs, where systemd has one going, until it ends or patience
 * does: for `timeoutMs` at most. Rejects with the signal's reason.
 */
export async function awaitBootRun(
  host: Pick<Host, "clock" | "exec" | "files" | "log" | "signal">,
  timeoutMs: number,
): Promise<void> {
  const patienceMs = Math.min(longestMs, timeoutMs);
  const deadlineMs = host.clock.now() + patienceMs;
  const argv = ["systemctl", "show", "--property=MainPID", bootUnit];
  const { stdout } = await host.exec(argv, { timeoutMs: patienceMs });
  const [, pid] = /^MainPID=([1-9]\d*)$/m.exec(stdout) ?? [];
  if (pid === undefined) return;
  host.log.verbose(`${bootUnit} (process ${pid}) is about to look at all NICs: waiting for it`);
  while (host.clock.now() < deadlineMs && (await isThere(host, pid))) {
    await host.clock.sleep(lookAgainMs, host.signal);
  }
}
