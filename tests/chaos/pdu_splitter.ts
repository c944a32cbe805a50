import { ahsLength, BHS_LENGTH, dataSegmentLength, padded } from "../../iscsi/pdu/bhs.ts";
import { DIGEST_LENGTH } from "../../iscsi/pdu/crc32c.ts";

/** Which digests PDUs carry. */
export interface Digests {
  readonly header: boolean;
  readonly data: boolean;
}

/** A PDU as it is on the wire, digests included. */
export interface WirePdu {
  readonly bytes: Uint8Array;
  /** Where its data segment begins, and how long it is. */
  readonly dataAt: number;
  readonly dataLength: number;
}

/** Cuts what passes in one direction into PDUs. It believes every length. */
export class PduSplitter {
  digests: Digests = { header: false, data: false };
  #rest: Uint8Array = new Uint8Array(0);

  /** Adds bytes, which are copied; returns the next whole PDU, and `undefined` once there is none. */
  push(bytes: Uint8Array): void {
    const joined = new Uint8Array(this.#rest.length + bytes.length);
    joined.set(this.#rest);
    joined.set(bytes, this.#rest.length);
    this.#rest = joined;
  }

  /** The next whole PDU. Digests may be turned on between two. */
  next(): WirePdu | undefined {
    if (this.#rest.length < BHS_LENGTH) return undefined;
    const { header, data } = this.digests;
    const dataAt = BHS_LENGTH + ahsLength(this.#rest) + (header ? DIGEST_LENGTH : 0);
    const dataLength = dataSegmentLength(this.#rest);
    const trailer = data && dataLength > 0 ? DIGEST_LENGTH : 0;
    const end = dataAt + padded(dataLength) + trailer;
    if (this.#rest.length < end) return undefined;
    const bytes = this.#rest.slice(0, end);
    this.#rest = this.#rest.subarray(end);
    return { bytes, dataAt, dataLength };
  }
}
