/** Where a reader begins. */
export interface Beginning {
  /** Right after the message of this number. */
  readonly after: number;
  /** The id that the client has asked to go on after, where what follows it is not there as a whole. */
  readonly requested?: string | undefined;
  /** Before what comes after `after`: the messages of these numbers, growing. */
  readonly snapshot?: number[] | undefined;
  /** What the client may name to begin here, where that is more than a number. */
  readonly lastEventId?: string | undefined;
}
