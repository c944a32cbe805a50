/**
 * All iSCSI PDUs as one type, and the codec by operation code (RFC 7143 §11.2.1.2).
 *
 * @module
 */

import { type AsyncMessage, decodeAsyncMessage, encodeAsyncMessage } from "./async_message.ts";
import { OPCODE, OPCODE_MASK } from "./bhs.ts";
import { hexByte } from "./code_name.ts";
import { type DataIn, decodeDataIn, encodeDataIn } from "./data_in.ts";
import { type DataOut, decodeDataOut, encodeDataOut } from "./data_out.ts";
import {
  decodeLoginRequest,
  decodeLoginResponse,
  encodeLoginRequest,
  encodeLoginResponse,
  type LoginRequest,
  type LoginResponse,
} from "./login.ts";
import {
  decodeLogoutRequest,
  decodeLogoutResponse,
  encodeLogoutRequest,
  encodeLogoutResponse,
  type LogoutRequest,
  type LogoutResponse,
} from "./logout.ts";
import {
  decodeNopIn,
  decodeNopOut,
  encodeNopIn,
  encodeNopOut,
  type NopIn,
  type NopOut,
} from "./nop.ts";
import { Opcode } from "./opcode.ts";
import { decodeReadyToTransfer, encodeReadyToTransfer, type ReadyToTransfer } from "./r2t.ts";
import { decodeReject, encodeReject, type Reject } from "./reject.ts";
import { decodeScsiCommand, encodeScsiCommand, type ScsiCommand } from "./scsi_command.ts";
import { decodeScsiResponse, encodeScsiResponse, type ScsiResponse } from "./scsi_response.ts";
import { decodeSnack, encodeSnack, type Snack } from "./snack.ts";
import {
  decodeTaskManagementRequest,
  decodeTaskManagementResponse,
  encodeTaskManagementRequest,
  encodeTaskManagementResponse,
  type TaskManagementRequest,
  type TaskManagementResponse,
} from "./task_management.ts";
import {
  decodeTextRequest,
  decodeTextResponse,
  encodeTextRequest,
  encodeTextResponse,
  type TextRequest,
  type TextResponse,
} from "./text.ts";

/** A PDU that an initiator sends. */
export type InitiatorPdu =
  | NopOut
  | ScsiCommand
  | TaskManagementRequest
  | LoginRequest
  | TextRequest
  | DataOut
  | LogoutRequest
  | Snack;

/** A PDU that a target sends. */
export type TargetPdu =
  | NopIn
  | ScsiResponse
  | TaskManagementResponse
  | LoginResponse
  | TextResponse
  | DataIn
  | LogoutResponse
  | ReadyToTransfer
  | AsyncMessage
  | Reject;

/** The header of any PDU; `opcode` tells which. */
export type Pdu = InitiatorPdu | TargetPdu;

interface Codec<P> {
  readonly name: string;
  decode(bhs: Uint8Array): P;
  encode(pdu: P, bhs: Uint8Array): void;
}

type Codecs = { readonly [Code in Opcode]: Codec<Extract<Pdu, { opcode: Code }>> };

const CODECS: Codecs = {
  [Opcode.NopOut]: { name: "NOP-Out", decode: decodeNopOut, encode: encodeNopOut },
  [Opcode.ScsiCommand]: {
    name: "SCSI Command",
    decode: decodeScsiCommand,
    encode: encodeScsiCommand,
  },
  [Opcode.TaskManagementRequest]: {
    name: "Task Management Function Request",
    decode: decodeTaskManagementRequest,
    encode: encodeTaskManagementRequest,
  },
  [Opcode.LoginRequest]: {
    name: "Login Request",
    decode: decodeLoginRequest,
    encode: encodeLoginRequest,
  },
  [Opcode.TextRequest]: {
    name: "Text Request",
    decode: decodeTextRequest,
    encode: encodeTextRequest,
  },
  [Opcode.DataOut]: { name: "SCSI Data-Out", decode: decodeDataOut, encode: encodeDataOut },
  [Opcode.LogoutRequest]: {
    name: "Logout Request",
    decode: decodeLogoutRequest,
    encode: encodeLogoutRequest,
  },
  [Opcode.Snack]: { name: "SNACK Request", decode: decodeSnack, encode: encodeSnack },
  [Opcode.NopIn]: { name: "NOP-In", decode: decodeNopIn, encode: encodeNopIn },
  [Opcode.ScsiResponse]: {
    name: "SCSI Response",
    decode: decodeScsiResponse,
    encode: encodeScsiResponse,
  },
  [Opcode.TaskManagementResponse]: {
    name: "Task Management Function Response",
    decode: decodeTaskManagementResponse,
    encode: encodeTaskManagementResponse,
  },
  [Opcode.LoginResponse]: {
    name: "Login Response",
    decode: decodeLoginResponse,
    encode: encodeLoginResponse,
  },
  [Opcode.TextResponse]: {
    name: "Text Response",
    decode: decodeTextResponse,
    encode: encodeTextResponse,
  },
  [Opcode.DataIn]: { name: "SCSI Data-In", decode: decodeDataIn, encode: encodeDataIn },
  [Opcode.LogoutResponse]: {
    name: "Logout Response",
    decode: decodeLogoutResponse,
    encode: encodeLogoutResponse,
  },
  [Opcode.ReadyToTransfer]: {
    name: "Ready To Transfer",
    decode: decodeReadyToTransfer,
    encode: encodeReadyToTransfer,
  },
  [Opcode.AsyncMessage]: {
    name: "Asynchronous Message",
    decode: decodeAsyncMessage,
    encode: encodeAsyncMessage,
  },
  [Opcode.Reject]: { name: "Reject", decode: decodeReject, encode: encodeReject },
};

/** The same table for an operation code that is not known to be one. */
const BY_OPCODE: Readonly<Record<number, Codec<Pdu> | undefined>> = CODECS;

/**
 * Reads the header of any PDU from its 48 bytes, of which it keeps nothing; undefined if RFC 7143 does not define the
 * operation code. Values are not judged: a reserved value comes out as it came in. Never throws.
 */
export function decodePdu(bhs: Uint8Array): Pdu | undefined {
  return BY_OPCODE[bhs[OPCODE] & OPCODE_MASK]?.decode(bhs);
}

/** Writes `pdu` over all 48 bytes of `bhs`; the lengths of AHS and data are left 0. */
export function encodePdu(pdu: Pdu, bhs: Uint8Array): void {
  const codec: Codec<Pdu> = CODECS[pdu.opcode];
  codec.encode(pdu, bhs);
}

/** The standard's name of the PDU with this operation code (0 to 3fh). */
export function opcodeName(opcode: number): string {
  return BY_OPCODE[opcode]?.name ?? `unknown opcode ${hexByte(opcode)}`;
}
