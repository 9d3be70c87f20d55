/** A deliberate defect: one place of the source is changed, and a test must fail because of it. */
export interface Defect {
  /** What the program does wrong with it. */
  readonly name: string;
  readonly file: string;
  /** The text that is replaced; the file must contain it once. */
  readonly find: string;
  readonly replacement: string;
  /** The files or folders of which a test must fail. */
  readonly tests: readonly string[];
  /** Which tests of them are run, as a regular expression for their names; all where it is absent. */
  readonly pattern?: string;
}
