import { escapeControlChars, unicodeEscape } from "../../model/text.ts";

/** Talk that nobody reads is dropped beyond this: it must neither stop a run nor fill the memory. */
const maxQueuedChars = 1_048_576;

/** How long the end of a run waits for a reader of its last words. */
const flushTimeoutMs = 500;

interface StderrWriter {
  readonly write: (text: string) => void;
  readonly flush: () => Promise<void>;
}

/**
 * Writes to fd 2 in order, beside the event loop: writing to a pipe that is full and unread would
 * stop it, and with it every deadline and signal.
 */
export function createStderrWriter(): StderrWriter {
  let queuedChars = 0;
  let lastWrite: Promise<unknown> = Promise.resolve();
  const write = (text: string): void => {
    if (queuedChars > maxQueuedChars) return;
    queuedChars += text.length;
    lastWrite = lastWrite
      .then(() => Bun.write(Bun.stderr, text))
      .catch(() => undefined) // stderr is closed, full or gone: nothing is left to say it to
      .finally(() => (queuedChars -= text.length));
  };
  const flush = async (): Promise<void> => {
    await Promise.race([lastWrite, Bun.sleep(flushTimeoutMs)]);
  };
  return { write, flush };
}

/** Who reads stderr. */
export interface StderrTarget {
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
export function detectStderrTarget(journalStream: string | undefined): StderrTarget {
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

/** What others set (tags, host names, answers) must not steer a terminal, nor turn its text around. */
export function escapeControls(text: string): string {
  return escapeControlChars(text).replaceAll("\n", unicodeEscape(10));
}
