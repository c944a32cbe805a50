/**
 * PDUs from the initiator in the full feature phase, by operation code: what each makes the target do (RFC 7143 §11).
 *
 * @module
 */

import { ProtocolError } from "../../../iscsi/errors.ts";
import { CMD_SN, IMMEDIATE, OPCODE, OPCODE_MASK, RESERVED_TAG } from "../../../iscsi/pdu/bhs.ts";
import { type DataOut, decodeDataOut } from "../../../iscsi/pdu/data_out.ts";
import { decodeLogoutRequest, LogoutReason } from "../../../iscsi/pdu/logout.ts";
import { decodeNopOut, encodeNopIn, type NopOut } from "../../../iscsi/pdu/nop.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { opcodeName } from "../../../iscsi/pdu/pdu.ts";
import { RejectReason } from "../../../iscsi/pdu/reject.ts";
import { decodeTaskManagementRequest } from "../../../iscsi/pdu/task_management.ts";
import { decodeTextRequest } from "../../../iscsi/pdu/text.ts";
import { readU32 } from "../../../scsi/big_endian.ts";
import type { SessionConnection } from "../session/session_connection.ts";
import type { TargetLimits } from "../target_options.ts";
import type { TargetSession } from "../session/target_session.ts";
import { logOut } from "./logout.ts";
import { reject } from "./rejection.ts";
import { acceptCommand, checkTag } from "./scsi_command_acceptance.ts";
import { retransmit } from "./retransmission.ts";
import type { SendTargets } from "./send_targets.ts";
import { actsOnMany, manageTasks } from "./task_management.ts";
import { TextNegotiation } from "./text_negotiation.ts";
import type { TargetTask } from "../tasks/target_task.ts";

/** What the requests of one connection depend on. */
export interface FullFeatureOptions {
  readonly limits: Required<TargetLimits>;
  readonly sendTargets: SendTargets;
  /** Whether this ping gets no answer. */
  readonly ignoresPing: () => boolean;
}

/** First operation code that targets send. */
const TARGET_OPCODES = 0x20;

/** Takes the PDUs of one connection. Every method throws {@link ProtocolError} when the initiator broke a rule. */
export class FullFeaturePhase {
  readonly #connection: SessionConnection;
  readonly #session: TargetSession;
  readonly #limits: Required<TargetLimits>;
  readonly #ignoresPing: () => boolean;
  readonly #text: TextNegotiation;
  /** What {@link place} has made of the header of the PDU that is arriving. */
  #command: TargetTask | undefined;
  #dataOut: DataOut | undefined;
  #writer: TargetTask | undefined;

  constructor(connection: SessionConnection, session: TargetSession, options: FullFeatureOptions) {
    this.#connection = connection;
    this.#session = session;
    this.#limits = options.limits;
    this.#ignoresPing = options.ignoresPing;
    this.#text = new TextNegotiation(connection, session, {
      maxTextBytes: options.limits.maxTextBytes,
      sendTargets: options.sendTargets,
    });
  }

  /** The data of a command goes straight into its buffer; everything else is short and goes to the framer's own. */
  place(header: Uint8Array, length: number): Uint8Array | undefined {
    const opcode = header[OPCODE] & OPCODE_MASK;
    if (opcode === Opcode.DataOut) return this.#placeDataOut(header, length);
    if (opcode === Opcode.ScsiCommand) return this.#placeImmediateData(header, length);
    return undefined;
  }

  receive(header: Uint8Array, data: Uint8Array, intact: boolean): void {
    const opcode = header[OPCODE] & OPCODE_MASK;
    if (opcode === Opcode.DataOut) return this.#receiveDataOut(header, data.length, intact);
    if (opcode === Opcode.ScsiCommand) return this.#receiveCommand(header, intact);
    if (!intact) return reject(this.#connection, header, RejectReason.DataDigestError);
    switch (opcode) {
      case Opcode.NopOut:
        return this.#receiveNopOut(header, data);
      case Opcode.TaskManagementRequest:
        return this.#receiveTaskManagement(header);
      case Opcode.TextRequest:
        return this.#receiveText(header, data);
      case Opcode.LogoutRequest:
        return this.#receiveLogout(header);
      default:
        return this.#receiveOther(header, opcode);
    }
  }

  /** Nothing more will be received: a command of which a part was missing counts as not received. */
  abandon(): void {
    if (this.#command) this.#session.discard(this.#command);
    this.#command = undefined;
  }

  #placeDataOut(header: Uint8Array, length: number): Uint8Array | undefined {
    const pdu = decodeDataOut(header);
    this.#dataOut = pdu;
    const task = this.#session.tasks.get(pdu.itt);
    this.#writer = task?.connection === this.#connection ? task : undefined;
    return this.#writer?.collection?.place(pdu, length);
  }

  #receiveDataOut(header: Uint8Array, length: number, intact: boolean): void {
    if (!intact) {
      reject(this.#connection, header, RejectReason.DataDigestError, { urgent: true });
    }
    // The tag may belong to a command that is over: its data comes late, and is of no use.
    const task = this.#writer;
    if (task?.collection === undefined || task.state !== "collecting") return;
    task.collection.arrived(this.#dataOut!, length, intact);
    this.#session.advance(task);
  }

  #placeImmediateData(header: Uint8Array, length: number): Uint8Array | undefined {
    this.#command = this.#mayArrive(header)
      ? acceptCommand(this.#session, this.#connection, header, length)
      : undefined;
    if (this.#command === undefined || length === 0) return undefined;
    return this.#command.collection?.placeImmediate(length);
  }

  #receiveCommand(header: Uint8Array, intact: boolean): void {
    const task = this.#command;
    this.#command = undefined;
    if (task === undefined) return;
    if (!intact) {
      this.#session.discard(task);
      return reject(this.#connection, header, RejectReason.DataDigestError);
    }
    // While its data came, another connection may have brought the number, or the tag.
    if (!this.#mayArrive(header)) return this.#session.discard(task);
    checkTag(this.#session, task.command);
    if (this.#session.target === undefined) {
      this.#session.discard(task);
      return this.#refuseInDiscovery(header);
    }
    const { immediateCommands } = this.#session;
    if (task.command.immediate && immediateCommands >= this.#limits.maxImmediateCommands) {
      this.#session.discard(task);
      return reject(this.#connection, header, RejectReason.ImmediateCommandReject);
    }
    this.#session.arrived(task);
  }

  #receiveNopOut(header: Uint8Array, data: Uint8Array): void {
    const pdu = decodeNopOut(header);
    const isPing = pdu.itt !== RESERVED_TAG;
    if (isPing && pdu.ttt !== RESERVED_TAG) {
      throw new ProtocolError("Receive NOP-Out: it has both an initiator and a target tag");
    }
    if (!isPing && !pdu.immediate) {
      throw new ProtocolError("Receive NOP-Out: without an initiator tag it must be immediate");
    }
    if (isPing && this.#session.target === undefined) return this.#refuseInDiscovery(header);
    if (isPing) {
      const room = this.#connection.parameters.maxSendDataSegmentLength;
      const echo = new Uint8Array(data.subarray(0, room));
      this.#inOrder(header, () => this.#echo(pdu, echo));
    } else if (pdu.ttt !== RESERVED_TAG) {
      this.#connection.pongReceived(pdu.ttt);
    }
  }

  #echo({ itt }: NopOut, data: Uint8Array): void {
    if (this.#ignoresPing()) return;
    this.#connection.output.sendUrgent({
      data,
      encode: (bhs, numbers) =>
        encodeNopIn({
          opcode: Opcode.NopIn,
          lun: 0n,
          itt,
          ttt: RESERVED_TAG,
          statSn: numbers.takeStatSn(),
          expCmdSn: numbers.expCmdSn,
          maxCmdSn: numbers.maxCmdSn,
        }, bhs),
    });
  }

  #receiveTaskManagement(header: Uint8Array): void {
    const pdu = decodeTaskManagementRequest(header);
    if (this.#session.target === undefined) return this.#refuseInDiscovery(header);
    const act = () => manageTasks(this.#connection, this.#session, pdu);
    if (!pdu.immediate || !actsOnMany(pdu)) return this.#inOrder(header, act);
    if (this.#session.lateRequestsOf(this.#connection) >= this.#limits.maxImmediateCommands) {
      return reject(this.#connection, header, RejectReason.ImmediateCommandReject);
    }
    this.#session.behindAll(this.#connection, pdu.cmdSn, () => this.#actInTurn(act));
  }

  #receiveText(header: Uint8Array, data: Uint8Array): void {
    const pdu = decodeTextRequest(header);
    if (pdu.final && pdu.continue) {
      throw new ProtocolError("Receive Text Request: it has both F and C set");
    }
    this.#connection.negotiationBegan();
    const copy = { header: new Uint8Array(header), data: new Uint8Array(data) };
    this.#inOrder(header, () => this.#text.receive(pdu, copy.header, copy.data));
  }

  #receiveLogout(header: Uint8Array): void {
    const pdu = decodeLogoutRequest(header);
    const isForeign = this.#session.target === undefined &&
      pdu.reason !== LogoutReason.CloseSession;
    if (isForeign) return this.#refuseInDiscovery(header);
    this.#inOrder(header, () => logOut(this.#connection, this.#session, pdu));
  }

  #receiveOther(header: Uint8Array, opcode: number): void {
    if (opcode === Opcode.Snack) return retransmit(this.#connection, this.#session, header);
    if (opcode === Opcode.LoginRequest) {
      return reject(this.#connection, header, RejectReason.ProtocolError);
    }
    if (opcode >= TARGET_OPCODES) {
      throw new ProtocolError(`Receive ${opcodeName(opcode)}: only targets send it`);
    }
    reject(this.#connection, header, RejectReason.CommandNotSupported);
  }

  /** RFC 7143 §4.3: discovery is for text alone, and a logout that ends it. The request counts as received. */
  #refuseInDiscovery(header: Uint8Array): void {
    const copy = new Uint8Array(header);
    this.#inOrder(header, () => reject(this.#connection, copy, RejectReason.ProtocolError));
  }

  /** Lets a request act at once if it is immediate, else in its turn; one out of the window is ignored. */
  #inOrder(header: Uint8Array, act: () => void): void {
    if ((header[OPCODE] & IMMEDIATE) !== 0) return act();
    if (!this.#mayArrive(header)) return;
    this.#session.inOrder(readU32(header, CMD_SN), () => this.#actInTurn(act));
  }

  /** The turn may come with a PDU on another connection, which is not to blame for this one. */
  #actInTurn(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#connection.close(error);
    }
  }

  /** A CmdSN outside the window, or twice, is silently ignored (RFC 7143 §4.2.2.1). */
  #mayArrive(header: Uint8Array): boolean {
    if ((header[OPCODE] & IMMEDIATE) !== 0) return true;
    if (this.#session.order.accepts(readU32(header, CMD_SN))) return true;
    const name = opcodeName(header[OPCODE] & OPCODE_MASK);
    const message = `${name} is ignored: its CmdSN is not one that is expected`;
    this.#connection.report({ kind: "notice", message });
    return false;
  }
}
