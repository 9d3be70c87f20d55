import type { Waiting } from "../host.ts";
import { escapeControls } from "./stderr.ts";

/** The line appears only if a wait lasts longer than this. */
const showAfterMs = 1000;

const refreshMs = 200;

interface LiveLine {
  readonly show: (state: Waiting | null) => void;
  readonly clear: () => void;
}

interface Screen {
  readonly write: (text: string) => void;
  /** Called before a line is shown, because lines are shown only on a terminal. */
  readonly isTerminal: () => boolean;
  readonly now: () => number;
  /** Each wait prints one line that stays, instead of a line that is updated. */
  readonly isPlain: boolean;
}

/** Shows what the run waits for in one line at the bottom of a terminal, until the wait ends. */
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
    if (!isPlain) write(`\r\u001b[K${line.slice(0, (terminalWidth(2) ?? defaultWidth) - 1)}`);
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

function describeWaiting({ what, reason, tries, deadlineMs }: Waiting, nowMs: number): string {
  const leftS = Math.max(0, Math.ceil((deadlineMs - nowMs) / 1000));
  const count = tries === 1 ? "1 try" : `${tries} tries`;
  return escapeControls(`ec2nic: waiting for ${what} (${count}, ${leftS} s left): ${reason}`);
}

const defaultWidth = 80;

/**
 * The width of the terminal at descriptor 1 or 2; null if it is not a terminal. A width of 0, as
 * serial consoles report it, becomes 80. node:tty is loaded only here, because loading it takes as
 * long as an empty program runs.
 */
export function terminalWidth(fd: 1 | 2): number | null {
  if (!process.getBuiltinModule("node:tty").isatty(fd)) return null;
  const { columns } = fd === 1 ? process.stdout : process.stderr;
  return columns > 0 ? columns : defaultWidth;
}
