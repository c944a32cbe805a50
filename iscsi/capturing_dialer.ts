/**
 * Captures of whatever a dialer connects.
 *
 * @module
 */

import type { ByteStream, Dialer, NetworkAddress } from "../transport/byte_stream.ts";
import { tracing } from "../transport/tracing.ts";
import { PcapWriter } from "./pcap.ts";

/** Options of {@link capturingDialer}. */
export interface CapturingDialerOptions {
  /**
   * Takes the next bytes of the capture file, in order. The array is new, and yours. What it throws, breaks the
   * connection.
   */
  write(bytes: Uint8Array): void;
  /** The time for the packets, in milliseconds since 1970: `Date.now` does. */
  now(): number;
}

/** What initiators are given by their hosts (RFC 6335 §6). */
const FIRST_EPHEMERAL_PORT = 49152;
const EPHEMERAL_PORTS = 16384;

/**
 * A dialer that captures what passes the connections of another, all in one file that Wireshark reads as iSCSI; see
 * {@link PcapWriter} for what is in it, secrets of the login excepted. Each connection has an initiator port of its own.
 *
 * @example A session and its capture
 * ```ts ignore
 * import { capturingDialer, Session } from "@uiscsi/tape/iscsi";
 * import { defaultDialer } from "@uiscsi/tape/transport";
 *
 * const chunks: Uint8Array[] = [];
 * const session = await Session.connect({
 *   portal: "10.0.0.5",
 *   targetName: "iqn.2026-03.com.example:tape",
 *   dial: capturingDialer(defaultDialer, {
 *     write: (bytes) => chunks.push(bytes),
 *     now: Date.now,
 *   }),
 * });
 * await session.close();
 * ```
 */
export function capturingDialer(dial: Dialer, options: CapturingDialerOptions): Dialer {
  let connections = 0;
  return async (address, dialOptions) => {
    const stream = await dial(address, dialOptions);
    const number = connections++;
    try {
      return captured(stream, writer(address, number, options));
    } catch (error) {
      stream.close();
      throw error;
    }
  };
}

function writer(
  target: NetworkAddress,
  number: number,
  { write, now }: CapturingDialerOptions,
): PcapWriter {
  // A name, for which the writer puts in an address of the target's family.
  const initiator = {
    hostname: "initiator",
    port: FIRST_EPHEMERAL_PORT + number % EPHEMERAL_PORTS,
  };
  return new PcapWriter({ write, now, target, initiator, append: number > 0 });
}

function captured(stream: ByteStream, pcap: PcapWriter): ByteStream {
  const traced = tracing(
    stream,
    (direction, bytes) => direction === "out" ? pcap.sent(bytes) : pcap.received(bytes),
  );
  return {
    read: (into) => traced.read(into),
    write: (chunks) => traced.write(chunks),
    close: () => {
      traced.close();
      try {
        pcap.close();
      } catch {
        // Closing never throws, and the file lacks no more than the end of a connection.
      }
    },
  };
}
