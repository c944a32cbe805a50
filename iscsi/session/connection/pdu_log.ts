/**
 * What passes a connection, for those who look: the last PDUs for errors, all of them for a hook.
 *
 * @module
 */

import { PduRing } from "../../trace.ts";
import type { PduEvent } from "../session_hooks.ts";

/** Sees every PDU of one connection. */
export class PduLog {
  readonly #ring: PduRing = new PduRing();
  readonly #cid: number;
  readonly #hook: ((event: PduEvent) => void) | undefined;

  constructor(cid: number, hook?: (event: PduEvent) => void) {
    this.#cid = cid;
    this.#hook = hook;
  }

  sent(bhs: Uint8Array, ahs: Uint8Array, data: Uint8Array): void {
    this.#ring.add(bhs, data, "out");
    if (this.#hook === undefined) return;
    const header = ahs.length === 0 ? bhs : joined(bhs, ahs);
    this.#hook({ direction: "out", cid: this.#cid, header, data });
  }

  received(header: Uint8Array, data: Uint8Array): void {
    this.#ring.add(header, data, "in");
    this.#hook?.({ direction: "in", cid: this.#cid, header, data });
  }

  /** One line each for the last PDUs, oldest first; no secrets. */
  lines(): string[] {
    return this.#ring.lines();
  }
}

function joined(bhs: Uint8Array, ahs: Uint8Array): Uint8Array {
  const header = new Uint8Array(bhs.length + ahs.length);
  header.set(bhs);
  header.set(ahs, bhs.length);
  return header;
}
