/**
 * What differs from run to run, made equal: times that were measured (those below a second are a
 * millisecond, others whole seconds), random delays and how many tries they leave time for, ports, and what a terminal adds to a newline.
 */
export function steady(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replaceAll(/\(\d+ tries in ([\d.]+) s\)/g, (_, s) => `(5 tries in ${Math.round(Number(s))} s)`)
    .replaceAll(/trying again in \d+ ms/g, "trying again in 150 ms")
    .replaceAll(/\b\d+(?:\.\d+)? ms\b/g, (ms) => (ms === "150 ms" ? ms : "1 ms"))
    .replaceAll(/\b(\d+)\.\d+ s\b/g, "$1 s")
    .replaceAll(/(http:\/\/127\.0\.0\.1):\d+/g, "$1:8169");
}
