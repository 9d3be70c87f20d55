/** Configuration of somebody else's, as it lies on the machine. */
export interface OtherFile {
  readonly path: string;
  /** Whole; "" for a link to /dev/null, which masks a name. */
  readonly content: string;
}
