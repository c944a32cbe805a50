/**
 * The way out of one connection on which PDUs are lost, late, doubled or damaged, on purpose.
 *
 * @module
 */

import { OutputBatch, type OutputDigests } from "../../../iscsi/connection/output_batch.ts";
import { BHS_LENGTH, OPCODE, OPCODE_MASK } from "../../../iscsi/pdu/bhs.ts";
import { DIGEST_LENGTH } from "../../../iscsi/pdu/crc32c.ts";
import { concat } from "../../../transport/concat.ts";
import type { FaultPlan, FaultSubject } from "../faults.ts";
import type { PduBatch } from "../tasks/task_reply.ts";

/** What a {@link FaultyLine} needs to know. */
export interface FaultyLineParts {
  readonly plan: FaultPlan;
  /** Who is at the other end, as far as is known. */
  readonly subject: () => FaultSubject;
  /** Milliseconds on the clock of the target. */
  readonly now: () => number;
}

/** Stands in front of a batch, and passes on to it what is to go out. */
export class FaultyLine implements PduBatch {
  readonly #parts: FaultyLineParts;
  readonly #scratch: OutputBatch = new OutputBatch();
  #batch: OutputBatch = this.#scratch;
  #held: Uint8Array | undefined;
  #heldUntil = Infinity;
  #broken = false;

  constructor(parts: FaultyLineParts) {
    this.#parts = parts;
  }

  /** The connection is to break once what was passed on is written. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Whether a PDU is being held back. */
  get holds(): boolean {
    return this.#held !== undefined;
  }

  /** Nothing more can go out for now. */
  get stopped(): boolean {
    return this.#broken || this.holds;
  }

  /** Until when a PDU is held back; Infinity when none is, or its time has come. */
  get heldUntil(): number {
    return this.#heldUntil;
  }

  get bhs(): Uint8Array {
    return this.#batch.bhs;
  }

  /** Stands in front of this batch from now on. */
  onto(batch: OutputBatch): PduBatch {
    this.#batch = batch;
    if (this.#held && this.#heldUntil === Infinity) {
      batch.addEncoded(this.#held);
      this.#held = undefined;
    }
    return this;
  }

  /** Time has passed: what was held back long enough goes out with the next batch. */
  tick(now: number): void {
    if (now >= this.#heldUntil) this.#heldUntil = Infinity;
  }

  add(data: Uint8Array, digests: OutputDigests): void {
    const { plan, subject, now } = this.#parts;
    const fault = plan.ofPdu(this.bhs[OPCODE] & OPCODE_MASK, subject());
    switch (fault?.kind) {
      case undefined:
        return this.#batch.add(data, digests);
      case "drop":
        return;
      case "duplicate":
        this.#batch.add(data, digests);
        return this.#batch.add(data, digests);
      case "corrupt-header":
      case "corrupt-data":
        return this.#batch.addEncoded(
          damaged(this.#encoded(data, digests), data, digests, fault.kind),
        );
      case "delay":
        this.#heldUntil = now() + fault.ms;
        this.#held = this.#encoded(data, digests);
        return;
      case "disconnect-after":
        this.#batch.add(data, digests);
        this.#broken = true;
        return;
      case "disconnect-before":
        this.#broken = true;
    }
  }

  /** The PDU whose header is in {@link bhs}, as it would be on the wire. */
  #encoded(data: Uint8Array, digests: OutputDigests): Uint8Array {
    const scratch = this.#scratch;
    scratch.bhs.set(this.bhs);
    scratch.add(data, digests);
    const bytes = concat(scratch.take());
    scratch.clear();
    return bytes;
  }
}

/** One byte of the PDU is another: of the digest where there is one, else of what a digest would cover. */
function damaged(
  bytes: Uint8Array,
  data: Uint8Array,
  digests: OutputDigests,
  kind: "corrupt-header" | "corrupt-data",
): Uint8Array {
  const dataStart = BHS_LENGTH + (digests.header ? DIGEST_LENGTH : 0);
  if (kind === "corrupt-header") bytes[digests.header ? BHS_LENGTH : OPCODE] ^= 0x3f;
  else if (data.length > 0) bytes[digests.data ? bytes.length - 1 : dataStart] ^= 0xff;
  return bytes;
}
