/** Hears each time that a batch has been read. */
export interface ReadListener {
  onRead(): void;
}
