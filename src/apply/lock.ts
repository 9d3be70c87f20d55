import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import type { TargetHost } from "../host/target.ts";
import { readTextOrEmpty } from "../inspect/read-file.ts";
import { changesMachine, type RunMode } from "./preconditions.ts";

const runDirectory = "/run/ec2nic";
const lockPath = `${runDirectory}/lock`;
const holderPath = `${runDirectory}/holder`;
const lockPollMs = 100;

type LockHost = Pick<Host, "clock" | "files" | "log" | "pid" | "signal" | "takeLock">;

/** However long IMDS took: what another run is about to end is waited for. */
const minLockWaitMs = 2000;

/**
 * Does `work`; if the run changes this machine, no other run may change it at the same time. Waits for
 * another run until `timeoutMs` after the start of the process, and for two seconds at least. Throws
 * `TEMPFAIL`, and what `work` throws.
 */
export async function runExclusively<T>(
  host: LockHost & Pick<TargetHost, "target">,
  mode: RunMode & { readonly timeoutMs: number },
  work: () => Promise<T>,
): Promise<T> {
  if (!changesMachine(host, mode)) return work();
  const deadlineMs = Math.max(mode.timeoutMs, host.clock.now() + minLockWaitMs);
  return withMachineLock(host, deadlineMs, work);
}

/**
 * Does `work` while no other run changes this machine. Waits for one that does, and says for whom.
 * Throws `TEMPFAIL` where the lock is not free before `deadlineMs` (on `Clock.now`), and what
 * `work` throws.
 */
export async function withMachineLock<T>(
  host: LockHost,
  deadlineMs: number,
  work: () => Promise<T>,
): Promise<T> {
  await host.files.mkdir(runDirectory, 0o700);
  const release = await acquireLock(host, deadlineMs);
  try {
    await host.files.write(holderPath, `${host.pid}\n`, 0o600);
    return await work();
  } finally {
    await host.files.remove(holderPath).catch(() => undefined);
    release();
  }
}

async function acquireLock(host: LockHost, deadlineMs: number) {
  for (let tries = 1; ; tries += 1) {
    const release = await host.takeLock(lockPath);
    if (release !== null) {
      host.log.waiting(null);
      return release;
    }
    const holder = await describeHolder(host);
    if (host.clock.now() >= deadlineMs) {
      const hint = "run it again when that one is done";
      throw new Failure("TEMPFAIL", `another run still changes this machine: ${holder}`, { hint });
    }
    if (tries === 1) host.log.info(`waiting for another run: ${holder}`);
    host.log.waiting({ what: "another run", reason: holder, tries, deadlineMs });
    await host.clock.sleep(lockPollMs, host.signal);
  }
}

/** `ec2nic hotplug add (process 4711)` */
async function describeHolder(host: Pick<Host, "files">): Promise<string> {
  const pid = (await readTextOrEmpty(host, holderPath)).trim();
  if (!/^\d+$/.test(pid)) return "its process is not known yet";
  const argv = await readTextOrEmpty(host, `/proc/${pid}/cmdline`);
  const words = argv.split("\0").filter((word) => word !== "");
  return `${words.join(" ") || "its process has just ended"} (process ${pid})`;
}
