/** A name, as a shell takes it for one word: the kernel lets links have almost any. */
export function shellWord(name: string): string {
  return /^[\w.@-]+$/.test(name) ? name : `'${name.replaceAll("'", String.raw`'\''`)}'`;
}
