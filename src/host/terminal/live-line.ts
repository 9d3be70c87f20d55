import { escapeControls } from "./stderr.ts";
import type { Waiting } from "../host.ts";

/** Short waits need no word: the line shows once a wait lasts this long. */
const showAfterMs = 1000;

const refreshMs = 200;

interface LiveLine {
  readonly show: (state: Waiting | null) => void;
  readonly clear: () => void;
}

interface Screen {
  readonly write: (text: string) => void;
  /** Asked when there is something to show: elsewhere there is no line. */
  readonly isTerminal: () => boolean;
  readonly now: () => number;
  /** A line is told once, and stays, instead of one that is drawn over. */
  readonly isPlain: boolean;
}

/** One line at the bottom of a terminal that says what is awaited; it leaves no trace. */
export function createLiveLine({ write, isTerminal, now, isPlain }: Screen): LiveLine {
  let state: Waiting | null = null;
  let sinceMs = 0;
  let timer: ReturnType<typeof setInterval> | null = null;
  let isDrawn = false;
  let lastPrinted: string | null = null;

  const clear = (): void => {
    if (isDrawn) write("\r\u001b[K");
    isDrawn = false;
  };
  const draw = (): void => {
    if (state === null || now() - sinceMs < showAfterMs || !isTerminal()) return;
    const line = describeWaiting(state, now());
    if (!isPlain) write(`\r\u001b[K${line.slice(0, (terminalWidth(2) ?? 80) - 1)}`);
    else if (lastPrinted !== state.what) write(`${line}\n`);
    lastPrinted = state.what;
    isDrawn = !isPlain;
  };
  const show = (next: Waiting | null): void => {
    if (next?.what !== state?.what) sinceMs = now();
    state = next;
    if (next === null) {
      clear();
      if (timer !== null) clearInterval(timer);
      timer = null;
      return;
    }
    timer ??= setInterval(draw, refreshMs);
    timer.unref();
  };
  return { show, clear };
}

function describeWaiting(state: Waiting, nowMs: number): string {
  const leftS = Math.max(0, Math.ceil((state.deadlineMs - nowMs) / 1000));
  const tries = state.tries === 1 ? "1 try" : `${state.tries} tries`;
  return escapeControls(
    `ec2nic: waiting for ${state.what} (${tries}, ${leftS} s left): ${state.reason}`,
  );
}

const defaultWidth = 80;

/**
 * How wide the terminal behind descriptor 1 or 2 is; null: there is none. One that does not tell
 * (0 columns, as serial consoles have) is taken for a usual one. node:tty is loaded where it is
 * needed: it costs as long as an empty program runs.
 */
export function terminalWidth(fd: 1 | 2): number | null {
  if (!process.getBuiltinModule("node:tty").isatty(fd)) return null;
  const { columns } = fd === 1 ? process.stdout : process.stderr;
  return columns > 0 ? columns : defaultWidth;
}
