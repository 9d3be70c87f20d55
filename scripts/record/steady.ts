/** By how many seconds a measured time may differ from the event that it belongs to. */
const toleranceS = 1.5;

/**
 * Replaces what differs from run to run: measured times (below a second by 1 ms, others by whole
 * seconds), random delays, numbers of tries, ports, and the carriage return that a terminal adds to a
 * newline. `scheduleS`: when the scene's events happen; a measured time near one is replaced by it.
 */
export function steady(text: string, scheduleS: readonly number[] = []): string {
  return text
    .replaceAll("\r\n", "\n")
    .replaceAll(/\(\d+ tries in ([\d.]+) s\)/g, (_, s) => `(5 tries in ${Math.round(Number(s))} s)`)
    .replaceAll(/trying again in \d+ ms/g, "trying again in 150 ms")
    .replaceAll(/\b\d+(?:\.\d+)? ms\b/g, (ms) => (ms === "150 ms" ? ms : "1 ms"))
    .replaceAll(/\b(\d+(?:\.\d+)?) s\b/g, (_, s) => `${steadyS(Number(s), scheduleS)} s`)
    .replaceAll(/(http:\/\/127\.0\.0\.1):\d+/g, "$1:8169");
}

function steadyS(s: number, scheduleS: readonly number[]): number {
  return scheduleS.find((each) => Math.abs(each - s) <= toleranceS) ?? Math.floor(s);
}
