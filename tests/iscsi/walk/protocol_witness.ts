/** What an initiator may say on its connections, held against RFC 7143 PDU by PDU. */

import {
  serialAdd,
  serialLess,
  serialLessOrEqual,
} from "../../../iscsi/connection/serial_number.ts";
import type { NegotiatedParameters } from "../../../iscsi/negotiation/negotiated_parameters.ts";
import {
  dataSegmentLength,
  FINAL,
  FLAGS,
  IMMEDIATE,
  INITIATOR_TASK_TAG,
  OPCODE,
  RESERVED_TAG,
} from "../../../iscsi/pdu/bhs.ts";
import type { DataOut } from "../../../iscsi/pdu/data_out.ts";
import type { LogoutRequest, LogoutResponse } from "../../../iscsi/pdu/logout.ts";
import type { NopOut } from "../../../iscsi/pdu/nop.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import {
  decodePdu,
  type InitiatorPdu,
  opcodeName,
  type TargetPdu,
} from "../../../iscsi/pdu/pdu.ts";
import type { ReadyToTransfer } from "../../../iscsi/pdu/r2t.ts";
import type { ScsiCommand } from "../../../iscsi/pdu/scsi_command.ts";
import { type Snack, SnackType } from "../../../iscsi/pdu/snack.ts";
import {
  TaskManagementFunction,
  type TaskManagementRequest,
} from "../../../iscsi/pdu/task_management.ts";
import type { TextRequest } from "../../../iscsi/pdu/text.ts";
import type { PduEvent } from "../../../iscsi/session/session_hooks.ts";
import { readU32 } from "../../../scsi/big_endian.ts";

/** Data that the target has asked for, or gets without asking, and how much of it has gone out. */
interface Sequence {
  readonly itt: number;
  readonly ttt: number;
  offset: number;
  readonly end: number;
  dataSn: number;
}

interface WitnessedCommand {
  readonly itt: number;
  readonly cmdSn: number;
  readonly lun: bigint;
  cid: number;
  readonly writeLength: number;
  isOver: boolean;
}

/** One connection from its login on. */
class WitnessedConnection {
  readonly statSns = new Set<number>();
  /** Everything before it has come. */
  expStatSn = 0;
  lastExpStatSn: number | undefined;
  isLoggedOut = false;
  /** The target has let go of what it carried. */
  isRemoved = false;
  isGone = false;
  sequences: Sequence[] = [];
  /** Pings of the target's without an answer, by tag. */
  readonly pings = new Set<number>();

  take(statSn: number): void {
    this.statSns.add(statSn);
    while (this.statSns.delete(this.expStatSn)) this.expStatSn = serialAdd(this.expStatSn, 1);
  }
}

/** Watches one session by its hook `pdu`. */
export class ProtocolWitness {
  readonly violations: string[] = [];
  readonly trace: string[] = [];
  pdus = 0;
  readonly #parameters: (cid: number) => NegotiatedParameters | undefined;
  readonly #connections = new Map<number, WitnessedConnection>();
  readonly #commands = new Map<number, WitnessedCommand>();
  /** Which requests have used a CmdSN: the tag of each. */
  readonly #byCmdSn = new Map<number, number>();
  readonly #tags = new Map<number, string>();
  /** CmdSN of each login, by tag. */
  readonly #logins = new Map<number, number>();
  readonly #texts = new Set<number>();
  /** Which connection a logout for recovery is about, by tag. */
  readonly #removals = new Map<number, number>();
  /** Functions on the task set without an answer, and where they went out. */
  readonly #taskSets = new Map<number, number>();
  #cmdSn: number | undefined;
  #maxCmdSn: number | undefined;
  /** Requests that only a PDU in the middle of its data can have let out: their numbers, and where that PDU may be. */
  #early: { readonly cmdSn: number; readonly cids: Set<number> }[] = [];

  /** `parameters`: what holds on a connection; undefined before the leading login is done. */
  constructor(parameters: (cid: number) => NegotiatedParameters | undefined) {
    this.#parameters = parameters;
  }

  readonly see = ({ direction, cid, header, data }: PduEvent): void => {
    this.pdus++;
    const pdu = decodePdu(header);
    if (this.trace.push(line(direction, cid, header, data.length)) > 200) this.trace.shift();
    if (pdu === undefined) return;
    const connection = this.#connections.get(cid);
    // What is told of the one before may come late.
    if (connection !== undefined) connection.isGone = false;
    if (direction === "in") this.#in(cid, pdu as TargetPdu, header, data);
    else this.#out(cid, pdu as InitiatorPdu, header, data);
  };

  /** A connection is over. */
  gone(cid: number): void {
    for (const [itt, own] of this.#taskSets) if (own === cid) this.#taskSets.delete(itt);
    const connection = this.#connections.get(cid);
    if (connection !== undefined) connection.isGone = true;
    // What has let a request out may have been in the middle there.
    this.#early = this.#early.filter(({ cids }) => !cids.has(cid));
  }

  #fail(what: string): void {
    this.violations.push(`${what} (${this.trace.at(-1)})`);
  }

  #in(cid: number, pdu: TargetPdu, header: Uint8Array, data: Uint8Array): void {
    const connection = this.#connections.get(cid);
    if (connection === undefined) return this.#fail("a PDU came on a connection that is not there");
    if ("maxCmdSn" in pdu && !serialLess(pdu.maxCmdSn, serialAdd(pdu.expCmdSn, -1))) {
      if (this.#maxCmdSn === undefined || serialLess(this.#maxCmdSn, pdu.maxCmdSn)) {
        this.#maxCmdSn = pdu.maxCmdSn;
      }
    }
    this.#checkEarly(cid);
    switch (pdu.opcode) {
      case Opcode.LoginResponse:
        connection.expStatSn = serialAdd(pdu.statSn, 1);
        return;
      case Opcode.ReadyToTransfer:
        return this.#r2t(connection, pdu);
      case Opcode.NopIn:
        if (pdu.itt !== RESERVED_TAG) connection.take(pdu.statSn);
        else if (pdu.ttt !== RESERVED_TAG) connection.pings.add(pdu.ttt);
        return;
      case Opcode.DataIn:
        if (!pdu.hasStatus) return;
        break;
      case Opcode.TextResponse:
        if ((header[FLAGS] & FINAL) !== 0) this.#texts.delete(pdu.itt);
        break;
      case Opcode.LogoutResponse:
        this.#removed(pdu);
        break;
      case Opcode.TaskManagementResponse:
        this.#taskSets.delete(pdu.itt);
        break;
      case Opcode.Reject:
        this.#texts.delete(readU32(data, INITIATOR_TASK_TAG));
        this.#taskSets.delete(readU32(data, INITIATOR_TASK_TAG));
    }
    connection.take(pdu.statSn);
  }

  /** The next PDU of one of the connections has to be the one that has let a request out. */
  #checkEarly(cid: number): void {
    this.#early = this.#early.filter(({ cmdSn }) => !serialLessOrEqual(cmdSn, this.#maxCmdSn!));
    for (const { cids } of this.#early) {
      if (cids.delete(cid) && cids.size === 0) this.#fail("a request is beyond MaxCmdSN");
    }
  }

  #r2t(connection: WitnessedConnection, pdu: ReadyToTransfer): void {
    const { itt, ttt, bufferOffset: offset, desiredDataTransferLength: length } = pdu;
    connection.sequences.push({ itt, ttt, offset, end: offset + length, dataSn: 0 });
  }

  #out(cid: number, pdu: InitiatorPdu, header: Uint8Array, data: Uint8Array): void {
    if (pdu.opcode === Opcode.LoginRequest) {
      if (this.#connections.get(cid)?.lastExpStatSn !== undefined || !this.#connections.has(cid)) {
        this.#connections.set(cid, new WitnessedConnection());
        if (this.#tags.has(pdu.itt)) this.#fail("a login reuses a tag");
      }
      this.#tags.set(pdu.itt, "login");
      this.#cmdSn ??= pdu.cmdSn;
      const cmdSn = this.#logins.get(pdu.itt) ?? this.#cmdSn;
      this.#logins.set(pdu.itt, cmdSn);
      if (pdu.cmdSn !== cmdSn) this.#fail("a login has another CmdSN than the next when it began");
      return;
    }
    const connection = this.#connections.get(cid)!;
    if (connection.isLoggedOut) this.#fail("something follows a Logout Request");
    this.#checkExpStatSn(connection, cid, pdu.expStatSn);
    const room = this.#parameters(cid)?.maxSendDataSegmentLength ?? 8192;
    if (dataSegmentLength(header) > room) this.#fail(`more data than ${room}`);
    switch (pdu.opcode) {
      case Opcode.ScsiCommand:
        return this.#command(connection, cid, pdu, data.length);
      case Opcode.DataOut:
        return this.#dataOut(connection, pdu, data.length);
      case Opcode.NopOut:
        return this.#nopOut(connection, pdu);
      case Opcode.TaskManagementRequest:
        return this.#taskManagement(cid, pdu);
      case Opcode.TextRequest:
        return this.#text(pdu);
      case Opcode.LogoutRequest:
        return this.#logout(connection, pdu, cid);
      case Opcode.Snack:
        return this.#snack(pdu, cid);
    }
  }

  #checkExpStatSn(connection: WitnessedConnection, cid: number, expStatSn: number): void {
    if (serialLess(connection.expStatSn, expStatSn)) {
      this.#fail("ExpStatSN acknowledges what has not come");
    }
    const last = connection.lastExpStatSn;
    if (last !== undefined && serialLess(expStatSn, last)) this.#fail("ExpStatSN goes back");
    connection.lastExpStatSn = expStatSn;
    const level = this.#parameters(cid)?.errorRecoveryLevel ?? 0;
    if (level === 0 && expStatSn !== connection.expStatSn) {
      this.#fail("ExpStatSN is not what has come");
    }
  }

  /** Numbers a request; false for one that is sent again as it was. */
  #number(itt: number, cmdSn: number, immediate: boolean, kind: string, isSame: boolean): boolean {
    if (immediate) {
      if (cmdSn !== this.#cmdSn) this.#fail("an immediate request has another CmdSN than the next");
      return this.#tag(itt, kind, isSame);
    }
    if (cmdSn === this.#cmdSn) {
      if (this.#maxCmdSn !== undefined && !serialLessOrEqual(cmdSn, this.#maxCmdSn)) {
        const living = [...this.#connections].filter(([, { isGone }]) => !isGone);
        this.#early.push({ cmdSn, cids: new Set(living.map(([cid]) => cid)) });
      }
      this.#cmdSn = serialAdd(cmdSn, 1);
      this.#byCmdSn.set(cmdSn, itt);
      return this.#tag(itt, kind, isSame);
    }
    const before = this.#byCmdSn.get(cmdSn);
    if (before === undefined) this.#fail("a CmdSN is neither the next nor one that was used");
    if (before === itt) return false;
    if (kind !== "nop") this.#fail("a CmdSN is used for another request");
    return this.#tag(itt, kind, isSame);
  }

  #tag(itt: number, kind: string, isSame: boolean): boolean {
    if (this.#tags.has(itt) && !(isSame && this.#tags.get(itt) === kind)) {
      this.#fail(`a tag is used again, for a ${kind}`);
    }
    this.#tags.set(itt, kind);
    return true;
  }

  #command(connection: WitnessedConnection, cid: number, pdu: ScsiCommand, length: number): void {
    const { itt, cmdSn, lun, expectedDataTransferLength: expected } = pdu;
    const isNew = this.#number(itt, cmdSn, pdu.immediate, "command", false);
    if (isNew && this.#taskSets.size > 0) {
      this.#fail("a command overtakes a function on the task set");
    }
    const parameters = this.#parameters(cid)!;
    const writeLength = pdu.write ? expected : 0;
    const burst = Math.min(writeLength, parameters.firstBurstLength);
    if (length > (parameters.immediateData ? burst : 0)) this.#fail("too much immediate data");
    this.#commands.set(itt, { itt, cmdSn, lun, cid, writeLength, isOver: false });
    for (const each of this.#connections.values()) {
      each.sequences = each.sequences.filter((one) => one.itt !== itt);
    }
    if (pdu.final) return;
    if (parameters.initialR2T) this.#fail("unsolicited data follows although InitialR2T is Yes");
    connection.sequences.push({ itt, ttt: RESERVED_TAG, offset: length, end: burst, dataSn: 0 });
  }

  #dataOut(connection: WitnessedConnection, pdu: DataOut, length: number): void {
    const { itt, ttt } = pdu;
    const sequence = connection.sequences.find((one) => one.itt === itt && one.ttt === ttt);
    if (sequence === undefined) return this.#fail("Data-Out that nobody asked for");
    if (pdu.dataSn !== sequence.dataSn++) this.#fail("DataSN is not the next");
    if (pdu.bufferOffset !== sequence.offset) this.#fail(`the offset is not ${sequence.offset}`);
    sequence.offset += length;
    if (length === 0) this.#fail("Data-Out without data");
    if (sequence.offset > sequence.end) this.#fail("more Data-Out than was asked for");
    if (pdu.final !== (sequence.offset === sequence.end)) {
      this.#fail("F is not where the sequence ends");
    }
    if (pdu.final) connection.sequences.splice(connection.sequences.indexOf(sequence), 1);
  }

  #nopOut(connection: WitnessedConnection, pdu: NopOut): void {
    if (pdu.itt === RESERVED_TAG) {
      if (!pdu.immediate) this.#fail("a NOP-Out without a tag is not immediate");
      if (pdu.cmdSn !== this.#cmdSn) {
        this.#fail("an immediate request has another CmdSN than the next");
      }
      if (pdu.ttt !== RESERVED_TAG && !connection.pings.delete(pdu.ttt)) {
        this.#fail("a ping is answered that did not come");
      }
      return;
    }
    if (pdu.ttt !== RESERVED_TAG) this.#fail("a ping has two tags");
    this.#number(pdu.itt, pdu.cmdSn, pdu.immediate, "nop", false);
  }

  #taskManagement(cid: number, pdu: TaskManagementRequest): void {
    this.#number(pdu.itt, pdu.cmdSn, pdu.immediate, "function", false);
    const command = this.#commands.get(pdu.referencedTaskTag);
    switch (pdu.function) {
      case TaskManagementFunction.AbortTask:
        if (command === undefined) return this.#fail("ABORT TASK of a command that was not sent");
        if (command.lun !== pdu.lun || command.cmdSn !== pdu.refCmdSn) {
          this.#fail("ABORT TASK names another LUN or CmdSN");
        }
        // Of a connection that is logged out another may abort a task (RFC 7143 §11.5.1).
        if (this.#connections.get(command.cid)?.isRemoved) command.cid = cid;
        if (command.cid !== cid) this.#fail("ABORT TASK goes out on another connection");
        return;
      case TaskManagementFunction.TaskReassign:
        if (command === undefined) {
          return this.#fail("TASK REASSIGN of a command that was not sent");
        }
        command.cid = cid;
        for (const each of this.#connections.values()) {
          each.sequences = each.sequences.filter((one) => one.itt !== command.itt);
        }
        return;
      case TaskManagementFunction.ClearAca:
        return;
      default:
        if (pdu.referencedTaskTag !== RESERVED_TAG) {
          this.#fail("a function on many tasks names one");
        }
        this.#taskSets.set(pdu.itt, cid);
    }
  }

  #text(pdu: TextRequest): void {
    const isNext = this.#texts.has(pdu.itt);
    this.#number(pdu.itt, pdu.cmdSn, pdu.immediate, "text", isNext);
    this.#texts.add(pdu.itt);
  }

  #logout(connection: WitnessedConnection, pdu: LogoutRequest, cid: number): void {
    this.#number(pdu.itt, pdu.cmdSn, pdu.immediate, "logout", false);
    const isAboutOther = pdu.reason === 2 && pdu.cid !== cid;
    if (!isAboutOther) connection.isLoggedOut = true;
    if (pdu.reason === 2) this.#removals.set(pdu.itt, pdu.cid);
    if (pdu.reason === 0) {
      for (const each of this.#connections.values()) {
        each.isLoggedOut = true;
      }
    }
  }

  #removed({ itt, response }: LogoutResponse): void {
    const removed = this.#connections.get(this.#removals.get(itt) ?? -1);
    if (removed !== undefined && response <= 1) removed.isRemoved = true;
  }

  #snack(pdu: Snack, cid: number): void {
    const level = this.#parameters(cid)?.errorRecoveryLevel ?? 0;
    if (level === 0) this.#fail("a SNACK at error recovery level 0");
    if (pdu.type === SnackType.Status || pdu.type === SnackType.DataAck) {
      if (pdu.itt !== RESERVED_TAG) this.#fail("a SNACK has a tag where none belongs");
    } else if (this.#commands.get(pdu.itt)?.cid !== cid) {
      this.#fail("a SNACK is for a command of another connection");
    }
  }
}

function line(direction: string, cid: number, header: Uint8Array, length: number): string {
  const hex = (at: number) => {
    const view = new DataView(header.buffer, header.byteOffset);
    return view.getUint32(at).toString(16);
  };
  const name = opcodeName(header[OPCODE] & 0x3f);
  const immediate = (header[OPCODE] & IMMEDIATE) !== 0 ? "I " : "";
  return `${direction} ${cid} ${immediate}${name} flags ${header[FLAGS].toString(16)} itt ${
    hex(16)
  } ` +
    `ttt ${hex(20)} sn ${hex(24)} exp ${hex(28)} max ${hex(32)} ${hex(36)} ${hex(40)} ${
      hex(44)
    } length ${length}`;
}
