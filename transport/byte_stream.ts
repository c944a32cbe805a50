/**
 * A stream of bytes and how to dial one: the only thing that the layers above know of a network.
 *
 * @module
 */

/** A bidirectional stream of bytes: one reader and one writer at a time. */
export interface ByteStream {
  /**
   * Reads at least one byte into the beginning of `into` and resolves to the number of bytes read, or to `null` at
   * the end of the stream. `into` belongs to the stream until the promise settles. One read at a time.
   *
   * @throws {TransportError} when the connection broke; a read that `close()` interrupts resolves to `null`.
   */
  read(into: Uint8Array): Promise<number | null>;
  /**
   * Writes all bytes of `chunks`, in order. The chunks belong to the stream until the promise settles. One write at
   * a time.
   *
   * @throws {TransportError} when the connection broke or was closed.
   */
  write(chunks: readonly Uint8Array[]): Promise<void>;
  /** Closes both directions at once. Never throws; calling it again does nothing. */
  close(): void;
}

/** Where a dialer connects to: a host name or address (IPv6 without brackets) and a port. */
export interface NetworkAddress {
  /** A name or an address. */
  hostname: string;
  /** The TCP port, 0 to 65535. */
  port: number;
}

/** Options of a {@link Dialer}. */
export interface DialOptions {
  /** Ends the attempt; the dialer rejects with the signal's reason and leaves nothing open. */
  signal?: AbortSignal;
}

/**
 * Opens a {@link ByteStream} to an address.
 *
 * @throws {TransportError} when no connection could be made.
 */
export type Dialer = (address: NetworkAddress, options?: DialOptions) => Promise<ByteStream>;

/** The accepting side: what a target serves on. */
export interface ByteListener {
  /** Where it listens; the port is the real one when 0 was asked for. */
  readonly address: NetworkAddress;
  /** Waits for the next connection; resolves to `null` once closed. */
  accept(): Promise<ByteStream | null>;
  /** Stops accepting. Accepted streams stay open. Never throws. */
  close(): void;
}

/**
 * Starts to listen on an address; port 0 picks a free one.
 *
 * @throws {TransportError} when the address cannot be listened on.
 */
export type Listen = (address: NetworkAddress) => Promise<ByteListener>;
