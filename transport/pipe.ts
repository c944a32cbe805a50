/** One direction of a loopback connection. */
export interface Pipe {
  read(into: Uint8Array): Promise<number | null>;
  write(chunks: readonly Uint8Array[]): Promise<void>;
  /** The writing side closed: what is buffered can still be read, then reads give `null`. */
  end(): void;
  /** The reading side closed: a pending read gives `null`, writes reject. */
  abandon(): void;
}
