/**
 * READ REVERSE (6) and (16) (SSC-4 §5.4, §6.3): what old drives read tapes with whose beginning is gone.
 *
 * @module
 */

import { readU24 } from "../../../scsi/big_endian.ts";
import type { Task } from "../../device_server.ts";
import {
  type Condition,
  Conditions,
  failed,
  GOOD,
  invalidField,
  type Outcome,
} from "../conditions.ts";
import type { DriveState } from "../drive_state.ts";
import { CONTROL, type DriveCommand } from "./drive_command.ts";
import { EXPLICIT_LENGTH, EXPLICIT_USAGE, goToAddress } from "./explicit_address.ts";
import { joined, reportsLength } from "./read_commands.ts";
import { stopBehindRecord, takeRecordBehind, transferLength } from "./record_source.ts";
import { MAX_TRANSFER_BYTES } from "./transfer_length.ts";

const FIXED = 0x01;
const SILI = 0x02;
const BYTE_ORDER = 0x04;

/** READ REVERSE. */
export const READ_REVERSE_COMMANDS: readonly DriveCommand[] = [
  {
    opcode: 0x0f,
    usage: [BYTE_ORDER | SILI | FIXED, 0xff, 0xff, 0xff, CONTROL],
    needsMedium: true,
    readsTape: true,
    access: "read",
    feature: "readReverse",
    execute: (drive, task) => readReverse(drive, task, readU24(task.cdb, 2)),
  },
  {
    opcode: 0x81,
    usage: [BYTE_ORDER | SILI | FIXED, ...EXPLICIT_USAGE, CONTROL],
    needsMedium: true,
    readsTape: true,
    access: "read",
    feature: "readReverse",
    execute: (drive, task) =>
      goToAddress(drive, task.cdb) ?? readReverse(drive, task, readU24(task.cdb, EXPLICIT_LENGTH)),
  },
];

function readReverse(drive: DriveState, task: Task, length: number): Outcome {
  const [, bits] = task.cdb;
  const isFixed = (bits & FIXED) !== 0;
  const { blockBytes } = drive.modes;
  if (isFixed && (bits & SILI) !== 0) return invalidField(1, 1, { information: length });
  if (isFixed && blockBytes === 0) return invalidField(1, 0, { information: length });
  if (isFixed && length * blockBytes > MAX_TRANSFER_BYTES) return invalidField(2);
  if (length === 0) return GOOD;
  const lost = drive.drain();
  if (lost !== undefined) return failed(lost);
  const { blocks, condition } = isFixed
    ? fixedBlocks(drive, task, length, blockBytes)
    : oneBlock(drive, task, length, (bits & SILI) !== 0);
  const dataIn = ordered(blocks, (bits & BYTE_ORDER) !== 0);
  drive.counts.hostBytesRead += dataIn.length;
  return { dataIn, condition };
}

/** What was read, the block nearest to where the tape was first. */
interface Blocks {
  readonly blocks: readonly Uint8Array[];
  readonly condition?: Condition;
}

function oneBlock(
  drive: DriveState,
  { nexus }: Task,
  length: number,
  suppressLength: boolean,
): Blocks {
  const stop = stopBehindRecord(drive);
  if (stop !== undefined) return { blocks: [], condition: { ...stop, information: length } };
  const actual = transferLength(drive, drive.object - 1);
  const { data, condition } = takeRecordBehind(drive, nexus, length);
  if (data === undefined) return { blocks: [], condition: { ...condition!, information: length } };
  if (!reportsLength(drive, length, actual, suppressLength)) return { blocks: [data], condition };
  const information = length - actual;
  return { blocks: [data], condition: { ...Conditions.incorrectLength, information } };
}

function fixedBlocks(
  drive: DriveState,
  { nexus }: Task,
  count: number,
  blockBytes: number,
): Blocks {
  const blocks: Uint8Array[] = [];
  for (let good = 0; good < count; good++) {
    const information = count - good;
    const stop = stopBehindRecord(drive);
    if (stop !== undefined) return { blocks, condition: { ...stop, information } };
    const actual = transferLength(drive, drive.object - 1);
    const { data, condition } = takeRecordBehind(drive, nexus, blockBytes);
    if (data === undefined) return { blocks, condition: { ...condition!, information } };
    blocks.push(data);
    if (actual !== blockBytes) {
      return { blocks, condition: { ...Conditions.incorrectLength, information } };
    }
  }
  return { blocks };
}

/** With BYTORD as READ would have brought them, else as the heads met them: every block from its last byte on. */
function ordered(blocks: readonly Uint8Array[], asRead: boolean): Uint8Array {
  if (asRead) return joined([...blocks].reverse());
  return joined(blocks.map((block) => new Uint8Array(block).reverse()));
}
