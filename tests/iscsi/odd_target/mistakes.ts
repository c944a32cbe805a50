/** What a target must not do in the full feature phase, and what must come of it. */

import { serialAdd } from "../../../iscsi/connection/serial_number.ts";
import { BHS_LENGTH, RESERVED_TAG } from "../../../iscsi/pdu/bhs.ts";
import type { DataIn } from "../../../iscsi/pdu/data_in.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { encodePdu, type TargetPdu } from "../../../iscsi/pdu/pdu.ts";
import type { ReadyToTransfer } from "../../../iscsi/pdu/r2t.ts";
import type { ScsiResponse } from "../../../iscsi/pdu/scsi_response.ts";
import { writeU32 } from "../../../scsi/big_endian.ts";
import type { Random } from "../../scsi/random.ts";
import { dataInPdu, readyToTransferPdu, scsiResponsePdu } from "../pdu/target_pdus.ts";
import { pick } from "../walk/walk_settings.ts";
import { dataOf } from "../walk/witnessed_device.ts";
import type { OddConnection, WireOptions } from "./odd_connection.ts";
import type { OddSession } from "./odd_session.ts";
import type { OddTask } from "./odd_task.ts";

/**
 * `fatal`: the session ends with a `ProtocolError`. `ignored`: it goes on as if nothing had been. `survived`: it ends or
 * not; what it says is so.
 */
export type Consequence = "fatal" | "ignored" | "survived";

export interface MistakeParts {
  readonly random: Random;
  readonly session: OddSession;
  readonly connection: OddConnection;
  readonly level: number;
  /** A task of the connection with Data-In to come, one with data to be asked for, and any at all. */
  readonly reading: OddTask | undefined;
  readonly writing: OddTask | undefined;
  readonly task: OddTask | undefined;
  /** The tag of a command that has been answered. */
  readonly endedItt: number | undefined;
}

/** A mistake; undefined where there is no occasion for it. */
type Mistake = (parts: MistakeParts) => Consequence | undefined;

const NEVER_USED = 0x7fff_0000;
/** The most that any initiator here declares, now or in a negotiation that is under way. */
const LONGEST_SEGMENT = 65_536;

/** Sends what a task would send next, changed. */
function nextDataIn(
  parts: MistakeParts,
  change: (pdu: DataIn) => Partial<DataIn>,
  data?: Uint8Array,
  options?: WireOptions,
): boolean {
  const { reading: task, connection, session } = parts;
  if (task === undefined) return false;
  const { offset, length } = task.pieces[0];
  const most = session.parameters.get(connection)!.maxReceiveDataSegmentLength;
  const bytes = dataOf(task.plan.id, task.plan.delivered).subarray(
    offset,
    offset + Math.min(length, most),
  );
  const { itt, dataSn } = task;
  const pdu = dataInPdu({ itt, dataSn, bufferOffset: offset, ...session.numbers() });
  connection.send({ ...pdu, ...change(pdu) }, data ?? bytes, options);
  return true;
}

function nextR2t(
  parts: MistakeParts,
  change: (pdu: ReadyToTransfer) => Partial<ReadyToTransfer>,
): boolean {
  const { writing: task, connection, session } = parts;
  if (task === undefined) return false;
  const { offset, length } = task.wanted[0];
  const { lun, itt, r2tSn } = task;
  const pdu = readyToTransferPdu({
    lun,
    itt,
    ttt: 0x1234,
    statSn: connection.statSn,
    r2tSn,
    bufferOffset: offset,
    desiredDataTransferLength: length,
    ...session.numbers(),
  });
  connection.send({ ...pdu, ...change(pdu) });
  return true;
}

function response(
  { connection, session }: MistakeParts,
  itt: number,
  change: Partial<ScsiResponse> = {},
  data?: Uint8Array,
): void {
  const statSn = change.statSn ?? connection.nextStatSn();
  connection.send(scsiResponsePdu({ itt, ...session.numbers(), ...change, statSn }), data);
}

function fatalAt0(level: number): Consequence {
  return level === 0 ? "fatal" : "survived";
}

/** Any header, spoilt. */
function raw({ connection }: MistakeParts, bytes: Uint8Array, data?: Uint8Array): void {
  connection.sendRaw(bytes, data ?? new Uint8Array(0));
}

export const MISTAKES: Readonly<Record<string, Mistake>> = {
  "Data-In with a wrong DataSN": (parts) => {
    const shift = pick(parts.random, [1, -1, 1000, 70_000]);
    const isSent = nextDataIn(parts, ({ dataSn }) => ({ dataSn: (dataSn + shift) >>> 0 }));
    return isSent ? fatalAt0(parts.level) : undefined;
  },
  "Data-In at another offset": (parts) => {
    const shift = pick(parts.random, [1, -1, 512]);
    if (parts.reading && parts.reading.plan.status !== 0) return undefined;
    const isSent = nextDataIn(parts, ({ bufferOffset }) => ({
      bufferOffset: Math.max(0, bufferOffset + shift),
    }));
    return isSent ? "survived" : undefined;
  },
  "Data-In beyond the buffer": (parts) => {
    const length = parts.reading?.plan.read ?? 0;
    const isSent = nextDataIn(parts, () => ({
      bufferOffset: pick(parts.random, [length, length - 1, 0xffff_ffff]),
    }), new Uint8Array(2));
    return isSent ? "fatal" : undefined;
  },
  "Data-In for a command that only writes": (parts) => {
    const { task, connection } = parts;
    if (task === undefined || task.plan.read > 0) return undefined;
    const bhs = new Uint8Array(BHS_LENGTH);
    bhs[0] = Opcode.DataIn;
    bhs[1] = 0x80;
    writeU32(bhs, 16, task.itt);
    writeU32(bhs, 20, RESERVED_TAG);
    connection.sendRaw(bhs, new Uint8Array(4));
    return "fatal";
  },
  "Data-In for a tag that was never used": (parts) =>
    nextDataIn(parts, () => ({ itt: NEVER_USED })) ? "fatal" : undefined,
  "Data-In for a command that is over": (parts) => {
    const { endedItt } = parts;
    if (endedItt === undefined) return undefined;
    const change = { itt: endedItt, bufferOffset: parts.random.uint32(), dataSn: 77 };
    return nextDataIn(parts, () => change) ? "ignored" : undefined;
  },
  "Data-In with CHECK CONDITION": (parts) => {
    const statSn = parts.connection.statSn;
    const { reading } = parts;
    if (!reading || parts.level > 0) return undefined;
    const isSent = nextDataIn(parts, () => ({ hasStatus: true, status: 2, statSn }));
    return isSent ? "fatal" : undefined;
  },
  "a StatSN far ahead": (parts) => {
    const { endedItt, connection } = parts;
    if (endedItt === undefined) return undefined;
    response(parts, endedItt, { statSn: serialAdd(connection.statSn, 5000) });
    return "fatal";
  },
  "a StatSN that is left out": (parts) => {
    if (parts.endedItt === undefined) return undefined;
    parts.connection.nextStatSn();
    response(parts, parts.endedItt);
    return "survived";
  },
  "a StatSN that comes twice": (parts) => {
    const { endedItt, connection, level } = parts;
    if (endedItt === undefined) return undefined;
    response(parts, endedItt, { statSn: serialAdd(connection.statSn, -1) });
    return level === 0 ? "fatal" : "ignored";
  },
  "an R2T beyond the data": (parts) =>
    nextR2t(parts, () => ({ bufferOffset: parts.writing!.plan.write })) ? "fatal" : undefined,
  "an R2T for nothing": (parts) =>
    nextR2t(parts, () => ({ desiredDataTransferLength: 0 })) ? "fatal" : undefined,
  "an R2T without a tag": (parts) =>
    nextR2t(parts, () => ({ ttt: RESERVED_TAG })) ? "fatal" : undefined,
  "an R2T for another unit": (parts) =>
    nextR2t(parts, () => ({ lun: 0x7777n })) ? "fatal" : undefined,
  "an R2T with a wrong R2TSN": (parts) =>
    nextR2t(parts, ({ r2tSn }) => ({ r2tSn: r2tSn + 1 })) ? fatalAt0(parts.level) : undefined,
  "an R2T for a read": (parts) => {
    const { reading, connection, session } = parts;
    if (!reading || reading.isBidirectional || parts.level > 0) return undefined;
    const { lun, itt } = reading;
    const { statSn } = connection;
    const numbers = session.numbers();
    connection.send(
      readyToTransferPdu({ lun, itt, ttt: 5, statSn, desiredDataTransferLength: 1, ...numbers }),
    );
    return "fatal";
  },
  "many R2Ts for the same": (parts) => {
    if (parts.writing === undefined) return undefined;
    for (let i = 0; i < 300; i++) nextR2t(parts, ({ r2tSn }) => ({ r2tSn: r2tSn + i, ttt: i }));
    return "survived";
  },
  "an operation code that there is not": (parts) => {
    const bhs = parts.random.bytes(BHS_LENGTH);
    const codes = [0x00, 0x01, 0x02, 0x05, 0x06, 0x10, 0x1c, 0x23, 0x27, 0x30, 0x33, 0x3e];
    bhs[0] = pick(parts.random, codes);
    raw(parts, bhs);
    return "fatal";
  },
  "more data than was declared": (parts) => {
    const length = pick(parts.random, [LONGEST_SEGMENT + 1, 0xffffff]);
    const isSent = nextDataIn(parts, () => ({}), new Uint8Array(0), { length });
    return isSent ? "fatal" : undefined;
  },
  "a wrong header digest": (parts) => {
    if (!parts.connection.headerDigest || parts.level > 0) return undefined;
    return nextDataIn(parts, () => ({}), undefined, { badHeaderDigest: true })
      ? "fatal"
      : undefined;
  },
  "a wrong data digest": (parts) => {
    const length = parts.reading?.pieces[0].length ?? 0;
    if (!parts.connection.dataDigest || length === 0) return undefined;
    const isSent = nextDataIn(parts, () => ({}), undefined, { badDataDigest: true });
    return isSent ? fatalAt0(parts.level) : undefined;
  },
  "data that is not what was sent": (parts) => {
    const length = parts.reading?.pieces[0].length ?? 0;
    const { connection, level } = parts;
    if (!connection.dataDigest || !connection.headerDigest || length === 0) return undefined;
    const spoil = (bhs: Uint8Array) => void (bhs[parts.random.below(BHS_LENGTH)] ^= 0x10);
    const isSent = nextDataIn(parts, () => ({}), undefined, { badHeaderDigest: true, spoil });
    return isSent && level < 2 ? "fatal" : isSent ? "survived" : undefined;
  },
  "a status for a command that is over": (parts) => {
    if (parts.endedItt === undefined) return undefined;
    response(parts, parts.endedItt, { status: 2 }, parts.random.bytes(20));
    return "ignored";
  },
  "a status for a tag that was never used": (parts) => {
    response(parts, NEVER_USED);
    return "fatal";
  },
  "an answer on another connection": (parts) => {
    const { task, session, connection } = parts;
    const other = session.connections.find((one) => one !== connection && !one.isClosed);
    if (task === undefined || other === undefined || other.hasLoggedOut) return undefined;
    response({ ...parts, connection: other }, task.itt);
    return "fatal";
  },
  "a residual that is over and under": (parts) => {
    const { task } = parts;
    if (!task || task.pieces.length > 0 || parts.level > 0) return undefined;
    response(parts, task.itt, { overflow: true, underflow: true, residual: 1 });
    return "fatal";
  },
  "success with a hole in the data": (parts) => {
    const { reading, level } = parts;
    if (reading === undefined || level > 0) return undefined;
    const [{ offset, length }, ...left] = reading.pieces;
    const hasHole = left.some((piece) => piece.length > 0 && piece.offset < offset);
    if (!hasHole || length === 0) return undefined;
    nextDataIn(parts, () => ({}));
    response(parts, reading.itt);
    return "fatal";
  },
  "success that counts data which never came": (parts) => {
    const { reading, level } = parts;
    if (reading === undefined || reading.isBidirectional || level > 0) return undefined;
    response(parts, reading.itt, { expDataSn: reading.dataSn + 1 });
    return "fatal";
  },
  "a ping with two tags": ({ connection, session, task }) => {
    if (task === undefined) return undefined;
    const { statSn } = connection;
    const numbers = session.numbers();
    connection.send({ opcode: Opcode.NopIn, lun: 0n, itt: task.itt, ttt: 1, statSn, ...numbers });
    return "fatal";
  },
  "a ping with data": ({ connection, session, random }) => {
    const { statSn } = connection;
    const tags = { itt: RESERVED_TAG, ttt: session.oddPingTag() };
    const pdu = { opcode: Opcode.NopIn, lun: 0n, ...tags, statSn, ...session.numbers() } as const;
    connection.send(pdu, random.bytes(100));
    return "ignored";
  },
  "an answer of another kind": (parts) => {
    const { task, connection, session, random } = parts;
    if (task === undefined) return undefined;
    const common = { itt: task.itt, statSn: connection.nextStatSn(), ...session.numbers() };
    const lun = 0n;
    connection.send(pick<TargetPdu>(random, [
      { opcode: Opcode.NopIn, lun, ttt: RESERVED_TAG, ...common },
      { opcode: Opcode.TaskManagementResponse, response: 0, ...common },
      { opcode: Opcode.LogoutResponse, response: 0, time2Wait: 0, time2Retain: 0, ...common },
      {
        opcode: Opcode.TextResponse,
        final: true,
        continue: false,
        lun,
        ttt: RESERVED_TAG,
        ...common,
      },
    ]));
    return "fatal";
  },
  "a Reject without the header": ({ connection, session, random }) => {
    session.reject(connection, random.bytes(random.below(BHS_LENGTH)), 4);
    return "fatal";
  },
  "a Reject of what was never sent": ({ connection, session, random }) => {
    const bhs = random.bytes(BHS_LENGTH);
    writeU32(bhs, 16, NEVER_USED);
    session.reject(connection, bhs, pick(random, [1, 2, 4, 9, 200]));
    return "ignored";
  },
  "an event that there is not": ({ connection, session, random }) => {
    session.asyncMessage(connection, 6 + random.below(242), [1, 2, 3], random.bytes(9));
    return "ignored";
  },
  "sense data that is cut off": ({ connection, session, random }) => {
    session.asyncMessage(connection, 0, [0, 0, 0], random.bytes(1 + random.below(4)));
    return "ignored";
  },
  "additional headers where none belong": (parts) => {
    const ahs = parts.random.bytes(4 * (1 + parts.random.below(255)));
    if (parts.reading === undefined) return undefined;
    return nextDataIn(parts, () => ({ itt: parts.endedItt ?? NEVER_USED }), undefined, { ahs })
      ? "survived"
      : undefined;
  },
  "a window that is impossible": ({ connection, session, random }) => {
    const { statSn } = connection;
    const { expCmdSn, maxCmdSn } = session.numbers();
    connection.send({
      opcode: Opcode.NopIn,
      lun: 0n,
      itt: RESERVED_TAG,
      ttt: RESERVED_TAG,
      statSn,
      expCmdSn: serialAdd(expCmdSn, pick(random, [0, 5])),
      maxCmdSn: serialAdd(expCmdSn, pick(random, [-2, -100])),
    });
    return serialAdd(maxCmdSn, 0) === maxCmdSn ? "ignored" : undefined;
  },
  "a length without data, for ever": ({ connection, random }) => {
    const bhs = random.bytes(BHS_LENGTH);
    bhs[0] = pick(random, [Opcode.ScsiResponse, Opcode.NopIn, Opcode.TextResponse]);
    bhs[5] = bhs[6] = 0;
    bhs[7] = 200;
    bhs[4] = 0;
    connection.sendBytes(bhs);
    connection.isSilent = true;
    return "survived";
  },
  "anything at all": ({ connection, random }) => {
    connection.sendBytes(random.bytes(48 + random.below(4000)));
    return "survived";
  },
  "a PDU with one bit changed": ({ connection, session, random }) => {
    const bhs = new Uint8Array(BHS_LENGTH);
    const { statSn } = connection;
    const pdu = {
      opcode: Opcode.NopIn,
      lun: 0n,
      itt: RESERVED_TAG,
      ttt: RESERVED_TAG,
      statSn,
      ...session.numbers(),
    } as const;
    encodePdu(pdu, bhs);
    connection.sendRaw(bhs, new Uint8Array(0), {
      spoil: (header) => void (header[random.below(BHS_LENGTH)] ^= 1 << random.below(8)),
    });
    return "survived";
  },
  "silence": ({ session }) => {
    for (const connection of session.connections) connection.isSilent = true;
    return "survived";
  },
  "an end in the middle of a PDU": ({ connection, random }) => {
    connection.sendBytes(random.bytes(1 + random.below(BHS_LENGTH - 1)));
    connection.end();
    return "survived";
  },
  "an end": ({ connection }) => {
    connection.close();
    return "survived";
  },
};
