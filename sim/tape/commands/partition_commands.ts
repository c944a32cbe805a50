/**
 * FORMAT MEDIUM, SET CAPACITY and ALLOW OVERWRITE (SSC-4 §7.1, §7.10, §7.11).
 *
 * @module
 */

import { readU16, readU64 } from "../../../scsi/big_endian.ts";
import type { Task } from "../../device_server.ts";
import { forgetCoherency } from "../attributes/cartridge_memory.ts";
import { Conditions, failed, GOOD, invalidField, type Outcome } from "../conditions.ts";
import type { DriveState } from "../drive_state.ts";
import type { PartitionPlan } from "../drive_state_options.ts";
import type { Medium } from "../medium.ts";
import { WHOLE_CAPACITY } from "../tape_capacity.ts";
import { CONTROL, type DriveCommand } from "./drive_command.ts";
import { synchronize, writeFailure } from "./record_sink.ts";
import { formatRefusal } from "./write_permission.ts";

const IMMED = 0x01;
const FORMAT = 0x0f;
const ALLOW = 0x0f;

/** FORMAT: one partition; those of mode page 11h; the first and then the second. */
const Format = { Default: 0, Partition: 1, DefaultThenPartition: 2 } as const;

/** ALLOW OVERWRITE: nothing; at the position; FORMAT MEDIUM. */
const Allow = { Nothing: 0, Position: 1, Format: 2 } as const;

/** The commands that make a tape anew, or allow it. */
export const PARTITION_COMMANDS: readonly DriveCommand[] = [
  {
    // VERIFY, and a parameter list, are refused.
    opcode: 0x04,
    usage: [IMMED, FORMAT, 0, 0, CONTROL],
    needsMedium: true,
    execute: formatMedium,
  },
  {
    opcode: 0x0b,
    usage: [IMMED, 0, 0xff, 0xff, CONTROL],
    needsMedium: true,
    execute: setCapacity,
  },
  {
    opcode: 0x82,
    usage: [0, ALLOW, 0xff, ...new Array(8).fill(0xff), 0, 0, 0, CONTROL],
    needsMedium: true,
    feature: "appendOnly",
    execute: allowOverwrite,
  },
];

function formatMedium(drive: DriveState, { cdb }: Task): Outcome {
  const format = cdb[2] & FORMAT;
  if (format > Format.DefaultThenPartition) return invalidField(2, 3);
  const refused = beginningRefusal(drive);
  if (refused !== undefined) return refused;
  return makePartitions(drive, format === Format.Default ? [] : plannedPartitions(drive));
}

function beginningRefusal(drive: DriveState): Outcome | undefined {
  if (drive.partitionNumber !== 0 || drive.object !== 0) return failed(Conditions.notAtBeginning);
  const refused = formatRefusal(drive);
  return refused && failed(refused);
}

/** What mode page 11h asks for; else what there is. */
function plannedPartitions({ partitionPlan, medium }: DriveState): PartitionPlan {
  return partitionPlan ?? medium?.state.partitionBytes ?? [];
}

function makePartitions(drive: DriveState, partitionBytes: PartitionPlan): Outcome {
  const medium = drive.medium as Medium;
  try {
    medium.state.partitionBytes = partitionBytes.length > 1 ? partitionBytes : undefined;
    forgetCoherency(medium.state);
    medium.state.formatCount = (medium.state.formatCount ?? 0) + 1;
    drive.modified();
    drive.returnToBeginning();
    medium.state.partition = 0;
    medium.state.object = 0;
    medium.format(Math.max(1, partitionBytes.length));
  } catch (error) {
    return failed(writeFailure(drive, error));
  }
  drive.partitionPlan = undefined;
  return synchronize(drive);
}

/** Everything on the tape is gone, and its partitions. */
function setCapacity(drive: DriveState, { cdb }: Task): Outcome {
  const refused = beginningRefusal(drive);
  if (refused !== undefined) return refused;
  const proportion = readU16(cdb, 3);
  if (proportion === 0) return invalidField(3);
  const { state } = drive.medium as Medium;
  state.capacityProportion = proportion === WHOLE_CAPACITY ? undefined : proportion;
  return makePartitions(drive, []);
}

/** Only where writing is refused without it: in append-only mode. */
function allowOverwrite(drive: DriveState, { cdb }: Task): Outcome {
  const allow = cdb[2] & ALLOW;
  if (allow > Allow.Format) return invalidField(2, 3);
  if (!drive.modes.appendOnly) return failed(Conditions.invalidAllowOverwrite);
  const place = { partition: cdb[3], object: Number(readU64(cdb, 4)) };
  if (allow === Allow.Position) {
    if (place.partition !== drive.partitionNumber) return invalidField(3);
    if (place.object !== drive.object) return failed(Conditions.sequenceError);
  }
  drive.overwrite = [undefined, place, "format" as const][allow];
  return GOOD;
}
