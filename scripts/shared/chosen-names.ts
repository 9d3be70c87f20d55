/**
 * The names that an environment variable lists, with commas between them; all known names where it
 * is unset or empty. Ends the process with 64 where it lists an unknown name.
 */
export function chosenNames(variable: string, known: readonly string[]): readonly string[] {
  const names = (process.env[variable] || undefined)?.split(",") ?? known;
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return names;
  console.error(`${variable}=${unknown.join(",")}: unknown; choose from ${known.join(", ")}`);
  return process.exit(64);
}
