/**
 * Data-Out that is due: unsolicited data behind its command, and the answers to R2Ts in the order of their arrival
 * (RFC 7143 §4.2.5.2, §11.7, §11.8).
 *
 * @module
 */

import { RESERVED_TAG } from "../../pdu/bhs.ts";
import { encodeDataOut } from "../../pdu/data_out.ts";
import { Opcode } from "../../pdu/opcode.ts";
import type { OutputBatch } from "../../connection/output_batch.ts";
import type { ScsiTask } from "../requests/scsi_task.ts";

/** One run of Data-Out PDUs that ends with an F bit. DataSN counts from 0 in each. */
export interface DataOutSequence {
  readonly task: ScsiTask;
  readonly lun: bigint;
  /** The R2T's Target Transfer Tag; the reserved tag for unsolicited data. */
  readonly ttt: number;
  offset: number;
  readonly end: number;
  dataSn: number;
}

/** The connection that the data goes out on. */
export interface DataOutSender {
  /** Bytes of data in one PDU that the target accepts. */
  readonly maxSegment: number;
  readonly expStatSn: number;
  /** Adds the PDU whose header is in the batch, with data from the task's Data-Out buffer. */
  addDataOf(task: ScsiTask, batch: OutputBatch, data: Uint8Array): void;
}

/** The sequences of one connection, sent one after the other. */
export class DataOutQueue {
  #sequences: DataOutSequence[] = [];

  get empty(): boolean {
    return this.#sequences.length === 0;
  }

  push(sequence: DataOutSequence): void {
    this.#sequences.push(sequence);
    sequence.task.streamOut?.request(sequence);
  }

  /**
   * The sequence that goes on now: the first, but one whose data its source has not given yet does not hold up others.
   */
  next(maxSegment: number): DataOutSequence | undefined {
    if (this.#sequences.length === 0) return undefined;
    const first = this.#sequences[0];
    if (first.task.streamOut === undefined) return first;
    return this.#sequences.find((sequence) => {
      const { streamOut } = sequence.task;
      return streamOut === undefined || streamOut.isReady(segmentEnd(sequence, maxSegment));
    });
  }

  /** The task is over: what it still had to send is not sent. */
  drop(task: ScsiTask): void {
    if (this.#sequences.length === 0) return;
    task.streamOut?.forget();
    this.#sequences = this.#sequences.filter((sequence) => sequence.task !== task);
  }

  /** Adds a PDU of a sequence, the {@link next}, to the batch. */
  send(sequence: DataOutSequence, batch: OutputBatch, sender: DataOutSender): void {
    const { task, offset } = sequence;
    const next = segmentEnd(sequence, sender.maxSegment);
    const final = next === sequence.end;
    encodeDataOut({
      opcode: Opcode.DataOut,
      final,
      lun: sequence.lun,
      itt: task.itt,
      ttt: sequence.ttt,
      expStatSn: sender.expStatSn,
      dataSn: sequence.dataSn++,
      bufferOffset: offset,
    }, batch.bhs);
    sender.addDataOf(task, batch, task.dataToSend(offset, next));
    sequence.offset = next;
    if (final) this.#finished(sequence);
  }

  #finished(sequence: DataOutSequence): void {
    const { task } = sequence;
    if (this.#sequences[0] === sequence) this.#sequences.shift();
    else this.#sequences.splice(this.#sequences.indexOf(sequence), 1);
    task.streamOut?.finished(sequence);
    if (sequence.ttt !== RESERVED_TAG) task.outstandingR2ts--;
  }
}

/** Where the next PDU of a sequence ends. */
function segmentEnd({ task, offset, end }: DataOutSequence, maxSegment: number): number {
  const next = Math.min(offset + maxSegment, end);
  return task.streamOut ? task.streamOut.segmentEnd(offset, next) : next;
}
