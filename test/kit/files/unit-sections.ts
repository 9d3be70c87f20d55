/** The settings of each section with this name in a systemd unit; none where there is no unit. */
export function sections(unit: string | undefined, name: string): readonly (readonly string[])[] {
  return (unit ?? "")
    .split(/^(?=\[)/m)
    .filter((section) => section.startsWith(`[${name}]\n`))
    .map((section) =>
      section
        .trim()
        .split("\n")
        .slice(1)
        .filter((line) => /^\w+=/.test(line)),
    );
}
