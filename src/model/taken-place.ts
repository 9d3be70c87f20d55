/** The place of a NIC that is here, as it was when that was configured. */
export interface TakenPlace {
  readonly mac: string;
  /** Of its link. */
  readonly name: string;
  readonly networkCard: number;
  readonly deviceNumber: number;
}
