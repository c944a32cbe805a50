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
import { TAPE_METRES } from "../tape_path.ts";
import { CONTROL, type DriveCommand } from "./drive_command.ts";
import type { DriveState } from "../drive_state.ts";
import { cutToAllocation } from "./transfer_length.ts";

const MEDIA = 0x01;
const MEDIUM_TYPE = 0x02;

const HEADER_LENGTH = 4;
const DESCRIPTOR_LENGTH = 52;

const WRITABLE = 0x80;
const DEFAULT = 0x20;

const MEDIUM_DESCRIPTOR_LENGTH = 56;

/** REPORT DENSITY SUPPORT. */
export const DENSITY_COMMANDS: readonly DriveCommand[] = [
  {
    opcode: 0x44,
    usage: [MEDIUM_TYPE | MEDIA, 0, 0, 0, 0, 0, 0xff, 0xff, CONTROL],
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
  const ascending = [...shown].sort((a, b) => a.code - b.code);
  const data = (cdb[1] & MEDIUM_TYPE) === 0
    ? encode(ascending, densities[0])
    : encodeMediumTypes(ofMedium ? [mediumOf(drive)] : ascending.flatMap(mediaOf));
  return { dataIn: cutToAllocation(data, readU16(cdb, 7)) };
}

/** A type of cartridge (SSC-4 §7.8.4). */
interface MediumFacts {
  readonly type: number;
  readonly density: DensityFacts;
  readonly description: string;
}

function mediaOf(density: DensityFacts): MediumFacts[] {
  const { mediumType, wormMediumType, description } = density;
  const data = { type: mediumType, density, description: `${description} data` };
  if (wormMediumType === mediumType) return [data];
  return [data, { type: wormMediumType, density, description: `${description} WORM` }];
}

function mediumOf(drive: DriveState): MediumFacts {
  const types = mediaOf(drive.density);
  return types[drive.isWorm ? types.length - 1 : 0];
}

function encodeMediumTypes(shown: readonly MediumFacts[]): Uint8Array {
  const data = new Uint8Array(HEADER_LENGTH + shown.length * MEDIUM_DESCRIPTOR_LENGTH);
  writeU16(data, 0, data.length - 2);
  shown.forEach(({ type, density, description }, index) => {
    const at = HEADER_LENGTH + index * MEDIUM_DESCRIPTOR_LENGTH;
    data[at] = type;
    writeU16(data, at + 2, MEDIUM_DESCRIPTOR_LENGTH - 4);
    data[at + 4] = 1;
    data[at + 5] = density.code;
    writeU16(data, at + 14, density.mediaWidth);
    writeU16(data, at + 16, TAPE_METRES);
    writeAscii(data, at + 20, 8, density.organization);
    writeAscii(data, at + 28, 8, density.name);
    writeAscii(data, at + 36, 20, description);
  });
  return data;
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
