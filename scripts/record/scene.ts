/** A command, and what a terminal shows of it. */
export interface Shown {
  readonly command: string;
  /** Its stderr and stdout. */
  readonly output: string;
  readonly code: number;
}

/** Commands whose output a document shows, below the mark `recorded: NAME`. */
export interface Scene {
  readonly name: string;
  /** When the scene's events happen, in seconds: a measured time near one of them is shown as it. */
  readonly scheduleS?: readonly number[];
  readonly play: () => Promise<readonly Shown[]>;
}

/** The text in a document: each command after a prompt, its output, and its exit status unless 0. */
export function asConsole(shown: readonly Shown[]): string {
  return shown
    .map(({ command, output, code }) => {
      const status = code === 0 ? "" : `$ echo $?\n${code}\n`;
      return `$ ${command}\n${output}${status}`;
    })
    .join("");
}
