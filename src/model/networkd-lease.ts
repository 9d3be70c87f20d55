/** A lease of systemd-networkd's, as its file has it. */
export interface NetworkdLease {
  /** The link's name. */
  readonly nic: string;
  /** `KEY=value` lines. */
  readonly text: string;
}
