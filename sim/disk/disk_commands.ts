/**
 * The command table of a RAM disk.
 *
 * @module
 */

import { readU32 } from "../../scsi/big_endian.ts";
import {
  BLOCK_CHARACTERISTICS_PAGE,
  encodeBlockCharacteristics,
} from "../../scsi/block/block_characteristics.ts";
import { BLOCK_LIMITS_PAGE, encodeBlockLimits } from "../../scsi/block/block_limits.ts";
import { encodeCapacity10, encodeCapacity16 } from "../../scsi/block/capacity.ts";
import {
  encodeLogicalBlockProvisioning,
  LOGICAL_BLOCK_PROVISIONING_PAGE,
} from "../../scsi/block/logical_block_provisioning.ts";
import type { Task } from "../device_server.ts";
import { cutToAllocation } from "../tape/commands/transfer_length.ts";
import { Conditions, failed, GOOD, invalidField, type Outcome } from "../tape/conditions.ts";
import { inquiryCommand } from "../unit/inquiry_answer.ts";
import { modeCommands } from "../unit/mode_commands.ts";
import { plainModeParameters } from "../unit/plain_mode_parameters.ts";
import { reservationCommands } from "../reservations/reservation_commands.ts";
import { READINESS_COMMANDS } from "../unit/sense_answer.ts";
import { CONTROL, type UnitCommand } from "../unit/unit_command.ts";
import { MAX_TRANSFER_BYTES } from "./block_address.ts";
import type { DiskState } from "./disk_state.ts";
import {
  MAX_COMPARE_BLOCKS,
  MAX_UNMAP_RANGES,
  PROVISIONING_COMMANDS,
} from "./provisioning_commands.ts";
import { TRANSFER_COMMANDS } from "./transfer_commands.ts";

/** SAM-5, SPC-4, SBC-3, iSCSI. */
const STANDARDS = [0x00a0, 0x0460, 0x04c0, 0x0960];
const WRITE_PROTECTED = 0x80;
const DPOFUA = 0x10;
/** It does not turn. */
const NON_ROTATING = 1;
const NO_LIMIT = 0xffffffff;
/** READ CAPACITY(10) and the mode block descriptor tell no more. */
const MAX_TOLD_BLOCKS = 0xffffffff;

const IMMED = 0x01;
const START = 0x01;
const LOEJ = 0x02;
const PREVENT = 0x03;

/** All commands of a disk. */
export const DISK_COMMANDS: readonly UnitCommand<DiskState>[] = [
  ...READINESS_COMMANDS,
  inquiryCommand<DiskState>({
    removable: ({ removable }) => removable,
    versionDescriptors: STANDARDS,
    pages: {
      [BLOCK_LIMITS_PAGE]: blockLimits,
      [BLOCK_CHARACTERISTICS_PAGE]: () =>
        encodeBlockCharacteristics({ rotationRate: NON_ROTATING, modernFua: true }),
      [LOGICAL_BLOCK_PROVISIONING_PAGE]: () =>
        encodeLogicalBlockProvisioning({
          unmap: true,
          writeSame16Unmaps: true,
          writeSame10Unmaps: true,
          unmappedContent: "zeros",
          type: "thin",
        }),
    },
  }),
  ...modeCommands(plainModeParameters<DiskState>({
    deviceSpecific: (state) => (state.writeProtection() ? WRITE_PROTECTED : 0) | DPOFUA,
    blockDescriptor: ({ store: { blocks, blockBytes } }) => {
      // What tapes have as density is the high byte of a disk's number of blocks (SBC-4 §6.5.2.2).
      const told = Math.min(blocks, MAX_TOLD_BLOCKS);
      return { densityCode: told >>> 24, blockCount: told & 0xffffff, blockBytes };
    },
  })),
  ...reservationCommands({ canPersist: false }),
  ...TRANSFER_COMMANDS,
  ...PROVISIONING_COMMANDS,
  {
    opcode: 0x25,
    usage: [0, 0, 0, 0, 0, 0, 0, 0, CONTROL],
    needsReady: true,
    access: "allowed",
    execute: readCapacity10,
  },
  {
    opcode: 0x9e,
    serviceAction: 0x10,
    usage: [0x1f, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, CONTROL],
    needsReady: true,
    access: "allowed",
    execute: readCapacity16,
  },
  { opcode: 0x1b, usage: [IMMED, 0, 0, LOEJ | START, CONTROL], execute: startStop },
  { opcode: 0x1e, usage: [0, 0, 0, PREVENT, CONTROL], execute: preventAllow },
];

function blockLimits({ store: { blockBytes } }: DiskState): Uint8Array {
  return encodeBlockLimits({
    maxCompareAndWriteBlocks: MAX_COMPARE_BLOCKS,
    maxTransferBlocks: Math.floor(MAX_TRANSFER_BYTES / blockBytes),
    maxUnmapBlocks: NO_LIMIT,
    maxUnmapRanges: MAX_UNMAP_RANGES,
    optimalUnmapGranularity: 1,
  });
}

function readCapacity10({ store: { blocks, blockBytes } }: DiskState): Outcome {
  return {
    dataIn: encodeCapacity10({ ...(blocks <= MAX_TOLD_BLOCKS && { blocks }), blockBytes }),
  };
}

function readCapacity16({ store: { blocks, blockBytes } }: DiskState, { cdb }: Task): Outcome {
  const provisioned = true;
  const data = encodeCapacity16({ blocks, blockBytes, provisioned, unmappedReadsZeros: true });
  return { dataIn: cutToAllocation(data, readU32(cdb, 10)) };
}

/** LOEJ is for media that can be taken out. */
function startStop(state: DiskState, { cdb }: Task): Outcome {
  const starts = (cdb[4] & START) !== 0;
  if ((cdb[4] & LOEJ) === 0) {
    if (starts && state.ejected) return failed(Conditions.noMedium);
    state.stopped = !starts;
    return GOOD;
  }
  if (!state.removable) return invalidField(4, 1);
  if (!starts && state.preventing.size > 0) return failed(Conditions.removalPrevented);
  if (starts && state.ejected) state.attentions.raise(Conditions.mediumChanged);
  state.ejected = !starts;
  state.stopped = false;
  return GOOD;
}

/** Each nexus prevents for itself (SPC-5 §6.19). */
function preventAllow({ preventing }: DiskState, { cdb, nexus }: Task): Outcome {
  const prevent = cdb[4] & PREVENT;
  if (prevent > 1) return invalidField(4, 1);
  if (prevent === 1) preventing.add(nexus);
  else preventing.delete(nexus);
  return GOOD;
}
