/**
 * Tape diagnostic data, log page 16h (SSC-4 §8.2.7): the last errors, and what was asked of the drive then.
 *
 * @module
 */

import { writeAscii } from "../../../scsi/ascii.ts";
import type { LogParameter } from "../../../scsi/log_pages.ts";
import type { DiagnosedError } from "../diagnostic_history.ts";
import type { DriveState } from "../drive_state.ts";
import { writeTimestamp } from "../timestamp.ts";
import { binary, type DriveLogPage } from "./log_parameter.ts";

/** Offsets in the value of a parameter. */
const DENSITY = 2;
const MEDIUM_TYPE = 3;
const SENSE_KEY = 9;
const REVISION = 16;
const OPERATION_CODE = 24;
const MEDIUM_ID = 28;
const TIMESTAMP = 60;
const LENGTH = 68;

const MEDIUM_ID_BYTES = 32;
const REPEAT = 0x80;

/** A parameter for each error, the latest first. */
export const tapeDiagnosticData: DriveLogPage["parameters"] = (drive) =>
  drive.diagnosticHistory.list().map((error, code) => parameter(code, error, drive));

function parameter(code: number, error: DiagnosedError, drive: DriveState): LogParameter {
  const { condition: { key, asc, ascq }, repeated, densityCode, operationCode, barcode } = error;
  const { personality: { densities, revision }, timestampOffset } = drive;
  const value = new Uint8Array(LENGTH);
  value[DENSITY] = densityCode;
  value[MEDIUM_TYPE] = densities.find((known) => known.code === densityCode)?.mediumType ?? 0;
  value.set([(repeated ? REPEAT : 0) | key, asc, ascq], SENSE_KEY);
  writeAscii(value, REVISION, 4, revision);
  value[OPERATION_CODE] = operationCode;
  writeAscii(value, MEDIUM_ID, MEDIUM_ID_BYTES, barcode);
  writeTimestamp(value, TIMESTAMP, timestampOffset, error.at);
  return binary(code, value);
}
