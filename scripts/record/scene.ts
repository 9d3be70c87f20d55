/** What a person types, and what the terminal shows then. */
export interface Shown {
  readonly typed: string;
  /** stdout and stderr. */
  readonly said: string;
  readonly code: number;
}

/** Something to be seen in the documents; `name` is that of its mark there. */
export interface Scene {
  readonly name: string;
  /** When something happens in it, in seconds: what is measured is told as that. */
  readonly scheduleS?: readonly number[];
  readonly play: () => Promise<readonly Shown[]>;
}

/** As it stands in a document: each command behind its prompt, and its exit status unless it is 0. */
export function asConsole(shown: readonly Shown[]): string {
  return shown.map(({ typed, said, code }) => `${prompt(typed)}${said}${status(code)}`).join("");
}

function prompt(typed: string): string {
  return `$ ${typed}\n`;
}

function status(code: number): string {
  return code === 0 ? "" : `$ echo $?\n${code}\n`;
}
