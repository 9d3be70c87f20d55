/** Who writes /etc/resolv.conf here. Gathered by apply/, judged by plan/. */
export interface DnsFacts {
  /** What stands at /etc/resolv.conf; null: nothing. */
  readonly resolvConf: {
    /** Where it points, as written in the symbolic link; null: it is a file. */
    readonly target: string | null;
    /** Its text, through the link; "" where there is nothing to read. */
    readonly text: string;
  } | null;
  /** NetworkManager is installed: it may be started at any time. */
  readonly hasNetworkManager: boolean;
  /** What others' files say NetworkManager should do with DNS; the last one counts. null: nothing. */
  readonly setting: {
    readonly path: string;
    /** The value of `dns=` or `rc-manager=` in `[main]`, as `dns=none`. */
    readonly text: string;
  } | null;
}
