/**
 * READ ATTRIBUTE and WRITE ATTRIBUTE (SPC-5 §6.20, §6.51).
 *
 * @module
 */

import { readU16, readU32, writeU32 } from "../../../scsi/big_endian.ts";
import type { Task } from "../../device_server.ts";
import { CONTROL, type DriveCommand } from "../commands/drive_command.ts";
import { cutToAllocation } from "../commands/transfer_length.ts";
import {
  Conditions,
  failed,
  GOOD,
  invalidField,
  invalidParameter,
  type Outcome,
} from "../conditions.ts";
import type { DriveState } from "../drive_state.ts";
import type { Medium } from "../medium.ts";
import {
  type AttributeDefinition,
  ATTRIBUTES,
  encodeAttribute,
  isReadOnly,
} from "./attribute_table.ts";
import { storedValue, storeValue } from "./cartridge_memory.ts";

const SERVICE_ACTION = 0x1f;
const LIST_HEADER_LENGTH = 4;
const ATTRIBUTE_HEADER_LENGTH = 5;
const MAX_LIST_BYTES = 64 * 1024;

/** Service actions of READ ATTRIBUTE. */
const Action = { Values: 0, List: 1, LogicalVolumes: 2, Partitions: 3, Supported: 5 } as const;

/** The commands about the memory of the cartridge. */
export const ATTRIBUTE_COMMANDS: readonly DriveCommand[] = [
  {
    opcode: 0x8c,
    usage: [
      SERVICE_ACTION,
      ...[0, 0, 0, 0xff, 0, 0xff],
      ...[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, CONTROL],
    ],
    feature: "cartridgeMemory",
    access: "read",
    execute: readAttribute,
  },
  {
    // WTC makes no difference: what is written is in the memory at once.
    opcode: 0x8d,
    usage: [0x01, 0, 0, 0, 0xff, 0, 0xff, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, CONTROL],
    feature: "cartridgeMemory",
    dataOutLength: (cdb) => Math.min(readU32(cdb, 10), MAX_LIST_BYTES),
    execute: writeAttribute,
  },
];

/** The cartridge, loaded or held, or why its memory cannot be had. */
function cartridge(drive: DriveState): Medium | Outcome {
  const reason = drive.readiness.reason();
  if (reason !== undefined && reason !== Conditions.memoryAccessible) return failed(reason);
  return drive.medium as Medium;
}

function isMedium(found: Medium | Outcome): found is Medium {
  return "partitions" in found;
}

function readAttribute(drive: DriveState, { cdb }: Task): Outcome {
  const medium = cartridge(drive);
  if (!isMedium(medium)) return medium;
  if (cdb[5] > 0) return invalidField(5);
  if (cdb[7] >= medium.partitions.length) return invalidField(7);
  const data = reply(drive, medium, cdb);
  if (!(data instanceof Uint8Array)) return data;
  return { dataIn: cutToAllocation(data, readU32(cdb, 10)) };
}

function reply(drive: DriveState, medium: Medium, cdb: Uint8Array): Uint8Array | Outcome {
  const first = readU16(cdb, 8);
  switch (cdb[1] & SERVICE_ACTION) {
    case Action.Values:
      return values(drive, medium, cdb[7], first);
    case Action.List:
      return identifiers(
        ATTRIBUTES.filter((each) =>
          each.id >= first && valueOf(each, drive, medium, cdb[7]) !== undefined
        ),
      );
    case Action.LogicalVolumes:
      return new Uint8Array([0, 2, 0, 1]);
    case Action.Partitions:
      return new Uint8Array([0, 2, 0, medium.partitions.length]);
    case Action.Supported:
      return identifiers(ATTRIBUTES.filter(({ id }) => id >= first));
    default:
      return invalidField(1, 4);
  }
}

/** All that have a value, from the first one asked for on, which must be there. */
function values(
  drive: DriveState,
  medium: Medium,
  partition: number,
  first: number,
): Uint8Array | Outcome {
  const entries: Uint8Array[] = [];
  let isFirstThere = first === 0;
  for (const attribute of ATTRIBUTES) {
    if (attribute.id < first) continue;
    const value = valueOf(attribute, drive, medium, partition);
    if (value === undefined) continue;
    isFirstThere ||= attribute.id === first;
    entries.push(encodeAttribute(attribute, value, isReadOnly(attribute)));
  }
  return isFirstThere ? listOf(entries) : invalidField(8);
}

function valueOf(
  attribute: AttributeDefinition,
  drive: DriveState,
  medium: Medium,
  partition: number,
): Uint8Array | undefined {
  if (attribute.value !== undefined) return attribute.value(drive, medium, partition);
  return storedValue(medium.state, attribute.id, attribute.perPartition ? partition : 0);
}

function identifiers(attributes: readonly AttributeDefinition[]): Uint8Array {
  return listOf(attributes.map(({ id }) => new Uint8Array([id >> 8, id & 0xff])));
}

/** AVAILABLE DATA does not count itself. */
function listOf(entries: readonly Uint8Array[]): Uint8Array {
  const length = entries.reduce((sum, entry) => sum + entry.length, 0);
  const data = new Uint8Array(LIST_HEADER_LENGTH + length);
  writeU32(data, 0, length);
  let at = LIST_HEADER_LENGTH;
  for (const entry of entries) {
    data.set(entry, at);
    at += entry.length;
  }
  return data;
}

/** One attribute that a host sent. */
interface SentAttribute {
  readonly attribute: AttributeDefinition;
  readonly value: Uint8Array;
}

/** All attributes are written, or none when any is refused. */
function writeAttribute(drive: DriveState, { cdb, dataOut }: Task): Outcome {
  const medium = cartridge(drive);
  if (!isMedium(medium)) return medium;
  const partition = cdb[7];
  if (partition >= medium.partitions.length) return invalidField(7);
  const length = readU32(cdb, 10);
  if (length === 0) return GOOD;
  if (length > MAX_LIST_BYTES) return invalidField(10);
  if (dataOut.length < length || length < LIST_HEADER_LENGTH) {
    return failed(Conditions.parameterListLength);
  }
  const sent = decodeList(dataOut.subarray(0, length));
  if (!Array.isArray(sent)) return sent;
  if (medium.state.writeProtected) return failed(Conditions.writeProtected);
  for (const { attribute: { id, format, perPartition }, value } of sent) {
    storeValue(medium.state, { id, format, partition: perPartition ? partition : 0 }, value);
  }
  medium.flush();
  return GOOD;
}

/** The length at the head counts what follows it; LTFS counts the four bytes of the length too. */
function decodeList(list: Uint8Array): SentAttribute[] | Outcome {
  const declared = readU32(list, 0);
  const rest = list.length - LIST_HEADER_LENGTH;
  if (declared !== rest && declared !== list.length) return failed(Conditions.parameterListLength);
  const sent: SentAttribute[] = [];
  for (let at = LIST_HEADER_LENGTH; at < list.length;) {
    const end = at + ATTRIBUTE_HEADER_LENGTH;
    const next = end <= list.length ? end + readU16(list, at + 3) : Infinity;
    if (next > list.length) return failed(Conditions.parameterListLength);
    const attribute = ATTRIBUTES.find(({ id }) => id === readU16(list, at));
    if (attribute === undefined || isReadOnly(attribute)) return invalidParameter(at);
    if ((list[at + 2] & 0x03) !== attribute.format) return invalidParameter(at + 2);
    if (next - end > attribute.length) return invalidParameter(at + 3);
    sent.push({ attribute, value: list.subarray(end, next) });
    at = next;
  }
  return sent;
}
