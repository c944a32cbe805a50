/** Targets that mean ill, and what becomes of a session with one. */

import {
  CommandTimeoutError,
  ConnectionLostError,
  LoginError,
  ProtocolError,
  SessionClosedError,
} from "../../iscsi/errors.ts";
import { LoginStage } from "../../iscsi/pdu/login.ts";
import { Opcode } from "../../iscsi/pdu/opcode.ts";
import type { TargetPdu } from "../../iscsi/pdu/pdu.ts";
import type { ErrorClass } from "../fuzz/fuzz_target.ts";
import { dataInPdu, readyToTransferPdu } from "../iscsi/pdu/target_pdus.ts";
import { type Hostility, type Provocation, type Utterance, wirePdu } from "./hostile_wire.ts";

/** A hostile target, and how what it was asked must end. */
export interface HostileTarget extends Hostility {
  readonly name: string;
  /** What it was asked fails with one of these; connecting does, where that is what it was asked. */
  readonly ends: readonly ErrorClass[];
  /** Milliseconds that a command has. @default 8000 */
  readonly timeoutMs?: number;
  /** Milliseconds until then, from when it turned hostile. */
  readonly withinMs: number;
}

/** What a command has, unless its target says otherwise. */
export const COMMAND_TIMEOUT_MS = 8_000;
/** A command's own time, and that of the ABORT TASK behind it. */
const COMMAND_MS = COMMAND_TIMEOUT_MS + 5_000;
const LOGIN_MS = 15_000;
const NONE = 0xffffffff;
const DATA = new Uint8Array(8000);
const SECOND: readonly ErrorClass[] = [CommandTimeoutError, ConnectionLostError];

/** The same, for ever. */
function* endless(bytes: (round: number) => Uint8Array, afterMs = 1): Generator<Utterance> {
  for (let round = 0;; round++) yield { bytes: bytes(round), afterMs };
}

/** A byte a second. */
function* dribble(bytes: Uint8Array): Generator<Utterance> {
  for (const byte of bytes) yield { bytes: Uint8Array.of(byte), afterMs: 1000 };
}

function* nothing(): Generator<Utterance> {}

type Numbers = Pick<Provocation, "expCmdSn" | "maxCmdSn">;

function numbers({ expCmdSn, maxCmdSn }: Numbers): Numbers {
  return { expCmdSn, maxCmdSn };
}

function nopIn(provocation: Provocation, ttt: number): TargetPdu {
  const { statSn } = provocation;
  return { opcode: Opcode.NopIn, lun: 0n, itt: NONE, ttt, statSn, ...numbers(provocation) };
}

function dataIn(provocation: Provocation, dataSn: number, bufferOffset: number): TargetPdu {
  const { itt } = provocation.pdu;
  return dataInPdu({ itt, final: false, dataSn, bufferOffset, ...numbers(provocation) });
}

function loginResponse(provocation: Provocation, round: number): TargetPdu {
  const { pdu } = provocation;
  if (pdu.opcode !== Opcode.LoginRequest) throw new Error("it is no login");
  return {
    opcode: Opcode.LoginResponse,
    transit: false,
    continue: true,
    csg: LoginStage.SecurityNegotiation,
    nsg: 0,
    versionMax: 0,
    versionActive: 0,
    isid: pdu.isid,
    tsih: 0,
    itt: pdu.itt,
    statSn: round + 1,
    expCmdSn: 1,
    maxCmdSn: 1,
    statusClass: 0,
    statusDetail: 0,
  };
}

function asyncMessage(provocation: Provocation, round: number, asyncEvent: number): TargetPdu {
  return {
    opcode: Opcode.AsyncMessage,
    lun: 0n,
    statSn: (provocation.statSn + round) >>> 0,
    ...numbers(provocation),
    asyncEvent,
    asyncVCode: 0,
    parameter1: 0,
    parameter2: 0,
    parameter3: 60,
  };
}

function reject(provocation: Provocation, round: number): TargetPdu {
  const statSn = (provocation.statSn + round) >>> 0;
  return { opcode: Opcode.Reject, reason: 9, statSn, dataSn: 0, ...numbers(provocation) };
}

function readyToTransfer(provocation: Provocation, round: number): TargetPdu {
  const { pdu: { itt }, statSn } = provocation;
  return readyToTransferPdu({
    itt,
    ttt: round,
    statSn,
    ...numbers(provocation),
    r2tSn: round,
    desiredDataTransferLength: 512,
  });
}

function textResponse(provocation: Provocation, round: number): TargetPdu {
  return {
    opcode: Opcode.TextResponse,
    final: false,
    continue: true,
    lun: 0n,
    itt: provocation.pdu.itt,
    ttt: round,
    statSn: (provocation.statSn + round) >>> 0,
    ...numbers(provocation),
  };
}

/** The header of a rejected PDU that was never sent. */
const STRANGE_HEADER = new Uint8Array(48).fill(0x77);

export const HOSTILE_TARGETS: readonly HostileTarget[] = [
  {
    name: "never answers the login",
    provokedBy: Opcode.LoginRequest,
    says: nothing,
    ends: [LoginError],
    withinMs: LOGIN_MS,
  },
  {
    name: "never answers a command",
    provokedBy: Opcode.ScsiCommand,
    says: nothing,
    ends: SECOND,
    withinMs: COMMAND_MS,
  },
  {
    name: "neither answers a command nor reads",
    provokedBy: Opcode.ScsiCommand,
    says: nothing,
    isListening: false,
    ends: SECOND,
    withinMs: COMMAND_MS,
  },
  {
    name: "answers the login a byte a second",
    provokedBy: Opcode.LoginRequest,
    says: (heard) => dribble(wirePdu(loginResponse(heard, 0))),
    ends: [LoginError],
    withinMs: LOGIN_MS,
  },
  {
    name: "answers a command a byte a second",
    provokedBy: Opcode.ScsiCommand,
    says: (heard) => dribble(wirePdu(dataIn(heard, 0, 0), DATA.subarray(0, 4000))),
    ends: SECOND,
    withinMs: COMMAND_MS,
  },
  {
    name: "floods with NOP-In that want no answer",
    provokedBy: Opcode.ScsiCommand,
    says: (heard) => endless(() => wirePdu(nopIn(heard, NONE), DATA)),
    ends: SECOND,
    withinMs: COMMAND_MS,
  },
  {
    name: "floods with NOP-In and takes the answers",
    provokedBy: Opcode.ScsiCommand,
    says: (heard) => endless((round) => wirePdu(nopIn(heard, round), DATA)),
    ends: SECOND,
    withinMs: COMMAND_MS,
  },
  {
    name: "floods with NOP-In and takes no answer",
    provokedBy: Opcode.ScsiCommand,
    says: (heard) => endless((round) => wirePdu(nopIn(heard, round))),
    isListening: false,
    ends: [ProtocolError],
    withinMs: 2_000,
  },
  {
    name: "closes the window for ever",
    provokedBy: Opcode.ScsiCommand,
    says: (heard) => {
      const { expCmdSn, maxCmdSn } = heard;
      const closed = { ...heard, expCmdSn: maxCmdSn + 1, maxCmdSn };
      return endless(() => wirePdu(nopIn(expCmdSn > 0 ? closed : heard, NONE)), 5_000);
    },
    ends: SECOND,
    withinMs: COMMAND_MS,
  },
  {
    name: "claims a segment of 16 MiB",
    provokedBy: Opcode.ScsiCommand,
    says: (heard) => endless(() => wirePdu(nopIn(heard, NONE), DATA, 0xffffff)),
    ends: [ProtocolError],
    withinMs: 1,
  },
  {
    name: "claims the longest segment that it may and sends it slowly",
    provokedBy: Opcode.ScsiCommand,
    says: (heard) => dribble(wirePdu(nopIn(heard, NONE), DATA, 1024 * 1024)),
    ends: SECOND,
    withinMs: COMMAND_MS,
  },
  {
    name: "stops in the middle of a segment",
    provokedBy: Opcode.ScsiCommand,
    says: (heard) =>
      [{ bytes: wirePdu(nopIn(heard, NONE), DATA, 1024 * 1024), afterMs: 0 }].values(),
    timeoutMs: 60_000,
    ends: [ConnectionLostError],
    withinMs: 15_000,
  },
  {
    name: "sends login text without end",
    provokedBy: Opcode.LoginRequest,
    says: (heard) => endless((round) => wirePdu(loginResponse(heard, round), DATA)),
    ends: [ProtocolError, LoginError],
    withinMs: LOGIN_MS,
  },
  {
    name: "sends empty login responses without end",
    provokedBy: Opcode.LoginRequest,
    says: (heard) => endless((round) => wirePdu(loginResponse(heard, round))),
    ends: [ProtocolError, LoginError],
    withinMs: LOGIN_MS,
  },
  {
    name: "sends data beyond what was expected",
    provokedBy: Opcode.ScsiCommand,
    says: (heard) =>
      endless((round) => wirePdu(dataIn(heard, round, round * 4000), DATA.subarray(4000))),
    ends: [ProtocolError],
    withinMs: 2,
  },
  {
    name: "sends empty data without end",
    provokedBy: Opcode.ScsiCommand,
    says: (heard) => endless((round) => wirePdu(dataIn(heard, round, 0))),
    ends: SECOND,
    withinMs: COMMAND_MS,
  },
  {
    name: "sends asynchronous messages of its own making without end",
    provokedBy: Opcode.ScsiCommand,
    says: (heard) => endless((round) => wirePdu(asyncMessage(heard, round, 250), DATA)),
    ends: SECOND,
    withinMs: COMMAND_MS,
  },
  {
    name: "asks for negotiation without end",
    provokedBy: Opcode.ScsiCommand,
    says: (heard) => endless((round) => wirePdu(asyncMessage(heard, round, 4))),
    ends: [...SECOND, ProtocolError],
    withinMs: COMMAND_MS,
  },
  {
    name: "asks for the logout without end",
    provokedBy: Opcode.ScsiCommand,
    says: (heard) => endless((round) => wirePdu(asyncMessage(heard, round, 1))),
    ends: [...SECOND, SessionClosedError],
    withinMs: 60_000,
  },
  {
    name: "rejects what was never sent without end",
    provokedBy: Opcode.ScsiCommand,
    says: (heard) => endless((round) => wirePdu(reject(heard, round), STRANGE_HEADER)),
    ends: SECOND,
    withinMs: COMMAND_MS,
  },
  {
    name: "asks for the same data without end",
    provokedBy: Opcode.ScsiCommand,
    says: (heard) => endless((round) => wirePdu(readyToTransfer(heard, round))),
    ends: [ProtocolError, ...SECOND],
    withinMs: COMMAND_MS,
  },
  {
    name: "asks for the same data without end and takes none",
    provokedBy: Opcode.ScsiCommand,
    says: (heard) => endless((round) => wirePdu(readyToTransfer(heard, round))),
    isListening: false,
    ends: [ProtocolError],
    withinMs: COMMAND_MS,
  },
  {
    name: "answers a text request without end",
    provokedBy: Opcode.TextRequest,
    says: (heard) => endless((round) => wirePdu(textResponse(heard, round), DATA)),
    ends: [ProtocolError, ...SECOND],
    withinMs: 30_000,
  },
  {
    name: "answers a text request with nothing without end",
    provokedBy: Opcode.TextRequest,
    says: (heard) => endless((round) => wirePdu(textResponse(heard, round))),
    ends: [ProtocolError, ...SECOND],
    withinMs: 30_000,
  },
];
