/**
 * The time that everything made from this source bears, in seconds: SOURCE_DATE_EPOCH
 * (https://reproducible-builds.org/specs/source-date-epoch/), else that of the last commit. Throws
 * where neither is known.
 */
export function sourceEpoch(): number {
  const given = process.env["SOURCE_DATE_EPOCH"];
  if (given !== undefined && /^\d+$/.test(given)) return Number(given);
  const log = Bun.spawnSync(["git", "log", "-1", "--format=%ct"], { stderr: "ignore" });
  const seconds = Number(log.stdout.toString());
  if (log.exitCode === 0 && seconds > 0) return seconds;
  throw new Error("no commit tells the time of this source: set SOURCE_DATE_EPOCH");
}

/** Its day in UTC, as `2026-11-21`. */
export function dayOf(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString().slice(0, 10);
}
