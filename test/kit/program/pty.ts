/** `around` of a run on a terminal with so many columns (script(1)); only its stdout is the terminal. */
export function onTerminal(columns: number): readonly string[] {
  const script = `exec script -qec "stty cols ${columns}; $(printf "'%s' " "$@")" /dev/null`;
  return ["sh", "-c", script, "sh"];
}
