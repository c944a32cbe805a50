/**
 * Data-Out that is due: unsolicited data behind its command, and the answers to R2Ts in the order of their arrival
 * (RFC 7143 §4.2.5.2, §11.7, §11.8).
 *
 * @module
 */

import { encodeDataOut } from "../pdu/data_out.ts";
import { Opcode } from "../pdu/opcode.ts";
import type { OutputBatch, OutputDigests } from "../connection/output_batch.ts";
import type { ScsiTask } from "./scsi_task.ts";

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

/** What a connection contributes to each Data-Out PDU. */
export interface DataOutContext {
  readonly maxSegment: number;
  readonly digests: OutputDigests;
  readonly expStatSn: number;
}

/** The sequences of one connection, sent one after the other. */
export class DataOutQueue {
  #sequences: DataOutSequence[] = [];

  get empty(): boolean {
    return this.#sequences.length === 0;
  }

  push(sequence: DataOutSequence): void {
    this.#sequences.push(sequence);
  }

  /** The task is over: what it still had to send is not sent. */
  drop(task: ScsiTask): void {
    if (this.#sequences.length === 0) return;
    this.#sequences = this.#sequences.filter((sequence) => sequence.task !== task);
  }

  /** Adds the next PDU to the batch. Returns the task that it belongs to. */
  send(batch: OutputBatch, context: DataOutContext): ScsiTask {
    const sequence = this.#sequences[0];
    const { task, offset } = sequence;
    const next = Math.min(offset + context.maxSegment, sequence.end);
    const final = next === sequence.end;
    encodeDataOut({
      opcode: Opcode.DataOut,
      final,
      lun: sequence.lun,
      itt: task.itt,
      ttt: sequence.ttt,
      expStatSn: context.expStatSn,
      dataSn: sequence.dataSn++,
      bufferOffset: offset,
    }, batch.bhs);
    batch.add(task.dataOut.subarray(offset, next), context.digests);
    sequence.offset = next;
    if (final) {
      this.#sequences.shift();
      if (task.outstandingR2ts > 0) task.outstandingR2ts--;
    }
    return task;
  }
}
