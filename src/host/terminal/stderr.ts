import { escapeControlChars, unicodeEscape } from "../../model/text.ts";
import { nullDevice } from "../files.ts";

/** Further messages are dropped if nothing reads these, so that they do not fill the memory. */
const maxQueuedChars = 1_048_576;

/** How long a run waits at its end until its last messages are read. */
const flushTimeoutMs = 500;

interface StderrWriter {
  readonly write: (text: string) => void;
  readonly flush: () => Promise<void>;
}

/**
 * Writes to fd 2 in order and without blocking. A blocking write to a full pipe that nothing reads
 * would stop the event loop, and with it all deadlines and signals.
 */
export function createStderrWriter(): StderrWriter {
  let queuedChars = 0;
  let lastWrite: Promise<unknown> = Promise.resolve();
  const write = (text: string): void => {
    if (queuedChars > maxQueuedChars) return;
    queuedChars += text.length;
    lastWrite = lastWrite
      .then(() => Bun.write(Bun.stderr, text))
      .catch(() => undefined) // stderr is closed or full: there is no other place to report it
      .finally(() => (queuedChars -= text.length));
  };
  const flush = async (): Promise<void> => {
    await Promise.race([lastWrite, Bun.sleep(flushTimeoutMs)]);
  };
  return { write, flush };
}

/** What stderr is connected to. */
export interface StderrTarget {
  /** It is the journal, in which each line begins with `<priority>` (sd-daemon(3)). */
  readonly isJournal: boolean;
  readonly isTerminal: boolean;
}

/**
 * Finds out what stderr is. `journalStream` is JOURNAL_STREAM: device and inode of the journal's
 * socket (systemd.exec(5)). Call it only for a message: loading node:fs takes 2 ms and node:tty 5
 * ms, as long as an empty program runs.
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
    return { isJournal: false, isTerminal: false }; // stderr is closed
  }
}

/** Makes text harmless for a terminal: tags, host names and responses can contain anything. */
export function escapeControls(text: string): string {
  return escapeControlChars(text).replaceAll("\n", unicodeEscape(10));
}
