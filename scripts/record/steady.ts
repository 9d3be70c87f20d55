/** A run may be so much later or earlier than what it waits for. */
const playS = 1.5;

/**
 * What differs from run to run, made equal: times that were measured (those below a second are a
 * millisecond, others whole seconds), random delays and how many tries they leave time for, ports, and what a terminal adds to a newline. `scheduleS`: when something happens in
 * the scene; times about it are told as that.
 */
export function steady(text: string, scheduleS: readonly number[] = []): string {
  return text
    .replaceAll("\r\n", "\n")
    .replaceAll(/\(\d+ tries in ([\d.]+) s\)/g, (_, s) => `(5 tries in ${Math.round(Number(s))} s)`)
    .replaceAll(/trying again in \d+ ms/g, "trying again in 150 ms")
    .replaceAll(/\b\d+(?:\.\d+)? ms\b/g, (ms) => (ms === "150 ms" ? ms : "1 ms"))
    .replaceAll(/\b(\d+(?:\.\d+)?) s\b/g, (_, s) => `${toldS(Number(s), scheduleS)} s`)
    .replaceAll(/(http:\/\/127\.0\.0\.1):\d+/g, "$1:8169");
}

function toldS(s: number, scheduleS: readonly number[]): number {
  return scheduleS.find((each) => Math.abs(each - s) <= playS) ?? Math.floor(s);
}
