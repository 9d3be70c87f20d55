import type { CommandOptions } from "../../test/kit/machine/command.ts";

/**
 * The time that all files of a release have, in seconds: SOURCE_DATE_EPOCH
 * (https://reproducible-builds.org/specs/source-date-epoch/), else the time of the last commit. Throws
 * where neither is known.
 */
export function sourceEpoch(): number {
  const given = process.env["SOURCE_DATE_EPOCH"];
  if (given !== undefined && /^\d+$/.test(given)) return Number(given);
  const log = Bun.spawnSync(["git", "log", "-1", "--format=%ct"], { stderr: "ignore" });
  const seconds = Number(log.stdout.toString());
  if (log.exitCode === 0 && seconds > 0) return seconds;
  throw new Error("git does not know the time of the last commit: set SOURCE_DATE_EPOCH");
}

/** Options with which packaging tools make the same bytes at any time and in any locale. */
export function reproducibly(epochSeconds: number): CommandOptions {
  const env = { ...process.env, LC_ALL: "C", SOURCE_DATE_EPOCH: String(epochSeconds) };
  return { env, timeoutMs: 600_000 };
}

/** The day in UTC, as `2026-11-21`. */
export function dayOf(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString().slice(0, 10);
}
