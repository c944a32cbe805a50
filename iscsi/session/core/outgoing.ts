/**
 * Requests on their way out: numbered at the moment they are written, with as much data as may go along
 * (RFC 7143 §4.2.2.1, §11.3, §11.10, §11.12, §11.14, §11.18).
 *
 * @module
 */

import { type Ahs, AhsType, encodeAhs, extendedCdb } from "../../pdu/ahs.ts";
import { RESERVED_TAG } from "../../pdu/bhs.ts";
import { encodeLogoutRequest, LogoutReason } from "../../pdu/logout.ts";
import { encodeLoginRequest } from "../../pdu/login.ts";
import { encodeNopOut, type NopIn } from "../../pdu/nop.ts";
import { Opcode } from "../../pdu/opcode.ts";
import { BHS_CDB_LENGTH, encodeScsiCommand, TaskAttribute } from "../../pdu/scsi_command.ts";
import { encodeTextRequest } from "../../pdu/text.ts";
import type { LoginRequestFields } from "../../negotiation/login.ts";
import { unsolicitedData } from "../requests/unsolicited_data.ts";
import type { InitiatorConnection, UrgentPdu } from "../connection/initiator_connection.ts";
import type { OutputBatch } from "../../connection/output_batch.ts";
import { ScsiTask } from "../requests/scsi_task.ts";
import type { NumberedRequest, SessionState } from "./session_state.ts";
import type { TextExchange } from "../requests/text_exchange.ts";

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Sends a request that has been taken out of the queue. */
export function sendRequest(
  state: SessionState,
  connection: InitiatorConnection,
  batch: OutputBatch,
  request: NumberedRequest,
): void {
  if (request instanceof ScsiTask) {
    request.itt = state.requests.allocate();
    request.cmdSn = state.window.take();
    request.state = "sent";
    state.requests.set(request.itt, request);
    writeCommand(connection, batch, request);
  } else {
    if (!request.isImmediate) request.cmdSn = state.window.take();
    writeText(state, connection, batch, request);
  }
}

/**
 * Sends a request again as it was, with its tag and its CmdSN: the target has not taken it in (RFC 7143 §7.2.1).
 */
export function sendAgain(
  state: SessionState,
  connection: InitiatorConnection,
  batch: OutputBatch,
  request: NumberedRequest,
): void {
  if (request instanceof ScsiTask) writeCommand(connection, batch, request);
  else writeText(state, connection, batch, request);
}

/**
 * SIMPLE, as every initiator in use sends it: with restricted reordering, the default of the Control mode page, a device
 * keeps simple tasks of one nexus in order where order matters (SPC-5 §7.5.9), and some targets falter on ORDERED.
 */
function writeCommand(
  connection: InitiatorConnection,
  batch: OutputBatch,
  task: ScsiTask,
): void {
  const { readLength, writeLength, command, streamOut } = task;
  const { parameters } = connection;
  const { immediate, end } = streamOut?.unsolicited(parameters) ??
    unsolicitedData(writeLength, parameters);
  task.cid = connection.cid;
  task.requestedBytes = end;
  task.segmentGeneration = connection.segmentGeneration;
  encodeScsiCommand({
    opcode: Opcode.ScsiCommand,
    immediate: false,
    final: end === immediate,
    read: readLength > 0,
    write: writeLength > 0,
    attributes: TaskAttribute.Simple,
    lun: task.lun,
    itt: task.itt,
    expectedDataTransferLength: writeLength > 0 ? writeLength : readLength,
    cmdSn: task.cmdSn,
    expStatSn: connection.status.expStatSn,
    cdb: command.cdb,
  }, batch.bhs);
  const data = task.dataToSend(0, immediate);
  connection.addDataOf(task, batch, data, additionalHeaders(task));
  if (end === immediate) return;
  const { lun } = task;
  connection.dataOut.push({ task, lun, ttt: RESERVED_TAG, offset: immediate, end, dataSn: 0 });
}

/**
 * A CDB longer than 16 bytes goes on in an extended CDB AHS, and a bidirectional command says in another how much it reads
 * (RFC 7143 §11.2.2.3, §11.2.2.4).
 */
function additionalHeaders(task: ScsiTask): Uint8Array {
  const { command: { cdb }, isBidirectional } = task;
  if (cdb.length <= BHS_CDB_LENGTH && !isBidirectional) return NO_BYTES;
  const segments: Ahs[] = [];
  const extension = extendedCdb(cdb);
  if (extension) segments.push(extension);
  if (isBidirectional) {
    segments.push({
      type: AhsType.BidirectionalReadLength,
      expectedReadLength: task.readLength,
    });
  }
  return encodeAhs(segments);
}

function writeText(
  state: SessionState,
  connection: InitiatorConnection,
  batch: OutputBatch,
  exchange: TextExchange,
): void {
  const { next, isImmediate: immediate } = exchange;
  if (exchange.itt === RESERVED_TAG) exchange.itt = state.requests.allocate();
  exchange.cid = connection.cid;
  state.textSent(exchange);
  exchange.goesOut();
  encodeTextRequest({
    opcode: Opcode.TextRequest,
    immediate,
    final: true,
    continue: false,
    lun: next.lun,
    itt: exchange.itt,
    ttt: next.ttt,
    cmdSn: immediate ? state.window.cmdSn : exchange.cmdSn,
    expStatSn: connection.status.expStatSn,
  }, batch.bhs);
  connection.add(batch, next.data);
}

/**
 * Who logs in, with the tag and the CmdSN that are the same all through the login (RFC 7143 §11.12.8): the number of the
 * next command at the moment when the first request is written.
 */
export interface LoginNumbers {
  readonly isid: Uint8Array;
  readonly tsih: number;
  readonly itt: number;
  readonly cmdSn: () => number;
}

/** Queues a Login Request, which is immediate. */
export function sendLogin(
  connection: InitiatorConnection,
  { isid, tsih, itt, cmdSn }: LoginNumbers,
  request: LoginRequestFields & { readonly data: Uint8Array },
): void {
  connection.sendUrgent((bhs) => {
    encodeLoginRequest({
      opcode: Opcode.LoginRequest,
      transit: request.transit,
      continue: request.continue,
      csg: request.csg,
      nsg: request.nsg,
      versionMax: 0,
      versionMin: 0,
      isid,
      tsih,
      itt,
      cid: connection.cid,
      cmdSn: cmdSn(),
      expStatSn: connection.status.expStatSn,
    }, bhs);
    return request.data;
  });
}

/** Queues a Logout Request that closes the session, behind which nothing goes out (RFC 7143 §11.14). */
export function sendSessionLogout(state: SessionState, connection: InitiatorConnection): void {
  connection.sendLast(logout(state, connection, LogoutReason.CloseSession, undefined));
}

/** Queues a Logout Request for the connection that it goes out on. */
export function sendConnectionLogout(
  state: SessionState,
  connection: InitiatorConnection,
  reason: number,
): void {
  connection.sendLast(logout(state, connection, reason, connection.cid));
}

/** Queues a Logout Request that removes another connection, which was lost, so that its tasks can be taken over. */
export function sendRemoval(
  state: SessionState,
  connection: InitiatorConnection,
  lostCid: number,
): void {
  const reason = LogoutReason.RemoveConnectionForRecovery;
  connection.sendUrgent(logout(state, connection, reason, lostCid));
}

function logout(
  state: SessionState,
  connection: InitiatorConnection,
  reason: number,
  about: number | undefined,
): UrgentPdu {
  const itt = state.requests.allocate();
  state.requests.set(itt, { kind: "logout", itt, cid: connection.cid, about });
  return (bhs) => {
    encodeLogoutRequest({
      opcode: Opcode.LogoutRequest,
      immediate: true,
      reason,
      itt,
      cid: about ?? 0,
      cmdSn: state.window.cmdSn,
      expStatSn: connection.status.expStatSn,
    }, bhs);
    return NO_BYTES;
  };
}

/** Queues a ping of our own. */
export function sendPing(state: SessionState, connection: InitiatorConnection): void {
  const itt = state.pingTag(connection.cid);
  connection.sendUrgent((bhs) => {
    encodeNopOut({
      opcode: Opcode.NopOut,
      immediate: true,
      lun: 0n,
      itt,
      ttt: RESERVED_TAG,
      cmdSn: state.window.cmdSn,
      expStatSn: connection.status.expStatSn,
    }, bhs);
    return NO_BYTES;
  });
}

/** Queues the answer to a target's ping: its tag and LUN, no tag of ours (RFC 7143 §11.18). */
export function answerPing(
  state: SessionState,
  connection: InitiatorConnection,
  ping: NopIn,
): void {
  sendUntaggedNop(state, connection, ping.lun, ping.ttt);
}

/** Queues a NOP-Out that is no ping: it only brings ExpStatSN to the target (RFC 7143 §11.18). */
export function confirmStatSn(
  state: SessionState,
  connection: InitiatorConnection,
  lun: bigint,
): void {
  sendUntaggedNop(state, connection, lun, RESERVED_TAG);
}

function sendUntaggedNop(
  state: SessionState,
  connection: InitiatorConnection,
  lun: bigint,
  ttt: number,
): void {
  connection.sendAnswer((bhs) => {
    encodeNopOut({
      opcode: Opcode.NopOut,
      immediate: true,
      lun,
      itt: RESERVED_TAG,
      ttt,
      cmdSn: state.window.cmdSn,
      expStatSn: connection.status.expStatSn,
    }, bhs);
    return NO_BYTES;
  });
}

/**
 * Fills the gap that a rejected command leaves: a NOP-Out with the CmdSN that the target still waits for
 * (RFC 7143 §7.3).
 */
export function plugGap(
  state: SessionState,
  connection: InitiatorConnection,
  cmdSn: number,
): void {
  const itt = state.requests.allocate();
  state.requests.set(itt, { kind: "ping", itt, cid: connection.cid, cmdSn });
  connection.sendUrgent((bhs) => {
    encodeNopOut({
      opcode: Opcode.NopOut,
      immediate: false,
      lun: 0n,
      itt,
      ttt: RESERVED_TAG,
      cmdSn,
      expStatSn: connection.status.expStatSn,
    }, bhs);
    return NO_BYTES;
  });
}
