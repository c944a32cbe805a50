/**
 * SEND DIAGNOSTIC, RECEIVE DIAGNOSTIC RESULTS, WRITE BUFFER and READ BUFFER (SPC-5 §6.27, §6.42, §6.29, §6.52): as much
 * of them as keeps programs that ask for dumps and self tests going.
 *
 * @module
 */

import { readU16, readU24, writeU16, writeU24 } from "../../../scsi/big_endian.ts";
import type { Task } from "../../device_server.ts";
import { Conditions, failed, GOOD, invalidField, type Outcome } from "../conditions.ts";
import type { DriveState } from "../drive_state.ts";
import { CONTROL, type DriveCommand } from "./drive_command.ts";
import { cutToAllocation } from "./transfer_length.ts";

const SELF_TEST_BITS = 0xf7;
const SELF_TEST = 0x04;
const SELF_TEST_CODE_SHIFT = 5;
const RESERVED_SELF_TESTS: readonly number[] = [3, 7];
const PAGE_CODE_VALID = 0x01;
const MODE = 0x1f;
const MODE_BITS = 0xff;

/** Modes of READ BUFFER and WRITE BUFFER. */
const Mode = {
  Data: 0x02,
  Descriptor: 0x03,
  EchoBuffer: 0x0a,
  EchoDescriptor: 0x0b,
  ErrorHistory: 0x1c,
} as const;

/** The echo buffer, and the buffers 0 and 1, which stand for a dump: nothing ever went wrong, so they are all zeros. */
const ECHO_BYTES = 4096;
const DUMP_BYTES = 4096;
const LAST_BUFFER = 1;
const ERROR_HISTORY_BYTES = 32;

/** The commands about the drive's own health. */
export const DIAGNOSTIC_COMMANDS: readonly DriveCommand[] = [
  {
    // Every self test passes. Parameter lists, which ask the drive for a dump, are taken and change nothing.
    opcode: 0x1d,
    usage: [SELF_TEST_BITS, 0, 0xff, 0xff, CONTROL],
    dataOutLength: (cdb) => readU16(cdb, 3),
    execute: sendDiagnostic,
  },
  {
    opcode: 0x1c,
    usage: [PAGE_CODE_VALID, 0xff, 0xff, 0xff, CONTROL],
    access: "read",
    execute: receiveDiagnosticResults,
  },
  {
    opcode: 0x3c,
    usage: [MODE_BITS, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, CONTROL],
    access: "read",
    execute: readBuffer,
  },
  {
    opcode: 0x3b,
    usage: [MODE_BITS, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, CONTROL],
    dataOutLength: (cdb) => readU24(cdb, 6),
    execute: writeBuffer,
  },
];

/** The default self test, or one by its code, or a parameter list. */
function sendDiagnostic(_drive: DriveState, { cdb, dataOut }: Task): Outcome {
  const code = cdb[1] >> SELF_TEST_CODE_SHIFT;
  const isDefault = (cdb[1] & SELF_TEST) !== 0;
  const length = readU16(cdb, 3);
  if (RESERVED_SELF_TESTS.includes(code) || (isDefault && code !== 0)) return invalidField(1, 7);
  if ((isDefault || code !== 0) && length > 0) return invalidField(3);
  return dataOut.length < length ? failed(Conditions.parameterListLength) : GOOD;
}

/** The page of supported diagnostic pages is the only one. */
function receiveDiagnosticResults(_drive: DriveState, { cdb }: Task): Outcome {
  if ((cdb[1] & PAGE_CODE_VALID) !== 0 && cdb[2] !== 0) return invalidField(2);
  const data = new Uint8Array(5);
  writeU16(data, 2, 1);
  return { dataIn: cutToAllocation(data, readU16(cdb, 3)) };
}

function readBuffer({ echoBuffer }: DriveState, { cdb }: Task): Outcome {
  const data = bufferContents(cdb[1] & MODE, cdb[2], readU24(cdb, 3), echoBuffer);
  return data instanceof Uint8Array ? { dataIn: cutToAllocation(data, readU24(cdb, 6)) } : data;
}

function bufferContents(
  mode: number,
  id: number,
  offset: number,
  echo: Uint8Array | undefined,
): Uint8Array | Outcome {
  switch (mode) {
    case Mode.Data:
      if (id > LAST_BUFFER) return invalidField(2);
      return offset > DUMP_BYTES ? invalidField(3) : new Uint8Array(DUMP_BYTES - offset);
    case Mode.Descriptor: {
      const descriptor = new Uint8Array(4);
      // A buffer that is not there is of no length.
      if (id <= LAST_BUFFER) writeU24(descriptor, 1, DUMP_BYTES);
      return descriptor;
    }
    case Mode.EchoBuffer:
      return echo ?? failed(Conditions.sequenceError);
    case Mode.EchoDescriptor: {
      const descriptor = new Uint8Array(4);
      writeU16(descriptor, 2, ECHO_BYTES);
      return descriptor;
    }
    case Mode.ErrorHistory:
      return errorHistory(id);
    default:
      return invalidField(1, 4);
  }
}

/** The directory, without entries; nothing in the buffers. */
function errorHistory(id: number): Uint8Array {
  if (id > 0x03) return new Uint8Array(0);
  const directory = new Uint8Array(ERROR_HISTORY_BYTES);
  directory.fill(0x20, 0, 8);
  directory[8] = 1;
  return directory;
}

/** Data goes to the echo buffer alone; microcode is refused. */
function writeBuffer(drive: DriveState, { cdb, dataOut }: Task): Outcome {
  if ((cdb[1] & MODE) !== Mode.EchoBuffer) return invalidField(1, 4);
  const length = readU24(cdb, 6);
  if (length > ECHO_BYTES) return invalidField(6);
  if (dataOut.length < length) return failed(Conditions.dataPhaseError);
  drive.echoBuffer = new Uint8Array(dataOut.subarray(0, length));
  return GOOD;
}
