import { createConsola, type LogObject } from "consola/core";
import type { Log, Waiting } from "../host.ts";
import { escapeControls, type StderrTarget, createStderrWriter } from "./stderr.ts";
import { createLiveLine } from "./live-line.ts";

export interface LogSettings {
  readonly format: "text" | "json";
  readonly verbosity: "quiet" | "normal" | "verbose";
  /** Nothing is drawn over: for screen readers, and terminals that cannot. */
  readonly isPlain: boolean;
  /** Called once, when there is something to say. */
  readonly stderrTarget: () => StderrTarget;
}

const levels = { quiet: 0, normal: 3, verbose: 4 } as const;
const priorities: Readonly<Record<string, number>> = { error: 3, warn: 4, info: 6, debug: 7 };

/** The log on fd 2. Talk never fails a run: what stderr does not take is dropped. */
export function createLog(settings: LogSettings, now: () => number): Log {
  const stderr = createStderrWriter();
  let cachedTarget: StderrTarget | null = null;
  const stderrTarget = (): StderrTarget => (cachedTarget ??= settings.stderrTarget());
  const hasLiveLine = settings.format === "text" && settings.verbosity !== "quiet";
  const isTerminal = (): boolean => stderrTarget().isTerminal;
  const liveLine = hasLiveLine
    ? createLiveLine({ write: stderr.write, isTerminal, now, isPlain: settings.isPlain })
    : null;
  const formatEntryAsText = (entry: LogObject): string =>
    formatText(entry, stderrTarget().isJournal);
  const formatEntry = settings.format === "json" ? formatJson : formatEntryAsText;
  const consola = createConsola({
    level: levels[settings.verbosity],
    throttle: 0, // consola folds repeated lines by default; each retry is worth its own
    throttleMin: Number.MAX_SAFE_INTEGER,
    reporters: [
      {
        log: (entry) => {
          liveLine?.clear();
          stderr.write(formatEntry(entry));
        },
      },
    ],
  });
  return {
    error: (message, hint) => consola.error(message, hint ?? null),
    warn: (message, hint) => consola.warn(message, hint ?? null),
    info: (message) => consola.info(message, null),
    verbose: (message) => consola.debug(message, null),
    waiting: (state: Waiting | null) => liveLine?.show(state),
    flush: stderr.flush,
  };
}

function formatText({ type, args: [message, hint] }: LogObject, isJournal: boolean): string {
  const priority = isJournal ? `<${priorities[type] ?? 6}>` : "";
  const levelPrefix = type === "warn" ? "warning: " : "";
  const text = `${priority}ec2nic: ${levelPrefix}${escapeControls(String(message))}\n`;
  return hint ? `${text}${priority}ec2nic: hint: ${escapeControls(String(hint))}\n` : text;
}

function formatJson({ type, date, args: [message, hint] }: LogObject): string {
  const level = type === "debug" ? "verbose" : type;
  const entry = { time: date.toISOString(), level, message, ...(hint ? { hint } : {}) };
  // JSON escapes what is below a blank by itself; a terminal obeys some of what is above, too
  return `${escapeControls(JSON.stringify(entry))}\n`;
}
