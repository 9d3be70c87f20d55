import { createConsola, type LogObject } from "consola/core";
import type { Log, Waiting } from "../host.ts";
import { escapeControls, type ReaderOfStderr, stderrWriter } from "./stderr.ts";
import { liveLine } from "./live-line.ts";

export interface LogSettings {
  readonly format: "text" | "json";
  readonly verbosity: "quiet" | "normal" | "verbose";
  /** Nothing is drawn over: for screen readers, and terminals that cannot. */
  readonly isPlain: boolean;
  /** Called once, when there is something to say. */
  readonly reader: () => ReaderOfStderr;
}

const levels = { quiet: 0, normal: 3, verbose: 4 } as const;
const priorities: Readonly<Record<string, number>> = { error: 3, warn: 4, info: 6, debug: 7 };

/** The log on fd 2. Talk never fails a run: what stderr does not take is dropped. */
export function createLog(settings: LogSettings, now: () => number): Log {
  const stderr = stderrWriter();
  let known: ReaderOfStderr | null = null;
  const reader = (): ReaderOfStderr => (known ??= settings.reader());
  const live = settings.format === "text" && settings.verbosity !== "quiet";
  const isTerminal = (): boolean => reader().isTerminal;
  const line = live
    ? liveLine({ write: stderr.write, isTerminal, now, isPlain: settings.isPlain })
    : null;
  const textLine = (entry: LogObject): string => textOf(entry, reader().isJournal);
  const report = settings.format === "json" ? jsonLine : textLine;
  const consola = createConsola({
    level: levels[settings.verbosity],
    throttle: 0, // consola folds repeated lines by default; each retry is worth its own
    throttleMin: Number.MAX_SAFE_INTEGER,
    reporters: [
      {
        log: (entry) => {
          line?.clear();
          stderr.write(report(entry));
        },
      },
    ],
  });
  return {
    error: (message, hint) => consola.error(message, hint ?? null),
    warn: (message, hint) => consola.warn(message, hint ?? null),
    info: (message) => consola.info(message, null),
    verbose: (message) => consola.debug(message, null),
    waiting: (state: Waiting | null) => line?.show(state),
    flush: stderr.flush,
  };
}

function textOf({ type, args: [message, hint] }: LogObject, isJournal: boolean): string {
  const priority = isJournal ? `<${priorities[type] ?? 6}>` : "";
  const grade = type === "warn" ? "warning: " : "";
  const said = `${priority}ec2nic: ${grade}${escapeControls(String(message))}\n`;
  return hint ? `${said}${priority}ec2nic: hint: ${escapeControls(String(hint))}\n` : said;
}

function jsonLine({ type, date, args: [message, hint] }: LogObject): string {
  const level = type === "debug" ? "verbose" : type;
  const entry = { time: date.toISOString(), level, message, ...(hint ? { hint } : {}) };
  // JSON escapes what is below a blank by itself; a terminal obeys some of what is above, too
  return `${escapeControls(JSON.stringify(entry))}\n`;
}
