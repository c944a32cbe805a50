/**
 * A TCP connection between two ends, made up around the bytes that passed it (RFC 9293 §3).
 *
 * @module
 */

import { maxPayload, type TcpEndpoint, TcpFlag, tcpPacket } from "./tcp_packet.ts";

/** Which way bytes went, seen from the end that opened the connection. */
export type TcpDirection = "sent" | "received";

/** Where the packets go. */
export interface TcpConversationOptions {
  /** Bytes to leave free, filled with 0, before each packet. */
  readonly room: number;
  /** Takes a packet with the room before it; the array is new, and the callee's. */
  packet(bytes: Uint8Array): void;
  /** The numbers that both ends begin with. @default 0 */
  readonly initialSequence?: number;
}

/** One end and how far it has come. */
interface End {
  readonly endpoint: TcpEndpoint;
  /** Number of the next byte that it sends. */
  next: number;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);
/** Window scale 14, and one byte of padding (RFC 7323 §2.2): nothing in flight ever looks like too much. */
const WINDOW_SCALE = [3, 3, 14, 1];

/** Turns bytes into numbered segments. Nothing is lost or repeated on this network, and data acknowledges data. */
export class TcpConversation {
  readonly #opener: End;
  readonly #listener: End;
  readonly #options: TcpConversationOptions;

  constructor(opener: TcpEndpoint, listener: TcpEndpoint, options: TcpConversationOptions) {
    const { initialSequence = 0 } = options;
    this.#opener = { endpoint: opener, next: initialSequence };
    this.#listener = { endpoint: listener, next: initialSequence };
    this.#options = options;
  }

  /** The three-way handshake (RFC 9293 §3.5). */
  open(): void {
    const { Syn, Ack } = TcpFlag;
    this.#segment(this.#opener, this.#listener, Syn);
    this.#segment(this.#listener, this.#opener, Syn | Ack);
    this.#segment(this.#opener, this.#listener, Ack);
  }

  /** `bytes`, in as many segments as they take. */
  data(direction: TcpDirection, bytes: Uint8Array): void {
    const sent = direction === "sent";
    const from = sent ? this.#opener : this.#listener;
    const to = sent ? this.#listener : this.#opener;
    const step = maxPayload(to.endpoint);
    for (let at = 0; at < bytes.length; at += step) {
      const push = at + step >= bytes.length ? TcpFlag.Push : 0;
      this.#segment(from, to, TcpFlag.Ack | push, bytes.subarray(at, at + step));
    }
  }

  /** Both ends are done, the opener first (RFC 9293 §3.6). */
  close(): void {
    const { Fin, Ack } = TcpFlag;
    this.#segment(this.#opener, this.#listener, Fin | Ack);
    this.#segment(this.#listener, this.#opener, Fin | Ack);
    this.#segment(this.#opener, this.#listener, Ack);
  }

  #segment(from: End, to: End, flags: number, payload: Uint8Array = NO_BYTES): void {
    const isSyn = (flags & TcpFlag.Syn) !== 0;
    const segment = {
      from: from.endpoint,
      to: to.endpoint,
      sequence: from.next,
      acknowledgement: (flags & TcpFlag.Ack) !== 0 ? to.next : 0,
      flags,
      options: isSyn ? synOptions(from.endpoint) : NO_BYTES,
      payload,
    };
    // SYN and FIN count as one byte each.
    const ends = flags & (TcpFlag.Syn | TcpFlag.Fin) ? 1 : 0;
    from.next = (from.next + payload.length + ends) >>> 0;
    this.#options.packet(tcpPacket(segment, this.#options.room));
  }
}

/** What `end` takes in one segment (RFC 9293 §3.7.1), and the window scale. */
function synOptions(end: TcpEndpoint): Uint8Array {
  const size = maxPayload(end);
  return Uint8Array.of(2, 4, size >>> 8, size, ...WINDOW_SCALE);
}
