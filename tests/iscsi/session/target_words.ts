/** What a target may say: its PDUs, numbered as they go out. */

import { writeU24 } from "../../../scsi/big_endian.ts";
import { BHS_LENGTH, RESERVED_TAG } from "../../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { encodePdu, type Pdu } from "../../../iscsi/pdu/pdu.ts";
import { dataInPdu, readyToTransferPdu, scsiResponsePdu } from "../pdu/target_pdus.ts";

const NO_BYTES: Uint8Array = new Uint8Array(0);
/** The session's, in every login of these tests. */
export const ISID: Uint8Array = new Uint8Array([0x80, 1, 2, 3, 4, 5]);

/** The words of one connection of a target; whoever has them knows how they get to the initiator. */
export abstract class TargetWords {
  statSn = 100;

  /** Hands bytes of a PDU to the initiator, `chunk` at a time. */
  abstract feed(pdu: Pdu, data?: Uint8Array, chunk?: number): void;

  /** ExpCmdSN and MaxCmdSN as they stand. */
  abstract numbers(): { expCmdSn: number; maxCmdSn: number };

  /** Hands over bytes of the wire. */
  abstract feedBytes(wire: Uint8Array): void;

  /** Login Response, in the security stage unless told otherwise. */
  loginResponse(
    itt: number,
    text: string | Uint8Array,
    fields: Partial<Extract<Pdu, { opcode: typeof Opcode.LoginResponse }>> = {},
  ): void {
    this.feed({
      opcode: Opcode.LoginResponse,
      transit: false,
      continue: false,
      csg: 0,
      nsg: 0,
      versionMax: 0,
      versionActive: 0,
      isid: ISID,
      tsih: 0,
      itt,
      statSn: this.statSn++ >>> 0,
      ...this.numbers(),
      statusClass: 0,
      statusDetail: 0,
      ...fields,
    }, typeof text === "string" ? new TextEncoder().encode(text) : text);
  }

  /** Task Management Function Response. */
  managed(itt: number, response = 0, statSn: number = this.statSn++): void {
    this.feed({
      opcode: Opcode.TaskManagementResponse,
      response,
      itt,
      statSn,
      ...this.numbers(),
    });
  }

  /** NOP-In: a ping of the target's, the answer to one of the initiator's, or only numbers. */
  nopIn(fields: { itt?: number; ttt?: number; lun?: bigint } = {}): void {
    const { itt = RESERVED_TAG, ttt = RESERVED_TAG, lun = 0n } = fields;
    const statSn = itt === RESERVED_TAG ? this.statSn : this.statSn++;
    this.feed({ opcode: Opcode.NopIn, lun, itt, ttt, statSn, ...this.numbers() });
  }

  /** Reject of a PDU of the initiator's. */
  reject(bhs: Uint8Array, reason: number): void {
    this.feed({
      opcode: Opcode.Reject,
      reason,
      statSn: this.statSn++,
      dataSn: 0,
      ...this.numbers(),
    }, bhs);
  }

  /** Asynchronous Message. */
  asyncMessage(
    asyncEvent: number,
    fields: { parameter1?: number; parameter2?: number; parameter3?: number; lun?: bigint } = {},
  ): void {
    const { parameter1 = 0, parameter2 = 0, parameter3 = 10, lun = 0n } = fields;
    this.feed({
      opcode: Opcode.AsyncMessage,
      lun,
      statSn: this.statSn++,
      asyncEvent,
      asyncVCode: 0,
      parameter1,
      parameter2,
      parameter3,
      ...this.numbers(),
    });
  }

  /** Text Response. */
  textResponse(
    itt: number,
    fields: { final: boolean; continue?: boolean; ttt?: number; lun?: bigint },
    data: string,
  ): void {
    const { final, continue: more = false, ttt = RESERVED_TAG, lun = 0n } = fields;
    this.feed({
      opcode: Opcode.TextResponse,
      final,
      continue: more,
      lun,
      itt,
      ttt,
      statSn: this.statSn++,
      ...this.numbers(),
    }, new TextEncoder().encode(data));
  }

  /** Logout Response. */
  loggedOut(itt: number, response = 0, time2Wait = 0): void {
    this.feed({
      opcode: Opcode.LogoutResponse,
      response,
      itt,
      statSn: this.statSn++,
      time2Wait,
      time2Retain: 0,
      ...this.numbers(),
    });
  }

  /** SCSI Response to a command. */
  respond(
    itt: number,
    fields: Partial<Extract<Pdu, { opcode: typeof Opcode.ScsiResponse }>> = {},
    data: Uint8Array = NO_BYTES,
  ): void {
    const numbers = { statSn: this.statSn++, ...this.numbers() };
    this.feed(scsiResponsePdu({ itt, ...numbers, ...fields }), data);
  }

  /** Data-In of a command. */
  dataIn(
    itt: number,
    data: Uint8Array,
    fields: Partial<Extract<Pdu, { opcode: typeof Opcode.DataIn }>> = {},
    chunk: number = Infinity,
  ): void {
    const statSn = fields.hasStatus ? this.statSn++ : 0;
    this.feed(dataInPdu({ itt, statSn, ...this.numbers(), ...fields }), data, chunk);
  }

  /** The header of a Data-In PDU whose data is still to come. */
  dataInBegins(itt: number, length: number): void {
    const bhs = new Uint8Array(BHS_LENGTH);
    encodePdu(dataInPdu({ itt, ...this.numbers() }), bhs);
    writeU24(bhs, 5, length);
    this.feedBytes(bhs);
  }

  /** R2T for a command. */
  readyToTransfer(
    itt: number,
    fields: Partial<Extract<Pdu, { opcode: typeof Opcode.ReadyToTransfer }>>,
  ): void {
    const { statSn } = this;
    const first = { itt, ttt: 1, statSn, desiredDataTransferLength: 0, ...this.numbers() };
    this.feed(readyToTransferPdu({ ...first, ...fields }));
  }
}
