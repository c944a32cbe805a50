/** PDUs that the tests of traces show, and how they are shown. */

import { type Ahs, encodeAhs } from "../../iscsi/pdu/ahs.ts";
import { BHS_LENGTH, DATA_SEGMENT_LENGTH } from "../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../iscsi/pdu/opcode.ts";
import { encodePdu, type Pdu } from "../../iscsi/pdu/pdu.ts";
import { encodeResponseSegment } from "../../iscsi/pdu/scsi_response.ts";
import { describePdu } from "../../iscsi/trace.ts";
import { writeU24 } from "../../scsi/big_endian.ts";
import { encodeSense } from "../../scsi/sense.ts";
import type { Direction } from "../../transport/tracing.ts";
import { hex } from "./pdu/header_fixture.ts";
import { dataInPdu, scsiResponsePdu } from "./pdu/target_pdus.ts";

export const NOTHING = new Uint8Array();

export function headerOf(pdu: Pdu, dataLength: number, segments: readonly Ahs[] = []): Uint8Array {
  const ahs = encodeAhs(segments);
  const header = new Uint8Array(BHS_LENGTH + ahs.length);
  encodePdu(pdu, header.subarray(0, BHS_LENGTH));
  header[4] = ahs.length / 4;
  header.set(ahs, BHS_LENGTH);
  writeU24(header, DATA_SEGMENT_LENGTH, dataLength);
  return header;
}

export function line(pdu: Pdu, data: Uint8Array | number = NOTHING, direction?: Direction): string {
  const length = typeof data === "number" ? data : data.length;
  const way = direction ?? (pdu.opcode < Opcode.NopIn ? "out" : "in");
  return describePdu(headerOf(pdu, length), typeof data === "number" ? NOTHING : data, way);
}

export const window = { expCmdSn: 13, maxCmdSn: 45 };
export const target = { itt: 5, statSn: 10, ...window };

export const scsiResponse = scsiResponsePdu({ ...target, expDataSn: 1 });
export const dataIn = dataInPdu({ ...target, hasStatus: true });

export const read6 = {
  opcode: Opcode.ScsiCommand,
  immediate: false,
  final: true,
  read: true,
  write: false,
  attributes: 1,
  lun: 0n,
  itt: 5,
  expectedDataTransferLength: 262144,
  cmdSn: 12,
  expStatSn: 9,
  cdb: hex("080004000000"),
} as const;

export const loginRequest = {
  opcode: Opcode.LoginRequest,
  transit: true,
  continue: false,
  csg: 0,
  nsg: 1,
  versionMax: 0,
  versionMin: 0,
  isid: hex("800102030405"),
  tsih: 0,
  itt: 0,
  cid: 0,
  cmdSn: 1,
  expStatSn: 0,
} as const;

export const loginResponse = {
  ...target,
  opcode: Opcode.LoginResponse,
  transit: true,
  continue: false,
  csg: 1,
  nsg: 3,
  versionMax: 0,
  versionActive: 0,
  isid: hex("800102030405"),
  tsih: 7,
  statusClass: 0,
  statusDetail: 0,
} as const;

export const textResponse = {
  ...target,
  opcode: Opcode.TextResponse,
  final: false,
  continue: true,
  lun: 0n,
  ttt: 3,
} as const;

export const asyncMessage = {
  opcode: Opcode.AsyncMessage,
  lun: 0x0001000000000000n,
  statSn: 10,
  ...window,
  asyncEvent: 0,
  asyncVCode: 0,
  parameter1: 1,
  parameter2: 2,
  parameter3: 30,
} as const;

export const sense = encodeResponseSegment(
  encodeSense({ key: 0, asc: 0, ascq: 1, filemark: true, information: 64 }),
);
