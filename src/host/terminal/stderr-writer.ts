/** Talk that nobody reads is dropped beyond this: it must neither stop a run nor fill the memory. */
const mostWaiting = 1_048_576;
/** How long the end of a run waits for a reader of its last words. */
const patienceMs = 500;

interface StderrWriter {
  readonly write: (text: string) => void;
  readonly flush: () => Promise<void>;
}

/**
 * Writes to fd 2 in order, beside the event loop: writing to a pipe that is full and unread would
 * stop it, and with it every deadline and signal.
 */
export function stderrWriter(): StderrWriter {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  const write = (text: string): void => {
    if (waiting > mostWaiting) return;
    waiting += text.length;
    last = last
      .then(() => Bun.write(Bun.stderr, text))
      .catch(() => undefined) // stderr is closed, full or gone: nothing is left to say it to
      .finally(() => (waiting -= text.length));
  };
  const flush = async (): Promise<void> => {
    await Promise.race([last, Bun.sleep(patienceMs)]);
  };
  return { write, flush };
}
