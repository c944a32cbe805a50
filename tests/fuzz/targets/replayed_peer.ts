import { ahsLength, BHS_LENGTH, dataSegmentLength, padded } from "../../../iscsi/pdu/bhs.ts";
import type { ByteStream } from "../../../transport/byte_stream.ts";
import { microtasks } from "../microtasks.ts";

/** Turns that whoever reads gets to answer one PDU before the next comes. */
const TURNS = 24;

/** What a peer does when it has said all that it has to say. */
export type LastWord = "hangs up" | "is silent";

/** The other end of a connection that says what it says, a PDU at a time, whatever it hears. */
export class ReplayedPeer implements ByteStream {
  /** Bytes that it was sent. */
  heard = 0;
  readonly #wire: Uint8Array;
  readonly #digestBytes: () => number;
  readonly #lastWord: LastWord;
  #at = 0;
  #isClosed = false;
  #endSilence: (() => void) | undefined;

  /** `digestBytes` is how much longer each header is. */
  constructor(wire: Uint8Array, lastWord: LastWord, digestBytes: () => number = () => 0) {
    this.#wire = wire;
    this.#lastWord = lastWord;
    this.#digestBytes = digestBytes;
  }

  /** Whether it has said everything. */
  get isDone(): boolean {
    return this.#at >= this.#wire.length;
  }

  async read(into: Uint8Array): Promise<number | null> {
    await microtasks(TURNS);
    if (this.#isClosed) return null;
    if (this.isDone) return await this.#lastRead();
    const length = Math.min(this.#pduLength(), into.length);
    const piece = this.#wire.subarray(this.#at, this.#at + length);
    into.set(piece);
    this.#at += piece.length;
    return piece.length;
  }

  write(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) this.heard += chunk.length;
    return Promise.resolve();
  }

  close(): void {
    this.#isClosed = true;
    this.#endSilence?.();
  }

  #lastRead(): Promise<null> {
    if (this.#lastWord === "hangs up") return Promise.resolve(null);
    return new Promise((resolve) => this.#endSilence = () => resolve(null));
  }

  /** As far as a header can be read where the peer stands, which after a mutation need not be one. */
  #pduLength(): number {
    const bhs = this.#wire.subarray(this.#at, this.#at + BHS_LENGTH);
    if (bhs.length < BHS_LENGTH) return bhs.length;
    return BHS_LENGTH + ahsLength(bhs) + this.#digestBytes() + padded(dataSegmentLength(bhs));
  }
}
