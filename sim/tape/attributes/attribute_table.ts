/**
 * The attributes in the memory of a cartridge (SPC-5 §7.4.2): which there are, and where the drive's own come from.
 *
 * @module
 */

import { writeAscii } from "../../../scsi/ascii.ts";
import { writeU16, writeU32, writeU64 } from "../../../scsi/big_endian.ts";
import type { DriveState } from "../drive_state.ts";
import type { Medium, MediumState } from "../medium.ts";
import { TAPE_ALERT_FLAGS } from "../tape_alerts.ts";
import { TAPE_METRES } from "../tape_path.ts";
import { MAX_COHERENCY_BYTES, mediumSerialNumber, usedMemory } from "./cartridge_memory.ts";

/** FORMAT of an attribute. */
export const AttributeFormat = { Binary: 0, Ascii: 1, Text: 2 } as const;

const { Binary, Ascii, Text } = AttributeFormat;

/** One attribute. */
export interface AttributeDefinition {
  readonly id: number;
  readonly format: number;
  /** Bytes of the value; the most that a host may write. */
  readonly length: number;
  /** Whether each partition has its own. */
  readonly perPartition?: boolean;
  /** The value, for what hosts do not write; `undefined` when there is none now. */
  readonly value?: (
    drive: DriveState,
    medium: Medium,
    partition: number,
  ) => Uint8Array | undefined;
}

const MEBIBYTE = 1024 * 1024;
const MEMORY_BYTES = 16 * 1024;
const DATA_CARTRIDGE = 0x00;
const WORM_CARTRIDGE = 0x80;
/** The tape of an LTO cartridge: 12.7 mm wide. */
const WIDTH_TENTHS = 127;

/** What the drive fills in (device and medium types). */
const OF_DRIVE: readonly AttributeDefinition[] = [
  row(0x0000, Binary, 8, (drive, medium, partition) => {
    const { objectCount } = medium.partitions[partition];
    const used = medium.partitions[partition].bytesBefore(objectCount);
    return mebibytes(Math.max(0, drive.partitionBytes(partition) - used));
  }, true),
  row(
    0x0001,
    Binary,
    8,
    (drive, _medium, partition) => mebibytes(drive.partitionBytes(partition)),
    true,
  ),
  row(0x0002, Binary, TAPE_ALERT_FLAGS / 8, (drive) => drive.tapeAlerts.bits),
  row(0x0003, Binary, 8, (_drive, { state }) => u64(state.loadCount ?? 0)),
  row(0x0004, Binary, 8, (_drive, { state }) => u64(MEMORY_BYTES - usedMemory(state))),
  row(0x0005, Ascii, 8, (drive) => ascii(drive.density.organization, 8)),
  row(0x0006, Binary, 1, (drive) => new Uint8Array([drive.densityCode])),
  row(0x0007, Binary, 2, (_drive, { state }) => u16(1 + (state.formatCount ?? 0))),
  row(0x0008, Ascii, 32, (_drive, { state }) => label(state)),
  row(0x0009, Binary, 4, (_drive, { state }) => u32(state.volumeChangeReference ?? 0)),
  ...[0, 1, 2, 3].map((index) =>
    row(0x020a + index, Ascii, 40, (_drive, { state }) => {
      const name = state.lastDrives?.[index];
      return name === undefined ? undefined : ascii(name, 40);
    })
  ),
  row(0x0220, Binary, 8, (drive, { state }) => {
    drive.settleCounts();
    return mebibytes(state.bytesWritten ?? 0);
  }),
  row(0x0221, Binary, 8, (drive, { state }) => {
    drive.settleCounts();
    return mebibytes(state.bytesRead ?? 0);
  }),
  row(0x0222, Binary, 8, ({ use }) => mebibytes(use.sinceLoad("mediumBytesWritten"))),
  row(0x0223, Binary, 8, ({ use }) => mebibytes(use.sinceLoad("mediumBytesRead"))),
  row(0x0400, Ascii, 8, (drive) => ascii(drive.personality.vendor, 8)),
  row(0x0401, Ascii, 32, (_drive, { state }) => ascii(mediumSerialNumber(state.barcode), 32)),
  row(0x0402, Binary, 4, () => u32(TAPE_METRES)),
  row(0x0403, Binary, 4, () => u32(WIDTH_TENTHS)),
  row(0x0404, Ascii, 8, (drive) => ascii(drive.density.organization, 8)),
  row(0x0405, Binary, 1, (drive) => new Uint8Array([drive.densityCode])),
  row(0x0406, Ascii, 8, () => ascii("20260101", 8)),
  row(0x0407, Binary, 8, () => u64(MEMORY_BYTES)),
  row(
    0x0408,
    Binary,
    1,
    (drive) => new Uint8Array([drive.isWorm ? WORM_CARTRIDGE : DATA_CARTRIDGE]),
  ),
  row(0x0409, Binary, 2, () => new Uint8Array(2)),
];

/** What hosts write. */
const OF_HOST: readonly AttributeDefinition[] = [
  { id: 0x0800, format: Ascii, length: 8 },
  { id: 0x0801, format: Ascii, length: 32 },
  { id: 0x0802, format: Ascii, length: 8 },
  { id: 0x0803, format: Text, length: 160 },
  { id: 0x0804, format: Ascii, length: 12 },
  { id: 0x0805, format: Binary, length: 1 },
  { id: 0x0806, format: Ascii, length: 32 },
  { id: 0x0807, format: Text, length: 80 },
  { id: 0x0808, format: Text, length: 160 },
  { id: 0x0809, format: Ascii, length: 16, perPartition: true },
  { id: 0x080a, format: Binary, length: 1 },
  { id: 0x080b, format: Ascii, length: 16 },
  { id: 0x080c, format: Binary, length: MAX_COHERENCY_BYTES, perPartition: true },
  { id: 0x0820, format: Binary, length: 36 },
  { id: 0x0821, format: Binary, length: 36 },
  { id: 0x1623, format: Binary, length: 1 },
];

/** All attributes, ascending. */
export const ATTRIBUTES: readonly AttributeDefinition[] = [...OF_DRIVE, ...OF_HOST];

/** Whether hosts cannot write it. */
export function isReadOnly(attribute: AttributeDefinition): boolean {
  return attribute.value !== undefined;
}

function row(
  id: number,
  format: number,
  length: number,
  value: NonNullable<AttributeDefinition["value"]>,
  perPartition = false,
): AttributeDefinition {
  return { id, format, length, value, perPartition };
}

/** What the cartridge is called; nothing without a label. */
function label({ barcode }: MediumState): Uint8Array | undefined {
  return barcode === undefined ? undefined : ascii(barcode, 32);
}

function mebibytes(bytes: number): Uint8Array {
  return u64(Math.floor(bytes / MEBIBYTE));
}

function u16(value: number): Uint8Array {
  return new Uint8Array([value >> 8, value & 0xff]);
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeU32(bytes, 0, value);
  return bytes;
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  writeU64(bytes, 0, BigInt(value));
  return bytes;
}

function ascii(text: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  writeAscii(bytes, 0, length, text);
  return bytes;
}

/** One attribute as READ and WRITE ATTRIBUTE carry it: identifier, flags, length, value. The array is the caller's. */
export function encodeAttribute(
  { id, format }: AttributeDefinition,
  value: Uint8Array,
  readOnly: boolean,
): Uint8Array {
  const bytes = new Uint8Array(5 + value.length);
  writeU16(bytes, 0, id);
  bytes[2] = (readOnly ? 0x80 : 0) | format;
  writeU16(bytes, 3, value.length);
  bytes.set(value, 5);
  return bytes;
}
