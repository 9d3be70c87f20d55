/** A test for a pattern in which `*` stands for any run of characters, slashes too. */
export function glob(pattern: string): (text: string) => boolean {
  const source = pattern.split("*").map(RegExp.escape).join(".*");
  const expression = new RegExp(`^${source}$`, "s");
  return (text) => expression.test(text);
}
