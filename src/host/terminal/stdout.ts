import { errorMessage, Failure } from "../../exit.ts";

/** How long an interrupted run waits for its last output to be read. */
const lastOutputTimeoutMs = 500;

/**
 * Writes all data to stdout. Uses `Bun.write(Bun.stdout)`, because only this reports a full disk
 * and a closed pipe: console.log would end with status 0, and process.stdout followed by an exit
 * cuts the output at 64 KiB. Throws `CANTCREAT` if a write fails. If `signal` aborts and nothing
 * reads the output, throws the signal's reason.
 */
export async function print(data: string | Uint8Array, signal: AbortSignal): Promise<void> {
  if (data.length === 0) return;
  const interrupted = new Promise<never>((_, reject) => {
    const rejectWithReason = (): void => reject(signal.reason);
    // the run is already interrupted, so the last output gets a little time to be read
    if (signal.aborted) setTimeout(rejectWithReason, lastOutputTimeoutMs).unref();
    else signal.addEventListener("abort", rejectWithReason, { once: true });
  });
  await Promise.race([interrupted, writeAll(data)]).catch((cause: unknown) => {
    if (cause instanceof Failure) throw cause;
    const message = `stdout: could not be written: ${errorMessage(cause)}`;
    throw new Failure("CANTCREAT", message, { cause });
  });
}

async function writeAll(data: string | Uint8Array): Promise<void> {
  const expected = typeof data === "string" ? Buffer.byteLength(data) : data.length;
  const [isClosed, written] = await Promise.all([isStdoutClosed(), Bun.write(Bun.stdout, data)]);
  if (isClosed) throw new Error("it is closed");
  if (written !== expected) throw new Error(`${written} of ${expected} bytes were written`);
}

/**
 * Whether stdout is closed (`>&-`). Bun then opens /dev/null as stdout, and the output is lost with
 * status 0. A descriptor that was inherited over exec(2) never has O_CLOEXEC; a descriptor that Bun
 * opened has.
 */
async function isStdoutClosed(): Promise<boolean> {
  // not with node:fs, which takes 2 ms to load; without /proc, stdout counts as open
  const file = Bun.file("/proc/self/fdinfo/1");
  const info = await file.text().catch(() => "");
  const [, flags = "0"] = /^flags:\s*(\d+)$/m.exec(info) ?? [];
  return (Number.parseInt(flags, 8) & 0o2000000) !== 0;
}
