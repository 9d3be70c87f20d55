/** `around` of a run: on a terminal of so many columns (script(1)), which alone is its stdout. */
export function onTerminal(columns: number): readonly string[] {
  const script = `exec script -qec "stty cols ${columns}; $(printf "'%s' " "$@")" /dev/null`;
  return ["sh", "-c", script, "sh"];
}
