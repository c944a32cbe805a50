/**
 * SCSI Command (RFC 7143 §11.3). Immediate data is the data segment.
 *
 * @module
 */

import { readU32, writeU32 } from "../../scsi/big_endian.ts";
import {
  CMD_SN,
  EXP_STAT_SN,
  FINAL,
  FLAGS,
  IMMEDIATE,
  INITIATOR_TASK_TAG,
  OPCODE,
  readLun,
  writeLun,
} from "./bhs.ts";
import { codeName, type CodeNames } from "./code_name.ts";
import { Opcode } from "./opcode.ts";
import { type RequestNumbers, writeRequestNumbers } from "./sequence_numbers.ts";

const READ = 0x40;
const WRITE = 0x20;
const ATTRIBUTES_MASK = 0x07;

const EXPECTED_DATA_TRANSFER_LENGTH = 20;
const CDB = 32;

/** CDB bytes that the header holds; those beyond go to an extended CDB AHS (RFC 7143 §11.2.2.3). */
export const BHS_CDB_LENGTH = 16;

/** Task attributes, the values of ATTR (RFC 7143 §11.3.1). */
export const TaskAttribute = {
  Untagged: 0,
  Simple: 1,
  Ordered: 2,
  HeadOfQueue: 3,
  Aca: 4,
} as const;

const TASK_ATTRIBUTE_NAMES: CodeNames = {
  [TaskAttribute.Untagged]: "untagged",
  [TaskAttribute.Simple]: "simple",
  [TaskAttribute.Ordered]: "ordered",
  [TaskAttribute.HeadOfQueue]: "head of queue",
  [TaskAttribute.Aca]: "ACA",
};

/** SCSI Command. */
export interface ScsiCommand extends RequestNumbers {
  /** Always 01h. */
  readonly opcode: typeof Opcode.ScsiCommand;
  /** I: immediate delivery. */
  readonly immediate: boolean;
  /** F: no unsolicited Data-Out follows. */
  readonly final: boolean;
  /** R: the command is expected to transfer data to the initiator. */
  readonly read: boolean;
  /** W: the command is expected to transfer data to the target. */
  readonly write: boolean;
  /** ATTR, one of {@link TaskAttribute}. */
  readonly attributes: number;
  /** Logical unit. */
  readonly lun: bigint;
  /** Initiator task tag. */
  readonly itt: number;
  /** Bytes to transfer; of a bidirectional command, bytes to write. */
  readonly expectedDataTransferLength: number;
  /**
   * The command descriptor block. Encoded, its first 16 bytes, with zeros where it is shorter; the rest is for
   * `extendedCdb` of ahs.ts. Decoded, the 16 bytes of the header in an array that is yours.
   */
  readonly cdb: Uint8Array;
}

/** Writes `pdu` over all 48 bytes of `bhs`. */
export function encodeScsiCommand(pdu: ScsiCommand, bhs: Uint8Array): void {
  bhs.fill(0);
  bhs[OPCODE] = Opcode.ScsiCommand | (pdu.immediate ? IMMEDIATE : 0);
  bhs[FLAGS] = (pdu.final ? FINAL : 0) | (pdu.read ? READ : 0) | (pdu.write ? WRITE : 0) |
    (pdu.attributes & ATTRIBUTES_MASK);
  writeLun(bhs, pdu.lun);
  writeU32(bhs, INITIATOR_TASK_TAG, pdu.itt);
  writeU32(bhs, EXPECTED_DATA_TRANSFER_LENGTH, pdu.expectedDataTransferLength);
  writeRequestNumbers(bhs, pdu);
  const { cdb } = pdu;
  bhs.set(cdb.length > BHS_CDB_LENGTH ? cdb.subarray(0, BHS_CDB_LENGTH) : cdb, CDB);
}

/** Reads a SCSI Command from its 48-byte header, of which it keeps nothing. */
export function decodeScsiCommand(bhs: Uint8Array): ScsiCommand {
  return {
    opcode: Opcode.ScsiCommand,
    immediate: (bhs[OPCODE] & IMMEDIATE) !== 0,
    final: (bhs[FLAGS] & FINAL) !== 0,
    read: (bhs[FLAGS] & READ) !== 0,
    write: (bhs[FLAGS] & WRITE) !== 0,
    attributes: bhs[FLAGS] & ATTRIBUTES_MASK,
    lun: readLun(bhs),
    itt: readU32(bhs, INITIATOR_TASK_TAG),
    expectedDataTransferLength: readU32(bhs, EXPECTED_DATA_TRANSFER_LENGTH),
    cmdSn: readU32(bhs, CMD_SN),
    expStatSn: readU32(bhs, EXP_STAT_SN),
    cdb: new Uint8Array(bhs.subarray(CDB, CDB + BHS_CDB_LENGTH)),
  };
}

/** The task attribute in words. */
export function taskAttributeName(attributes: number): string {
  return codeName(TASK_ATTRIBUTE_NAMES, attributes);
}
