import { Failure } from "../exit.ts";

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A timer takes no more than 2^31 - 1 ms; no wait of ours is that long. */
const longestMs = 24 * 3_600_000;

/** `300ms`, `10s`, `1.5m`, `1h` as milliseconds. Throws `USAGE`, naming `source`. */
export function parseDuration(text: string, source: string): number {
  const [, number, unit] = /^(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h)$/.exec(text) ?? [];
  const factor = unitsMs[unit ?? ""];
  if (number === undefined || factor === undefined) {
    const hint = "write a number and a unit: 300ms, 10s, 2m";
    throw new Failure("USAGE", `${source}: "${text}" is not a duration`, { hint });
  }
  const ms = Number(number) * factor;
  if (ms > longestMs) throw new Failure("USAGE", `${source}: ${text} is more than a day`);
  return ms;
}

/** Milliseconds as a person says them: `250 ms`, `2.4 s`, `1 min 5 s`. */
export function describeMs(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1).replace(/\.0$/, "")} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
