/**
 * A connection as a capture file that Wireshark and tshark read as iSCSI, without capturing on a network.
 *
 * @module
 */

import { writeU16, writeU32 } from "../scsi/big_endian.ts";
import type { NetworkAddress } from "../transport/byte_stream.ts";
import { InvalidOptionError } from "./errors.ts";
import { ISCSI_PORT } from "./portal.ts";
import { ipAddressBytes, IPV6_LENGTH } from "./tracing/ip_address.ts";
import { LoginRedaction } from "./tracing/login_redaction.ts";
import { TcpConversation, type TcpDirection } from "./tracing/tcp_conversation.ts";
import type { TcpEndpoint } from "./tracing/tcp_packet.ts";

/** Options of a {@link PcapWriter}. */
export interface PcapWriterOptions {
  /** Takes the next bytes of the file, in order. The array is new, and yours. What it throws, the call throws. */
  write(bytes: Uint8Array): void;
  /** The time for the packets, in milliseconds since 1970: `Date.now` does. */
  now(): number;
  /**
   * The initiator's end, an IP address and a port. A host name is shown as an address that is kept for documentation
   * (RFC 5737, RFC 3849), because a capture has no room for names.
   *
   * @default port 49152 of 192.0.2.1, or of 2001:db8::1 if the target has an IPv6 address
   */
  readonly initiator?: NetworkAddress;
  /**
   * The target's end, likewise. Wireshark knows iSCSI by port 3260; of others its preference `iscsi.target_ports` tells.
   *
   * @default port 3260 of 192.0.2.2, or of 2001:db8::2 if the initiator has an IPv6 address
   */
  readonly target?: NetworkAddress;
  /**
   * Whether the file has its header already, because this is one more connection in it. Give each its own initiator
   * port.
   *
   * @default false
   */
  readonly append?: boolean;
}

const FILE_HEADER_LENGTH = 24;
const RECORD_HEADER_LENGTH = 16;
/** Times in microseconds. The file is big-endian, as the packets in it are; readers know by this number. */
const MAGIC = 0xa1b2c3d4;
/** Packets begin with their IP header. */
const LINKTYPE_RAW = 101;
/** Above the largest packet, 65,575 bytes. */
const SNAPSHOT_LENGTH = 262144;

const EPHEMERAL_PORT = 49152;
const STAND_INS: Readonly<Record<"initiator" | "target", readonly [v4: string, v6: string]>> = {
  initiator: ["192.0.2.1", "2001:db8::1"],
  target: ["192.0.2.2", "2001:db8::2"],
};

/**
 * Writes what passed one connection as a capture in the classic pcap format. The network below iSCSI is made up:
 * handshake, sequence and acknowledgement numbers, checksums and the end are as they could have been.
 *
 * Wireshark ignores data segments above 256 KiB, which a session with large records has, unless its preference
 * `iscsi.bogus_pdu_max_data_len` allows them.
 *
 * In Login PDUs the values of CHAP_C and CHAP_R, and of every key that RFC 7143 does not define or whose name sounds of
 * a secret, are overwritten with asterisks. Everything after the login is in the file as it was: all records, and the
 * keys that SECURITY PROTOCOL OUT gives a drive.
 *
 * A writer is for one connection, from its first byte on: that is where the login is looked for. A redirect or another
 * attempt is a connection of its own.
 *
 * @example A session and its capture
 * ```ts ignore
 * import { PcapWriter, Session } from "@uiscsi/tape/iscsi";
 * import { defaultDialer, tracing } from "@uiscsi/tape/transport";
 *
 * const chunks: Uint8Array[] = [];
 * const session = await Session.connect({
 *   portal: "10.0.0.5",
 *   targetName: "iqn.2026-03.com.example:tape",
 *   dial: async (address, options) => {
 *     const stream = await defaultDialer(address, options);
 *     const pcap = new PcapWriter({
 *       write: (bytes) => chunks.push(bytes),
 *       now: Date.now,
 *       append: chunks.length > 0,
 *       initiator: { hostname: "192.0.2.1", port: 49152 + chunks.length % 16384 },
 *     });
 *     return tracing(
 *       stream,
 *       (direction, bytes) => direction === "out" ? pcap.sent(bytes) : pcap.received(bytes),
 *     );
 *   },
 * });
 * await session.close();
 * ```
 */
export class PcapWriter {
  readonly #options: PcapWriterOptions;
  readonly #conversation: TcpConversation;
  readonly #redactions: Readonly<Record<TcpDirection, LoginRedaction>> = {
    sent: new LoginRedaction(),
    received: new LoginRedaction(),
  };
  #closed = false;

  /**
   * Writes the header of the file and the TCP handshake.
   *
   * @throws {InvalidOptionError} when the addresses are of two families, or a port is none.
   */
  constructor(options: PcapWriterOptions) {
    this.#options = options;
    const { initiator, target } = endpoints(options);
    this.#conversation = new TcpConversation(initiator, target, {
      room: RECORD_HEADER_LENGTH,
      packet: (bytes) => this.#record(bytes),
    });
    if (!options.append) options.write(fileHeader());
    this.#conversation.open();
  }

  /**
   * The initiator sent `bytes`: the next ones of the stream, cut anywhere. They are copied. Does nothing after
   * {@link close}.
   */
  sent(bytes: Uint8Array): void {
    this.#data("sent", bytes);
  }

  /** The initiator received `bytes`; otherwise as {@link sent}. */
  received(bytes: Uint8Array): void {
    this.#data("received", bytes);
  }

  /** Writes the end of the connection. Calling it again does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#conversation.close();
  }

  #data(direction: TcpDirection, bytes: Uint8Array): void {
    if (this.#closed) return;
    const copy = new Uint8Array(bytes);
    this.#redactions[direction].apply(copy);
    this.#conversation.data(direction, copy);
  }

  /** Fills in the header of a packet's record, in the room left for it. */
  #record(bytes: Uint8Array): void {
    const microseconds = Math.floor(this.#options.now() * 1000);
    const length = bytes.length - RECORD_HEADER_LENGTH;
    writeU32(bytes, 0, Math.floor(microseconds / 1_000_000));
    writeU32(bytes, 4, microseconds % 1_000_000);
    writeU32(bytes, 8, length);
    writeU32(bytes, 12, length);
    this.#options.write(bytes);
  }
}

function fileHeader(): Uint8Array {
  const bytes = new Uint8Array(FILE_HEADER_LENGTH);
  writeU32(bytes, 0, MAGIC);
  writeU16(bytes, 4, 2);
  writeU16(bytes, 6, 4);
  writeU32(bytes, 16, SNAPSHOT_LENGTH);
  writeU32(bytes, 20, LINKTYPE_RAW);
  return bytes;
}

function endpoints(options: PcapWriterOptions): { initiator: TcpEndpoint; target: TcpEndpoint } {
  const initiatorAddress = addressOf(options.initiator);
  const targetAddress = addressOf(options.target);
  const family = (initiatorAddress ?? targetAddress)?.length ?? 0;
  if (targetAddress !== undefined && targetAddress.length !== family) {
    throw new InvalidOptionError(
      "target",
      `Write a capture: ${options.target?.hostname} and ${options.initiator?.hostname} are addresses of two families`,
    );
  }
  const standIn = (role: "initiator" | "target"): Uint8Array =>
    ipAddressBytes(STAND_INS[role][family === IPV6_LENGTH ? 1 : 0])!;
  return {
    initiator: {
      address: initiatorAddress ?? standIn("initiator"),
      port: portOf("initiator", options.initiator?.port ?? EPHEMERAL_PORT),
    },
    target: {
      address: targetAddress ?? standIn("target"),
      port: portOf("target", options.target?.port ?? ISCSI_PORT),
    },
  };
}

function addressOf(end: NetworkAddress | undefined): Uint8Array | undefined {
  return end && ipAddressBytes(end.hostname);
}

function portOf(role: "initiator" | "target", port: number): number {
  if (Number.isInteger(port) && port >= 0 && port <= 0xffff) return port;
  throw new InvalidOptionError(`${role}.port`, `Write a capture: ${port} is not a port`);
}
