import { Failure } from "../exit.ts";
import type { FileHost, Host, Release } from "../host/host.ts";
import type { TargetHost } from "../host/target.ts";
import { readTextOrEmpty } from "../inspect/read-file.ts";
import { changesMachine, type RunMode } from "./preconditions.ts";

const runDirectory = "/run/ec2nic";
const lockPath = `${runDirectory}/lock`;
const holderPath = `${runDirectory}/holder`;
const lockPollMs = 100;

type LockHost = Pick<Host, "clock" | "files" | "log" | "pid" | "signal" | "takeLock">;

/** A run waits at least this long for another process, even if IMDS has used up `timeoutMs`. */
const minLockWaitMs = 2000;

/**
 * Does `work`. If the run changes this machine, it takes the machine's lock before, and waits for
 * the lock until `timeoutMs` after the start of the process, but at least two seconds. Throws
 * `TEMPFAIL` if the lock is not free by then, and what `work` throws.
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
 * Does `work` with the machine's lock, so that no other ec2nic process changes this machine. Logs
 * when it waits for the lock. Throws `TEMPFAIL` if the lock is not free before `deadlineMs` (on
 * `Clock.now`), and what `work` throws.
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

async function acquireLock(host: LockHost, deadlineMs: number): Promise<Release> {
  const what = "another ec2nic process";
  for (let tries = 1; ; tries += 1) {
    const release = await host.takeLock(lockPath);
    if (release !== null) {
      host.log.waiting(null);
      return release;
    }
    const holder = await describeHolder(host);
    if (host.clock.now() >= deadlineMs) {
      const hint = "run the command again when that process has ended";
      throw new Failure("TEMPFAIL", `${what} still changes this machine: ${holder}`, { hint });
    }
    if (tries === 1) host.log.info(`waiting for ${what}: ${holder}`);
    host.log.waiting({ what, reason: holder, tries, deadlineMs });
    await host.clock.sleep(lockPollMs, host.signal);
  }
}

/** The process that holds the lock, for example `ec2nic hotplug add (process 4711)`. */
async function describeHolder(host: FileHost): Promise<string> {
  const pid = (await readTextOrEmpty(host, holderPath)).trim();
  if (!/^\d+$/.test(pid)) return "its process id is not known yet";
  const argv = await readTextOrEmpty(host, `/proc/${pid}/cmdline`);
  const words = argv.split("\0").filter((word) => word !== "");
  return `${words.join(" ") || "it has just ended"} (process ${pid})`;
}
