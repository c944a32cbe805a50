/**
 * Readiness, loading, and what holds the medium in place (SPC-5 §6.47, §6.19; SSC-4 §7.2, §7.5, §7.7).
 *
 * @module
 */

import { writeU16, writeU24 } from "../../../scsi/big_endian.ts";
import type { Task } from "../../device_server.ts";
import { Conditions, failed, GOOD, invalidField, type Outcome } from "../conditions.ts";
import { CONTROL, type DriveCommand } from "./drive_command.ts";
import type { DriveState } from "../drive_state.ts";
import { synchronize } from "./write_commands.ts";

const LOAD_IMMED = 0x01;
const LOAD = 0x01;
const RETEN = 0x02;
const PREVENT = 0x03;

const BLOCK_LIMITS_LENGTH = 6;

/** The commands about the cartridge as a whole. */
export const MEDIUM_COMMANDS: readonly DriveCommand[] = [
  { opcode: 0x00, usage: [0, 0, 0, 0, CONTROL], needsMedium: true, execute: () => GOOD },
  { opcode: 0x05, usage: [0, 0, 0, 0, CONTROL], allowedWhenReserved: true, execute: blockLimits },
  {
    // HOLD and EOT are refused: the drive neither holds a cartridge unthreaded nor stops at the end of the tape.
    opcode: 0x1b,
    usage: [LOAD_IMMED, 0, 0, LOAD | RETEN, CONTROL],
    execute: loadUnload,
  },
  {
    opcode: 0x1e,
    usage: [0, 0, 0, PREVENT, CONTROL],
    execute: preventAllow,
  },
];

function blockLimits({ blockLimits }: DriveState): Outcome {
  const data = new Uint8Array(BLOCK_LIMITS_LENGTH);
  data[0] = blockLimits.granularityExponent;
  writeU24(data, 1, blockLimits.maxBytes);
  writeU16(data, 4, blockLimits.minBytes);
  return { dataIn: data };
}

function loadUnload(drive: DriveState, { cdb }: Task): Outcome {
  if ((cdb[4] & LOAD) !== 0) return load(drive);
  // RETEN without LOAD tensions the tape before it comes out: no difference here.
  return unload(drive);
}

function load(drive: DriveState): Outcome {
  if (drive.medium === undefined) return failed(Conditions.noMedium);
  if (!drive.loaded) {
    drive.load();
    return GOOD;
  }
  drive.returnToBeginning();
  return synchronize(drive);
}

function unload(drive: DriveState): Outcome {
  if (drive.preventing.size > 0) return failed(Conditions.removalPrevented);
  if (!drive.loaded) return GOOD;
  drive.returnToBeginning();
  const lost = synchronize(drive);
  if (lost.condition === undefined) drive.unload();
  return lost;
}

/** Each nexus prevents for itself (SPC-5 §6.19). */
function preventAllow(drive: DriveState, { cdb, nexus }: Task): Outcome {
  const prevent = cdb[4] & PREVENT;
  if (prevent > 1) return invalidField(4, 1);
  if (prevent === 1) drive.preventing.add(nexus);
  else drive.preventing.delete(nexus);
  return GOOD;
}
