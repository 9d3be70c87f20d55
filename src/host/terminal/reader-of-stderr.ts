/** Who reads stderr. */
export interface ReaderOfStderr {
  /** The journal: lines carry `<priority>` (sd-daemon(3)). */
  readonly isJournal: boolean;
  readonly isTerminal: boolean;
}

/** What most calls of scripts have for a stderr: 1:3 (null(4)). */
const nullDevice = 0x103;

/**
 * JOURNAL_STREAM names device and inode of the journal's socket (systemd.exec(5)). Asked when there
 * is something to say: node:fs costs 2 ms and node:tty 5, as long as an empty program runs.
 */
export function readerOfStderr(journalStream: string | undefined): ReaderOfStderr {
  try {
    const stats = process.getBuiltinModule("node:fs").fstatSync(2);
    const isDevice = stats.isCharacterDevice() && stats.rdev !== nullDevice;
    return {
      isJournal: journalStream === `${stats.dev}:${stats.ino}`,
      isTerminal: isDevice && process.getBuiltinModule("node:tty").isatty(2),
    };
  } catch {
    return { isJournal: false, isTerminal: false }; // it is closed
  }
}
