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

/** The shortest wait for another process, even if IMDS has used up the time of this one. */
const minLockWaitMs = 2000;

/**
 * Does `work`, under the machine's lock if the run changes this machine. Waits for another process
 * until `timeoutMs` after the start of this one, but at least two seconds. Throws `TEMPFAIL`, and
 * what `work` throws.
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
 * Does `work` while no other ec2nic process changes this machine; waits for one that does, and says
 * so. Throws `TEMPFAIL` if the lock is not free before `deadlineMs` (on `Clock.now`), and what `work`
 * throws.
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
    const reason = await describeHolder(host);
    if (host.clock.now() >= deadlineMs) {
      const hint = "run it again when that process has ended";
      throw new Failure("TEMPFAIL", `${what} is still changing this machine: ${reason}`, { hint });
    }
    if (tries === 1) host.log.info(`waiting for ${what}: ${reason}`);
    host.log.waiting({ what, reason, tries, deadlineMs });
    await host.clock.sleep(lockPollMs, host.signal);
  }
}

/** `ec2nic hotplug add (process 4711)` */
async function describeHolder(host: FileHost): Promise<string> {
  const pid = (await readTextOrEmpty(host, holderPath)).trim();
  if (!/^\d+$/.test(pid)) return "its process id is not known yet";
  const argv = await readTextOrEmpty(host, `/proc/${pid}/cmdline`);
  const words = argv.split("\0").filter((word) => word !== "");
  return `${words.join(" ") || "it has just ended"} (process ${pid})`;
}
