import { Failure } from "../../exit.ts";

const lastOutputTimeoutMs = 500;

/**
 * Writes data to stdout, whole. Only `Bun.write(Bun.stdout)` tells a full disk and a gone reader;
 * console.log ends with 0 there, and process.stdout with an exit right after it cuts at 64 KiB.
 * Throws `CANTCREAT`, or the signal's reason when the reader never reads.
 */
export async function print(data: string | Uint8Array, signal: AbortSignal): Promise<void> {
  if (data.length === 0) return;
  const interrupted = new Promise<never>((_, reject) => {
    const rejectWithReason = (): void => reject(signal.reason);
    // the last words of a run that is ended already: a reader has a moment to take them
    if (signal.aborted) setTimeout(rejectWithReason, lastOutputTimeoutMs).unref();
    else signal.addEventListener("abort", rejectWithReason, { once: true });
  });
  await Promise.race([interrupted, writeAll(data)]).catch((cause: unknown) => {
    if (cause instanceof Failure) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Failure("CANTCREAT", `stdout: could not be written: ${reason}`, { cause });
  });
}

async function writeAll(data: string | Uint8Array): Promise<void> {
  const expected = typeof data === "string" ? Buffer.byteLength(data) : data.length;
  const [isClosed, written] = await Promise.all([isStdoutClosed(), Bun.write(Bun.stdout, data)]);
  if (isClosed) throw new Error("it is closed");
  if (written !== expected) throw new Error(`${written} of ${expected} bytes were taken`);
}

/**
 * Bun opens /dev/null in place of a stdout that is closed (`>&-`), and data would vanish with
 * status 0. What is inherited through exec(2) never has O_CLOEXEC; what Bun opened has.
 */
async function isStdoutClosed(): Promise<boolean> {
  // (not by node:fs, which takes 2 ms to load); no /proc: nothing is known
  const info = await Bun.file("/proc/self/fdinfo/1")
    .text()
    .catch(() => "");
  const [, flags = "0"] = /^flags:\s*(\d+)$/m.exec(info) ?? [];
  return (Number.parseInt(flags, 8) & 0o2000000) !== 0;
}
