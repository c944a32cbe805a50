/**
 * TCP segments in IP packets, as a capture shows them (RFC 9293 §3.1, RFC 791 §3.1, RFC 8200 §3).
 *
 * @module
 */

import { writeU16, writeU32 } from "../../scsi/big_endian.ts";
import { IPV6_LENGTH } from "./ip_address.ts";

const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const TCP_HEADER = 20;
const PROTOCOL_TCP = 6;
const TIME_TO_LIVE = 64;
const DONT_FRAGMENT = 0x4000;
/** With the window scale of a SYN, 1 GiB: never full, whatever is in flight. */
const WINDOW = 0xffff;
/** Total length of IPv4 and payload length of IPv6 are 16-bit fields. */
const MAX_LENGTH = 0xffff;

/** Control bits of the TCP header. */
export const TcpFlag = { Fin: 0x01, Syn: 0x02, Push: 0x08, Ack: 0x10 } as const;

/** One end of a connection. */
export interface TcpEndpoint {
  /** 4 bytes, or 16, as many as the other end's. */
  readonly address: Uint8Array;
  /** 0 to 65535. */
  readonly port: number;
}

/** A segment and where it goes. */
export interface TcpSegment {
  /** Who sends it. */
  readonly from: TcpEndpoint;
  /** Who gets it. */
  readonly to: TcpEndpoint;
  /** Number of the first byte of `payload`, or of the SYN or FIN. */
  readonly sequence: number;
  /** Number of the next byte expected from the other end. */
  readonly acknowledgement: number;
  /** Any of {@link TcpFlag}. */
  readonly flags: number;
  /** Whole words of options; their length is a multiple of 4. */
  readonly options: Uint8Array;
  /** At most {@link maxPayload} bytes. */
  readonly payload: Uint8Array;
}

/** The most bytes that a segment without options carries to `to`. */
export function maxPayload(to: TcpEndpoint): number {
  return to.address.length === IPV6_LENGTH
    ? MAX_LENGTH - TCP_HEADER
    : MAX_LENGTH - IPV4_HEADER - TCP_HEADER;
}

/** The IP packet with checksums, behind `room` bytes that are left 0. The array is new and the caller's. */
export function tcpPacket(segment: TcpSegment, room: number): Uint8Array {
  const { from, to, options, payload } = segment;
  const ipHeader = from.address.length === IPV6_LENGTH ? IPV6_HEADER : IPV4_HEADER;
  const tcpLength = TCP_HEADER + options.length + payload.length;
  const bytes = new Uint8Array(room + ipHeader + tcpLength);
  const ip = bytes.subarray(room, room + ipHeader);
  if (ipHeader === IPV6_HEADER) writeIpv6(ip, from, to, tcpLength);
  else writeIpv4(ip, from, to, tcpLength);
  writeTcp(bytes.subarray(room + ipHeader), segment);
  return bytes;
}

function writeIpv4(ip: Uint8Array, from: TcpEndpoint, to: TcpEndpoint, tcpLength: number): void {
  ip[0] = 0x45;
  writeU16(ip, 2, IPV4_HEADER + tcpLength);
  writeU16(ip, 6, DONT_FRAGMENT);
  ip[8] = TIME_TO_LIVE;
  ip[9] = PROTOCOL_TCP;
  ip.set(from.address, 12);
  ip.set(to.address, 16);
  writeU16(ip, 10, checksum(sum(ip, 0)));
}

function writeIpv6(ip: Uint8Array, from: TcpEndpoint, to: TcpEndpoint, tcpLength: number): void {
  ip[0] = 0x60;
  writeU16(ip, 4, tcpLength);
  ip[6] = PROTOCOL_TCP;
  ip[7] = TIME_TO_LIVE;
  ip.set(from.address, 8);
  ip.set(to.address, 24);
}

function writeTcp(tcp: Uint8Array, segment: TcpSegment): void {
  const { from, to, options, payload } = segment;
  const dataOffset = TCP_HEADER + options.length;
  writeU16(tcp, 0, from.port);
  writeU16(tcp, 2, to.port);
  writeU32(tcp, 4, segment.sequence);
  writeU32(tcp, 8, segment.acknowledgement);
  tcp[12] = (dataOffset / 4) << 4;
  tcp[13] = segment.flags;
  writeU16(tcp, 14, WINDOW);
  tcp.set(options, TCP_HEADER);
  tcp.set(payload, dataOffset);
  // The pseudo-header: both addresses, the protocol, the length (RFC 9293 §3.1, RFC 8200 §8.1).
  const pseudo = sum(to.address, sum(from.address, PROTOCOL_TCP + tcp.length));
  writeU16(tcp, 16, checksum(sum(tcp, pseudo)));
}

/** Adds up 16-bit words, an odd last byte as the upper half of one; 65,575 bytes stay far below 2^53. */
function sum(bytes: Uint8Array, start: number): number {
  let total = start;
  const even = bytes.length & ~1;
  for (let at = 0; at < even; at += 2) total += (bytes[at] << 8) | bytes[at + 1];
  return even < bytes.length ? total + (bytes[even] << 8) : total;
}

/** The one's complement of the one's complement sum (RFC 1071 §1). */
function checksum(total: number): number {
  let folded = total;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}
