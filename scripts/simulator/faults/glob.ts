/** A function that tests a text against a pattern; `*` matches any characters, also slashes. */
export function glob(pattern: string): (text: string) => boolean {
  const source = pattern.split("*").map(RegExp.escape).join(".*");
  const expression = new RegExp(`^${source}$`, "s");
  return (text) => expression.test(text);
}
