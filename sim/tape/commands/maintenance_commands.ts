/**
 * REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS, REPORT and SET TIMESTAMP (SPC-5 §6.36 to §6.38, §6.46), READ MEDIA
 * SERIAL NUMBER (§6.24).
 *
 * @module
 */

import { readU32, readU48, writeU16, writeU32 } from "../../../scsi/big_endian.ts";
import type { Task } from "../../device_server.ts";
import { Conditions, failed, GOOD, type Outcome } from "../conditions.ts";
import type { DriveState } from "../drive_state.ts";
import { writeTimestamp } from "../timestamp.ts";
import { CONTROL, type DriveCommand } from "./drive_command.ts";
import { cutToAllocation } from "./transfer_length.ts";

const SERVICE_ACTION = 0x1f;
const ALLOCATION = [0xff, 0xff, 0xff, 0xff];
const EXTENDED_TASK_FUNCTIONS = 0x80;

/** ABORT TASK, ABORT TASK SET, CLEAR TASK SET and LOGICAL UNIT RESET. */
const TASK_FUNCTIONS = 0x80 | 0x40 | 0x10 | 0x08;

const TIMESTAMP_LENGTH = 12;

/** The commands of maintenance. */
export const MAINTENANCE_COMMANDS: readonly DriveCommand[] = [
  {
    opcode: 0xa3,
    serviceAction: 0x0d,
    usage: [SERVICE_ACTION, EXTENDED_TASK_FUNCTIONS, 0, 0, 0, ...ALLOCATION, 0, CONTROL],
    allowedWhenReserved: true,
    execute: (_drive, task) => reportTaskFunctions(task),
  },
  {
    opcode: 0xa3,
    serviceAction: 0x0f,
    usage: [SERVICE_ACTION, 0, 0, 0, 0, ...ALLOCATION, 0, CONTROL],
    allowedWhenReserved: true,
    execute: reportTimestamp,
  },
  {
    opcode: 0xa4,
    serviceAction: 0x0f,
    usage: [SERVICE_ACTION, 0, 0, 0, 0, ...ALLOCATION, 0, CONTROL],
    dataOutLength: (cdb) => Math.min(readU32(cdb, 6), TIMESTAMP_LENGTH),
    execute: setTimestamp,
  },
  {
    opcode: 0xab,
    serviceAction: 0x01,
    usage: [SERVICE_ACTION, 0, 0, 0, 0, ...ALLOCATION, 0, CONTROL],
    needsMedium: true,
    access: "read",
    feature: "cartridgeMemory",
    execute: readMediaSerialNumber,
  },
];

function reportTaskFunctions({ cdb }: Task): Outcome {
  const isExtended = (cdb[2] & EXTENDED_TASK_FUNCTIONS) !== 0;
  const data = new Uint8Array(isExtended ? 16 : 4);
  data[0] = TASK_FUNCTIONS;
  if (isExtended) data[3] = data.length - 4;
  return { dataIn: cutToAllocation(data, readU32(cdb, 6)) };
}

/** Milliseconds since 1970 where one was set, else since power on. */
function reportTimestamp(drive: DriveState, { cdb }: Task): Outcome {
  const data = new Uint8Array(TIMESTAMP_LENGTH);
  writeU16(data, 0, TIMESTAMP_LENGTH - 2);
  writeTimestamp(data, 2, drive.timestampOffset, drive.now());
  return { dataIn: cutToAllocation(data, readU32(cdb, 6)) };
}

function setTimestamp(drive: DriveState, { cdb, dataOut, nexus }: Task): Outcome {
  const length = readU32(cdb, 6);
  if (length === 0) return GOOD;
  if (length !== TIMESTAMP_LENGTH || dataOut.length < length) {
    return failed(Conditions.parameterListLength);
  }
  drive.timestampOffset = readU48(dataOut, 4) - drive.now();
  drive.attentions.raise(Conditions.timestampChanged, nexus);
  return GOOD;
}

/** The label of the cartridge stands for its serial number; a length that is a multiple of 4. */
function readMediaSerialNumber({ medium }: DriveState, { cdb }: Task): Outcome {
  const text = new TextEncoder().encode(medium?.state.barcode ?? "");
  const length = Math.ceil(text.length / 4) * 4;
  const data = new Uint8Array(4 + length);
  writeU32(data, 0, length);
  data.fill(0x20, 4);
  data.set(text, 4);
  return { dataIn: cutToAllocation(data, readU32(cdb, 6)) };
}
