/** Whether a path is absolute and needs no quoting, in a unit of systemd or in a shell. */
export function isPlainPath(program: string): boolean {
  return /^(\/[\w.+-]+)+$/.test(program);
}
