/**
 * WRITE SAME, UNMAP, COMPARE AND WRITE and GET LBA STATUS of a RAM disk (SBC-4 §5).
 *
 * @module
 */

import { readU16, readU32, readU64, writeU32, writeU64 } from "../../scsi/big_endian.ts";
import { decodeUnmap } from "../../scsi/block/unmap.ts";
import type { Task } from "../device_server.ts";
import { cutToAllocation } from "../tape/commands/transfer_length.ts";
import {
  Conditions,
  failed,
  GOOD,
  invalidField,
  invalidParameter,
  type Outcome,
} from "../tape/conditions.ts";
import { CONTROL, type UnitCommand } from "../unit/unit_command.ts";
import { outOfRange, type RangeForm, rangeOf, rangeUsage } from "./block_address.ts";
import type { DiskState } from "./disk_state.ts";
import { compared } from "./transfer_commands.ts";

type Command = UnitCommand<DiskState>;

const UNMAP = 0x08;
const NDOB = 0x01;

/** Limits that page B0h tells. */
export const MAX_UNMAP_RANGES = 256;
export const MAX_COMPARE_BLOCKS = 255;

const UNMAP_HEADER = 8;

const STATUS_HEADER = 8;
const STATUS_DESCRIPTOR = 16;
/** As many extents as one answer tells, whatever room there is. */
const MAX_EXTENTS = 256;
const MAPPED = 0;
const DEALLOCATED = 1;

/** The commands. */
export const PROVISIONING_COMMANDS: readonly Command[] = [
  writeSameCommand(0x41, 10, UNMAP),
  writeSameCommand(0x93, 16, UNMAP | NDOB),
  {
    opcode: 0x42,
    usage: [0, 0, 0, 0, 0, 0x1f, 0xff, 0xff, CONTROL],
    needsReady: true,
    dataOutLength: (cdb) => readU16(cdb, 7),
    execute: unmap,
  },
  {
    opcode: 0x89,
    usage: [0x18, ...new Array<number>(8).fill(0xff), 0, 0, 0, 0xff, 0x1f, CONTROL],
    needsReady: true,
    dataOutLength: (cdb, { store }) => 2 * cdb[13] * store.blockBytes,
    execute: compareAndWrite,
  },
  {
    opcode: 0x9e,
    serviceAction: 0x12,
    usage: [0x1f, ...new Array<number>(12).fill(0xff), 0, CONTROL],
    needsReady: true,
    access: "read",
    execute: lbaStatus,
  },
];

function writeSameCommand(opcode: number, form: RangeForm, flags: number): Command {
  return {
    opcode,
    usage: rangeUsage(form, flags),
    needsReady: true,
    dataOutLength: (cdb, { store }) => (cdb[1] & flags & NDOB) !== 0 ? 0 : store.blockBytes,
    execute: (state, task) => writeSame(state, task, form),
  };
}

/** 0 blocks stand for all to the end. UNMAP takes effect where the block is zeros, as unmapped blocks are. */
function writeSame(state: DiskState, { cdb, dataOut }: Task, form: RangeForm): Outcome {
  const { store } = state;
  const { lba, blocks } = rangeOf(cdb, form);
  const count = blocks === 0 ? Math.max(store.blocks - lba, 1) : blocks;
  const refused = outOfRange(state, { lba, blocks: count });
  if (refused !== undefined) return refused;
  const protection = state.writeProtection();
  if (protection !== undefined) return failed(protection);
  const hasBlock = (cdb[1] & NDOB) === 0 || form !== 16;
  if (hasBlock && dataOut.length < store.blockBytes) return failed(Conditions.dataPhaseError);
  const block = hasBlock ? dataOut.subarray(0, store.blockBytes) : new Uint8Array(store.blockBytes);
  const isZeros = block.every((byte) => byte === 0);
  if ((cdb[1] & UNMAP) !== 0 && isZeros) store.unmap(lba, count);
  else store.fill(lba, count, block);
  return GOOD;
}

/** All ranges, or none when any is refused. */
function unmap(state: DiskState, { cdb, dataOut }: Task): Outcome {
  const listLength = readU16(cdb, 7);
  if (listLength === 0) return GOOD;
  if (listLength < UNMAP_HEADER || dataOut.length < listLength) {
    return failed(Conditions.parameterListLength);
  }
  const ranges = decodeUnmap(dataOut);
  if (ranges.length > MAX_UNMAP_RANGES) {
    return invalidParameter(2);
  }
  const refused = ranges.map((range) => outOfRange(state, range)).find((one) => one !== undefined);
  if (refused !== undefined) return refused;
  const protection = state.writeProtection();
  if (protection !== undefined) return failed(protection);
  for (const { lba, blocks } of ranges) state.store.unmap(lba, blocks);
  return GOOD;
}

function compareAndWrite(state: DiskState, { cdb, dataOut }: Task): Outcome {
  const { blockBytes } = state.store;
  const range = { lba: Number(readU64(cdb, 2)), blocks: cdb[13] };
  const refused = outOfRange(state, range);
  if (refused !== undefined) return refused;
  const protection = state.writeProtection();
  if (protection !== undefined) return failed(protection);
  const half = range.blocks * blockBytes;
  if (dataOut.length < 2 * half) return failed(Conditions.dataPhaseError);
  const outcome = compared(state, range.lba, dataOut.subarray(0, half));
  if (outcome.condition === undefined) {
    state.store.write(range.lba, dataOut.subarray(half, 2 * half));
  }
  return outcome;
}

function lbaStatus(state: DiskState, { cdb }: Task): Outcome {
  const { store } = state;
  const allocationLength = readU32(cdb, 10);
  const first = Number(readU64(cdb, 2));
  if (first >= store.blocks) return outOfRange(state, { lba: first, blocks: 1 }) as Outcome;
  if (allocationLength < STATUS_HEADER + STATUS_DESCRIPTOR) return invalidField(10);
  const room = Math.floor((allocationLength - STATUS_HEADER) / STATUS_DESCRIPTOR);
  const extents: { lba: number; blocks: number; mapped: boolean }[] = [];
  for (let lba = first; lba < store.blocks && extents.length < Math.min(room, MAX_EXTENTS);) {
    const { mapped, blocks } = store.extent(lba);
    extents.push({ lba, mapped, blocks: Math.min(blocks, 0xffffffff) });
    lba += blocks;
  }
  const data = new Uint8Array(STATUS_HEADER + extents.length * STATUS_DESCRIPTOR);
  writeU32(data, 0, data.length - 4);
  extents.forEach(({ lba, blocks, mapped }, i) => {
    const at = STATUS_HEADER + i * STATUS_DESCRIPTOR;
    writeU64(data, at, BigInt(lba));
    writeU32(data, at + 8, blocks);
    data[at + 12] = mapped ? MAPPED : DEALLOCATED;
  });
  return { dataIn: cutToAllocation(data, allocationLength) };
}
