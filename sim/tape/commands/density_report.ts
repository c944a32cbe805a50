/**
 * REPORT DENSITY SUPPORT (SSC-4 §7.8).
 *
 * @module
 */

import { writeAscii } from "../../../scsi/ascii.ts";
import { readU16, writeU16, writeU24, writeU32 } from "../../../scsi/big_endian.ts";
import type { DensityFacts } from "../../personality.ts";
import type { Task } from "../../device_server.ts";
import { Conditions, failed, type Outcome } from "../conditions.ts";
import { CONTROL, type DriveCommand } from "./drive_command.ts";
import type { DriveState } from "../drive_state.ts";
import { cutToAllocation } from "./transfer_length.ts";

const MEDIA = 0x01;

const HEADER_LENGTH = 4;
const DESCRIPTOR_LENGTH = 52;

const WRITABLE = 0x80;
const DEFAULT = 0x20;

/** REPORT DENSITY SUPPORT; MEDIUM TYPE is refused. */
export const DENSITY_COMMANDS: readonly DriveCommand[] = [
  {
    opcode: 0x44,
    usage: [MEDIA, 0, 0, 0, 0, 0, 0xff, 0xff, CONTROL],
    allowedWhenReserved: true,
    execute: reportDensitySupport,
  },
];

function reportDensitySupport(drive: DriveState, { cdb }: Task): Outcome {
  const ofMedium = (cdb[1] & MEDIA) !== 0;
  const reason = ofMedium ? drive.notReady() : undefined;
  if (reason !== undefined) return failed(reason);
  const { densities } = drive.personality;
  const shown = ofMedium ? densities.filter(({ code }) => code === drive.densityCode) : densities;
  if (ofMedium && shown.length === 0) return failed(Conditions.incompatibleMedium);
  // Ascending density codes, as the standard has it.
  const data = encode([...shown].sort((a, b) => a.code - b.code), densities[0]);
  return { dataIn: cutToAllocation(data, readU16(cdb, 7)) };
}

function encode(shown: readonly DensityFacts[], byDefault: DensityFacts): Uint8Array {
  const data = new Uint8Array(HEADER_LENGTH + shown.length * DESCRIPTOR_LENGTH);
  writeU16(data, 0, data.length - 2);
  shown.forEach((density, index) => {
    const at = HEADER_LENGTH + index * DESCRIPTOR_LENGTH;
    data[at] = density.code;
    data[at + 1] = density.code;
    data[at + 2] = (density.writable ? WRITABLE : 0) | (density === byDefault ? DEFAULT : 0);
    writeU24(data, at + 5, density.bitsPerMm);
    writeU16(data, at + 8, density.mediaWidth);
    writeU16(data, at + 10, density.tracks);
    writeU32(data, at + 12, density.capacityMegabytes);
    writeAscii(data, at + 16, 8, density.organization);
    writeAscii(data, at + 24, 8, density.name);
    writeAscii(data, at + 32, 20, density.description);
  });
  return data;
}
