/** One command at a target that takes every freedom: what it may do next with its data, and how it ends. */

import { RESERVED_TAG } from "../../../iscsi/pdu/bhs.ts";
import type { DataOut } from "../../../iscsi/pdu/data_out.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import type { ScsiCommand } from "../../../iscsi/pdu/scsi_command.ts";
import type { NegotiatedParameters } from "../../../iscsi/negotiation/negotiated_parameters.ts";
import { Status } from "../../../scsi/status.ts";
import type { Random } from "../../scsi/random.ts";
import { pick } from "../walk/walk_settings.ts";
import { dataOf } from "../walk/witnessed_device.ts";
import { type CommandPlan, residuals } from "./command_plan.ts";
import type { OddConnection } from "./odd_connection.ts";
import { shuffled } from "./odd_login.ts";

/** Part of the data to read. */
interface Piece {
  readonly offset: number;
  readonly length: number;
  /** Whether its sequence ends with it. */
  readonly final: boolean;
}

/** Data that the initiator may send. */
interface Transfer {
  readonly ttt: number;
  next: number;
  readonly end: number;
  dataSn: number;
}

/** What a task needs of its session. */
export interface OddTaskParts {
  readonly random: Random;
  readonly connection: OddConnection;
  /** As they are at present: lengths may change. */
  readonly parameters: () => NegotiatedParameters;
  readonly numbers: () => { expCmdSn: number; maxCmdSn: number };
  readonly violated: (what: string) => void;
  readonly ended: () => void;
  /** It ends with an error before all its data has gone out: so much is there without a gap. */
  readonly cut: (whole: number) => void;
}

const SUCCESSES: readonly number[] = [Status.Good, Status.ConditionMet, 0x10, 0x14];

export class OddTask {
  readonly plan: CommandPlan;
  readonly itt: number;
  readonly cmdSn: number;
  readonly lun: bigint;
  readonly bhs: Uint8Array;
  readonly parts: OddTaskParts;
  /** Data-In that is still to come, and the parts of Data-Out that are still to be asked for. */
  readonly pieces: Piece[];
  readonly wanted: { readonly offset: number; readonly length: number }[];
  /** DataSN and R2TSN: one sequence where data goes both ways. */
  dataSn = 0;
  r2tSn = 0;
  dataIns = 0;
  readonly transfers: Transfer[] = [];
  readonly #data: Uint8Array;
  readonly #expected: Uint8Array;
  #nextTtt: number;

  constructor(
    plan: CommandPlan,
    pdu: ScsiCommand,
    bhs: Uint8Array,
    data: Uint8Array,
    parts: OddTaskParts,
  ) {
    this.plan = plan;
    this.parts = parts;
    this.itt = pdu.itt;
    this.cmdSn = pdu.cmdSn;
    this.lun = pdu.lun;
    this.bhs = bhs;
    this.#data = dataOf(plan.id, plan.delivered);
    this.#expected = dataOf(plan.id, plan.write);
    this.#nextTtt = parts.random.below(3) === 0 ? 0 : parts.random.below(0xffff_0000);
    const end = this.#takeUnsolicited(pdu, data);
    this.pieces = this.#drawPieces();
    this.wanted = this.#drawWanted(end);
  }

  get isBidirectional(): boolean {
    return this.plan.write > 0 && this.plan.read > 0;
  }

  /** Where what is sent without being asked for ends. */
  #takeUnsolicited(pdu: ScsiCommand, data: Uint8Array): number {
    const { violated } = this.parts;
    const parameters = this.parts.parameters();
    this.checkData(0, data);
    const { write } = this.plan;
    const burst = Math.min(write, parameters.firstBurstLength);
    if (pdu.final) return data.length;
    if (parameters.initialR2T || data.length >= burst) violated("unsolicited data has no place");
    this.transfers.push({ ttt: RESERVED_TAG, next: data.length, end: burst, dataSn: 0 });
    return burst;
  }

  checkData(offset: number, data: Uint8Array): void {
    const expected = this.#expected.subarray(offset, offset + data.length);
    const isRight = data.length === expected.length &&
      data.every((byte, i) => byte === expected[i]);
    if (!isRight) this.parts.violated(`command ${this.plan.id} sends other data at ${offset}`);
  }

  #drawPieces(): Piece[] {
    const { random } = this.parts;
    const parameters = this.parts.parameters();
    const { maxReceiveDataSegmentLength: most, maxBurstLength } = parameters;
    const sequences: Piece[][] = [];
    for (let at = 0; at < this.plan.delivered;) {
      const burst = drawLength(random, maxBurstLength);
      const end = Math.min(this.plan.delivered, at + burst);
      const pieces: Omit<Piece, "final">[] = [];
      while (at < end) {
        const length = Math.min(drawLength(random, most), end - at);
        pieces.push({ offset: at, length });
        at += length;
        if (random.below(10) === 0) pieces.push({ offset: at, length: 0 });
      }
      const order = parameters.dataPduInOrder ? pieces : shuffled(random, pieces);
      sequences.push(order.map((piece, i) => ({ ...piece, final: i === order.length - 1 })));
    }
    const order = parameters.dataSequenceInOrder ? sequences : shuffled(random, sequences);
    const pieces = order.flat();
    const isEmpty = pieces.length === 0 && this.plan.read > 0 && random.below(4) === 0;
    return isEmpty ? [{ offset: 0, length: 0, final: true }] : pieces;
  }

  #drawWanted(from: number): { offset: number; length: number }[] {
    const { random } = this.parts;
    const parameters = this.parts.parameters();
    const { write, consumed, status } = this.plan;
    const isCut = status === Status.CheckCondition && random.below(2) === 0;
    const whole = Math.min(write, consumed);
    const end = isCut ? random.below(whole + 1) : whole;
    const wanted: { offset: number; length: number }[] = [];
    for (let at = from; at < end;) {
      const length = Math.min(drawLength(random, parameters.maxBurstLength), end - at);
      wanted.push({ offset: at, length });
      at += length;
    }
    return parameters.dataSequenceInOrder ? wanted : shuffled(random, wanted);
  }

  /** What may come next. */
  moves(): (() => void)[] {
    const moves: (() => void)[] = [];
    const { fate } = this.plan;
    if (this.pieces.length > 0) moves.push(() => this.dataIn());
    if (this.wanted.length > 0 && this.mayAsk) moves.push(() => this.ask());
    const isDone = this.pieces.length === 0 && this.wanted.length === 0;
    const isEarly = fate === "failure" || this.plan.status === Status.CheckCondition;
    if ((isDone || isEarly) && this.transfers.length === 0) moves.push(() => this.respond());
    return moves;
  }

  /** Bytes that have gone out without a gap. */
  get #whole(): number {
    const left = this.pieces.filter(({ length }) => length > 0);
    return left.reduce((least, { offset }) => Math.min(least, offset), this.plan.delivered);
  }

  /** Whether one more part of the data may be asked for. */
  get mayAsk(): boolean {
    const open = this.transfers.filter(({ ttt }) => ttt !== RESERVED_TAG).length;
    return open < this.parts.parameters().maxOutstandingR2T;
  }

  dataIn(): void {
    const { offset, length, final } = this.#nextPiece();
    const { random, connection, numbers } = this.parts;
    const parameters = this.parts.parameters();
    const isLast = this.pieces.length === 0;
    const hasStatus = isLast && this.#mayEndWithData() && random.below(2) === 0;
    const acknowledge = final && parameters.errorRecoveryLevel > 0 && random.below(4) === 0;
    const residual = this.plan.read - this.plan.produced;
    const dataSn = this.dataSn++;
    if (this.isBidirectional) this.r2tSn = this.dataSn;
    this.dataIns++;
    connection.send({
      opcode: Opcode.DataIn,
      final: final || hasStatus,
      acknowledge,
      hasStatus,
      overflow: hasStatus && residual < 0,
      underflow: hasStatus && residual > 0,
      status: hasStatus ? this.plan.status : 0,
      lun: acknowledge ? this.lun : 0n,
      itt: this.itt,
      ttt: acknowledge ? this.#ttt() : RESERVED_TAG,
      statSn: hasStatus ? connection.nextStatSn() : pick(random, [0, random.uint32()]),
      dataSn,
      bufferOffset: offset,
      residual: hasStatus ? Math.abs(residual) : 0,
      ...numbers(),
    }, this.#data.subarray(offset, offset + length));
    if (hasStatus) this.parts.ended();
  }

  /** Its segment must not be longer than the initiator takes by now. */
  #nextPiece(): Piece {
    const piece = this.pieces.shift()!;
    const most = this.parts.parameters().maxReceiveDataSegmentLength;
    if (piece.length <= most) return piece;
    const { offset, length, final } = piece;
    this.pieces.unshift({ offset: offset + most, length: length - most, final });
    return { offset, length: most, final: false };
  }

  /** Status goes with data where it is a success and all data of a write is there (RFC 7143 §11.7). */
  #mayEndWithData(): boolean {
    const { fate, status, sense } = this.plan;
    const isOpen = this.wanted.length > 0 || this.transfers.length > 0;
    const hasWriteResidual = residuals(this.plan).write !== 0;
    return fate === "answer" && SUCCESSES.includes(status) && sense.length === 0 && !isOpen &&
      !hasWriteResidual;
  }

  ask(): void {
    const { offset, length } = this.wanted.shift()!;
    const { connection, numbers } = this.parts;
    const ttt = this.#ttt();
    this.transfers.push({ ttt, next: offset, end: offset + length, dataSn: 0 });
    const r2tSn = this.r2tSn++;
    if (this.isBidirectional) this.dataSn = this.r2tSn;
    connection.send({
      opcode: Opcode.ReadyToTransfer,
      lun: this.lun,
      itt: this.itt,
      ttt,
      statSn: connection.statSn,
      r2tSn,
      bufferOffset: offset,
      desiredDataTransferLength: length,
      ...numbers(),
    });
  }

  #ttt(): number {
    return this.#nextTtt++;
  }

  /** Data-Out has come. */
  take(pdu: DataOut, data: Uint8Array): void {
    const { violated } = this.parts;
    const transfer = this.transfers.find(({ ttt }) => ttt === pdu.ttt);
    if (!transfer) return violated("Data-Out that was not asked for");
    if (pdu.bufferOffset !== transfer.next || pdu.dataSn !== transfer.dataSn++) {
      violated("Data-Out is out of its order");
    }
    if (pdu.ttt !== RESERVED_TAG && pdu.lun !== this.lun) violated("Data-Out has another LUN");
    this.checkData(pdu.bufferOffset, data);
    transfer.next += data.length;
    if (pdu.final !== (transfer.next === transfer.end)) violated("F is not where Data-Out ends");
    if (pdu.final) this.transfers.splice(this.transfers.indexOf(transfer), 1);
  }

  respond(): void {
    const { random, connection, numbers } = this.parts;
    const { fate, code, status, sense } = this.plan;
    const { write, read } = residuals(this.plan);
    const residual = this.plan.write > 0 ? write : read;
    const readResidual = this.isBidirectional ? read : 0;
    const isFailure = fate === "failure";
    if (this.pieces.length > 0) this.parts.cut(this.#whole);
    connection.send({
      opcode: Opcode.ScsiResponse,
      bidirectionalOverflow: readResidual < 0,
      bidirectionalUnderflow: readResidual > 0,
      overflow: residual < 0,
      underflow: residual > 0,
      response: isFailure ? code : 0,
      status: isFailure ? pick(random, [0, 2, 0x55]) : status,
      itt: this.itt,
      snackTag: 0,
      statSn: connection.nextStatSn(),
      expDataSn: isFailure ? 0 : this.dataIns,
      bidirectionalResidual: Math.abs(readResidual),
      // Without a flag the count means nothing (RFC 7143 §11.4.5).
      residual: residual === 0 ? pick(random, [0, 77]) : Math.abs(residual),
      ...numbers(),
    }, isFailure ? new Uint8Array(0) : segmentOf(random, sense));
    this.parts.ended();
  }
}

/** Sense data, and what a target may put behind it (RFC 7143 §11.4.7). */
function segmentOf(random: Random, sense: Uint8Array): Uint8Array {
  if (sense.length === 0 && random.below(2) === 0) return sense;
  const extra = random.below(4) === 0 ? random.below(40) : 0;
  const data = new Uint8Array(2 + sense.length + extra);
  new DataView(data.buffer).setUint16(0, sense.length);
  data.set(sense, 2);
  return data;
}

function drawLength(random: Random, most: number): number {
  return pick(random, [most, most, 1 + random.below(most), 1 + random.below(Math.min(most, 600))]);
}
