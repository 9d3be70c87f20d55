/** `12.3 s`. */
export function formatSeconds(ms: number, digits = 1): string {
  return `${(ms / 1000).toFixed(digits)} s`;
}

/** The size of a file: `98 MB`. */
export function fileSize(path: string): string {
  return `${(Bun.file(path).size / 1e6).toFixed(0)} MB`;
}
