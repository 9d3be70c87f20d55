import { createConsola, type LogObject } from "consola/core";
import type { Log } from "../host.ts";
import { createLiveLine } from "./live-line.ts";
import { createStderrWriter, escapeControls, type StderrTarget } from "./stderr.ts";

export interface LogSettings {
  readonly format: "text" | "json";
  readonly verbosity: "quiet" | "normal" | "verbose";
  /** No line is updated, for screen readers and for terminals that cannot do it. */
  readonly isPlain: boolean;
  /** Called once, before the first message. */
  readonly stderrTarget: () => StderrTarget;
}

const levels = { quiet: 0, normal: 3, verbose: 4 } as const;

/** syslog(3) */
const priorities: Readonly<Record<string, number>> = { error: 3, warn: 4, info: 6, debug: 7 };

/** The log on fd 2. A message that cannot be written is dropped, and does not make the run fail. */
export function createLog(settings: LogSettings, now: () => number): Log {
  const stderr = createStderrWriter();
  let target: StderrTarget | null = null;
  const stderrTarget = (): StderrTarget => (target ??= settings.stderrTarget());
  const hasLiveLine = settings.format === "text" && settings.verbosity !== "quiet";
  const isTerminal = (): boolean => stderrTarget().isTerminal;
  const liveLine = hasLiveLine
    ? createLiveLine({ write: stderr.write, isTerminal, now, isPlain: settings.isPlain })
    : null;
  const format = (entry: LogObject): string =>
    settings.format === "json" ? formatJson(entry) : formatText(entry, stderrTarget().isJournal);
  const write = (entry: LogObject): void => {
    liveLine?.clear();
    stderr.write(format(entry));
  };
  // consola gives levels, types and times of entries. Its other features are switched off:
  const consola = createConsola({
    level: levels[settings.verbosity],
    throttleMin: Number.MAX_SAFE_INTEGER, // it would hide repeated lines, but each retry counts
    reporters: [{ log: write }], // consola's own reporters block on a full pipe and escape nothing
  });
  return {
    error: (message, hint) => consola.error(message, hint ?? null),
    warn: (message, hint) => consola.warn(message, hint ?? null),
    info: (message) => consola.info(message, null),
    verbose: (message) => consola.debug(message, null),
    waiting: (state) => liveLine?.show(state),
    flush: stderr.flush,
  };
}

function formatText({ type, args: [message, hint] }: LogObject, isJournal: boolean): string {
  const prefix = isJournal ? `<${priorities[type] ?? 6}>ec2nic: ` : "ec2nic: ";
  const level = type === "warn" ? "warning: " : "";
  const text = `${prefix}${level}${escapeControls(String(message))}\n`;
  return hint ? `${text}${prefix}hint: ${escapeControls(String(hint))}\n` : text;
}

function formatJson({ type, date, args: [message, hint] }: LogObject): string {
  const level = type === "debug" ? "verbose" : type;
  const entry = { time: date.toISOString(), level, message, ...(hint ? { hint } : {}) };
  // JSON escapes only characters below U+0020, but a terminal also obeys some above it
  return `${escapeControls(JSON.stringify(entry))}\n`;
}
