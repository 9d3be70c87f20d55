/** What lies on the machine now, as far as a plan depends on it. */
export interface HostState {
  /** Files in the places that are ours, of every backend, sorted by path. */
  readonly files: readonly ExistingFile[];
  /** The text of `/etc/ec2nic/unmanaged`; null where there is none. */
  readonly unmanaged: string | null;
}

export interface ExistingFile {
  /** As on the machine, without `--root`. */
  readonly path: string;
  readonly content: string;
  /** Permission bits; null for what is no plain file (a symbolic link, say). */
  readonly mode: number | null;
}
