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
  }

  /** The task is over: what it still had to send is not sent. */
  drop(task: ScsiTask): void {
    if (this.#sequences.length === 0) return;
    this.#sequences = this.#sequences.filter((sequence) => sequence.task !== task);
  }

  /** Adds the next PDU to the batch. */
  send(batch: OutputBatch, sender: DataOutSender): void {
    const sequence = this.#sequences[0];
    const { task, offset } = sequence;
    const next = Math.min(offset + sender.maxSegment, sequence.end);
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
    sender.addDataOf(task, batch, task.dataOut.subarray(offset, next));
    sequence.offset = next;
    if (!final) return;
    this.#sequences.shift();
    if (sequence.ttt !== RESERVED_TAG) task.outstandingR2ts--;
  }
}
