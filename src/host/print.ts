import { fstatSync } from "node:fs";
import { Failure } from "../exit.ts";

/**
 * Writes data to stdout, whole. Only `Bun.write(Bun.stdout)` tells a full disk and a gone reader;
 * console.log ends with 0 there, and process.stdout with an exit right after it cuts at 64 KiB.
 * Throws `CANTCREAT`, or the signal's reason when the reader never reads.
 */
export async function print(data: string | Uint8Array, signal: AbortSignal): Promise<void> {
  if (data.length === 0) return;
  const interrupted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  await Promise.race([interrupted, writeAll(data)]).catch((cause: unknown) => {
    if (cause instanceof Failure) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Failure("CANTCREAT", `stdout: could not be written: ${reason}`, { cause });
  });
}

async function writeAll(data: string | Uint8Array): Promise<void> {
  fstatSync(1); // a closed stdout (`>&-`) is an error, not a place to drop data
  const expected = typeof data === "string" ? Buffer.byteLength(data) : data.length;
  const written = await Bun.write(Bun.stdout, data);
  if (written !== expected) throw new Error(`${written} of ${expected} bytes were taken`);
}
