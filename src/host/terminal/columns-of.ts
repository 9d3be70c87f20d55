const usual = 80;

/**
 * How wide the terminal behind descriptor 1 or 2 is; null: there is none. One that does not tell
 * (0 columns, as serial consoles have) is taken for a usual one. node:tty is loaded where it is
 * needed: it costs as long as an empty program runs.
 */
export function columnsOf(fd: 1 | 2): number | null {
  if (!process.getBuiltinModule("node:tty").isatty(fd)) return null;
  const { columns } = fd === 1 ? process.stdout : process.stderr;
  return columns > 0 ? columns : usual;
}
