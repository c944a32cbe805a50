/**
 * Readiness, loading, and what holds the medium in place (SPC-5 §6.47, §6.19; SSC-4 §7.2, §7.5, §7.7).
 *
 * @module
 */

import { writeU16, writeU24, writeU64 } from "../../../scsi/big_endian.ts";
import type { Task } from "../../device_server.ts";
import { Conditions, failed, GOOD, invalidField, type Outcome } from "../conditions.ts";
import { CONTROL, type DriveCommand } from "./drive_command.ts";
import { TapeAlert } from "../tape_alerts.ts";
import type { DriveState } from "../drive_state.ts";
import { synchronize } from "./record_sink.ts";

const LOAD_IMMED = 0x01;
const LOAD = 0x01;
const RETEN = 0x02;
const HOLD = 0x08;
const PREVENT = 0x03;

const OBJECT_LIMIT = 0x01;
const BLOCK_LIMITS_LENGTH = 6;
const OBJECT_LIMIT_LENGTH = 20;

/** The commands about the cartridge as a whole. */
export const MEDIUM_COMMANDS: readonly DriveCommand[] = [
  {
    opcode: 0x00,
    usage: [0, 0, 0, 0, CONTROL],
    needsMedium: true,
    access: "allowed",
    execute: () => GOOD,
  },
  {
    opcode: 0x05,
    usage: [OBJECT_LIMIT, 0, 0, 0, CONTROL],
    allowedWhenReserved: true,
    execute: blockLimits,
  },
  {
    // EOT is refused: the drive does not stop at the end of the tape.
    opcode: 0x1b,
    usage: [LOAD_IMMED, 0, 0, HOLD | LOAD | RETEN, CONTROL],
    execute: loadUnload,
  },
  {
    opcode: 0x1e,
    usage: [0, 0, 0, PREVENT, CONTROL],
    execute: preventAllow,
  },
];

/** With MLOI the largest object number instead (SSC-4 §7.7.3). */
function blockLimits({ blockLimits }: DriveState, { cdb }: Task): Outcome {
  if ((cdb[1] & OBJECT_LIMIT) !== 0) {
    const limit = new Uint8Array(OBJECT_LIMIT_LENGTH);
    writeU64(limit, 12, BigInt(Number.MAX_SAFE_INTEGER));
    return { dataIn: limit };
  }
  const data = new Uint8Array(BLOCK_LIMITS_LENGTH);
  data[0] = blockLimits.granularityExponent;
  writeU24(data, 1, blockLimits.maxBytes);
  writeU16(data, 4, blockLimits.minBytes);
  return { dataIn: data };
}

/** With HOLD the cartridge is in and not threaded: its memory alone can be had (SSC-4 §7.2). */
function loadUnload(drive: DriveState, { cdb }: Task): Outcome {
  const isHeld = (cdb[4] & HOLD) !== 0;
  const busy = drive.operation.refusal();
  if (busy !== undefined) return failed(busy);
  // RETEN without LOAD tensions the tape before it comes out: no difference here.
  return (cdb[4] & LOAD) !== 0 ? load(drive, isHeld) : unload(drive, isHeld);
}

function load(drive: DriveState, isHeld: boolean): Outcome {
  if (drive.medium === undefined) return failed(Conditions.noMedium);
  if (drive.loaded && isHeld) return unthread(drive);
  if (isHeld) {
    drive.readiness.hold();
    return GOOD;
  }
  if (!drive.loaded) {
    drive.load();
    return GOOD;
  }
  const lost = drive.drain();
  if (lost !== undefined) return failed(lost);
  drive.returnToBeginning();
  return synchronize(drive);
}

function unload(drive: DriveState, isHeld: boolean): Outcome {
  if (drive.preventing.size > 0) {
    drive.tapeAlerts.raise(TapeAlert.NoRemoval);
    return failed(Conditions.removalPrevented);
  }
  if (isHeld && drive.medium !== undefined) return unthread(drive);
  if (drive.loaded) return rewound(drive, () => drive.unload());
  drive.readiness.unload();
  return GOOD;
}

function unthread(drive: DriveState): Outcome {
  return rewound(drive, () => {
    drive.unload();
    drive.readiness.hold();
  });
}

/** Rewinds and writes back, and goes on when that succeeded. */
function rewound(drive: DriveState, then: () => void): Outcome {
  const lost = drive.drain();
  if (lost !== undefined) return failed(lost);
  drive.returnToBeginning();
  const outcome = synchronize(drive);
  if (outcome.condition === undefined) then();
  return outcome;
}

/** Each nexus prevents for itself (SPC-5 §6.19). */
function preventAllow(drive: DriveState, { cdb, nexus }: Task): Outcome {
  const prevent = cdb[4] & PREVENT;
  if (prevent > 1) return invalidField(4, 1);
  if (prevent === 1) drive.preventing.add(nexus);
  else drive.preventing.delete(nexus);
  return GOOD;
}
