/** A device on a bus that is a NIC by its class, whether or not a driver has it. */
export interface BusDevice {
  /** Its name on the bus: `0000:00:06.0`, `vif-1`, `virtio3`. */
  readonly address: string;
  /** The inode of its entry on the bus: another one when it has left and come back. */
  readonly node: number;
  /** null: no driver has it. */
  readonly driver: string | null;
  /**
   * The names of its links, as this network namespace shows them: none without a driver, none for
   * a link that a container has taken.
   */
  readonly links: readonly string[];
}
