/**
 * What a drive reports other than GOOD, and what a command comes to (SSC-4 §4.2.22, SPC-5 §4.5).
 *
 * @module
 */

import { SenseKey } from "../../scsi/sense_codes.ts";
import type { SenseInput } from "../../scsi/sense_fields.ts";
import type { Nexus } from "../device_server.ts";

/** What a CHECK CONDITION says; left-out fields are absent, and VALID is 0 without `information`. */
export type Condition = SenseInput;

/** What a command comes to: GOOD unless it has a condition. Both may come with data. */
export interface Outcome {
  readonly dataIn?: Uint8Array;
  readonly condition?: Condition;
  /** RESERVATION CONFLICT, and nothing else. @default false */
  readonly isConflict?: boolean;
  /** Whose other commands end with this one. @default nobody's */
  readonly aborts?: (nexus: Nexus) => boolean;
}

/** RESERVATION CONFLICT (SAM-5 §5.3.1). */
export const RESERVATION_CONFLICT: Outcome = { isConflict: true };

/** GOOD without data. */
export const GOOD: Outcome = {};

/** The additional sense code of power on and resets, which goes before a reservation conflict. */
export const POWER_ON_OR_RESET = 0x29;

/** The conditions by name; INFORMATION and the flags that depend on the case are added where they arise. */
export const Conditions = {
  noSense: { key: SenseKey.NoSense, asc: 0x00, ascq: 0x00 },
  incorrectLength: { key: SenseKey.NoSense, asc: 0x00, ascq: 0x00, incorrectLength: true },
  filemark: { key: SenseKey.NoSense, asc: 0x00, ascq: 0x01, filemark: true },
  earlyWarning: { key: SenseKey.NoSense, asc: 0x00, ascq: 0x02, endOfMedium: true },
  beginningOfPartition: { key: SenseKey.NoSense, asc: 0x00, ascq: 0x04, endOfMedium: true },
  endOfData: { key: SenseKey.BlankCheck, asc: 0x00, ascq: 0x05 },
  volumeOverflow: { key: SenseKey.VolumeOverflow, asc: 0x00, ascq: 0x02, endOfMedium: true },
  programmableEarlyWarning: { key: SenseKey.NoSense, asc: 0x00, ascq: 0x07, endOfMedium: true },
  cleaningRequested: { key: SenseKey.NoSense, asc: 0x00, ascq: 0x17 },
  becomingReady: { key: SenseKey.NotReady, asc: 0x04, ascq: 0x01 },
  formatInProgress: { key: SenseKey.NotReady, asc: 0x04, ascq: 0x04 },
  operationInProgress: { key: SenseKey.NotReady, asc: 0x04, ascq: 0x07 },
  noMedium: { key: SenseKey.NotReady, asc: 0x3a, ascq: 0x00 },
  memoryAccessible: { key: SenseKey.NotReady, asc: 0x3a, ascq: 0x04 },
  writeError: { key: SenseKey.MediumError, asc: 0x0c, ascq: 0x00 },
  unreadableFormat: { key: SenseKey.MediumError, asc: 0x30, ascq: 0x02 },
  incompatibleMedium: { key: SenseKey.MediumError, asc: 0x30, ascq: 0x00 },
  unrecoveredRead: { key: SenseKey.MediumError, asc: 0x11, ascq: 0x00 },
  blockProtection: { key: SenseKey.HardwareError, asc: 0x10, ascq: 0x01 },
  internalFailure: { key: SenseKey.HardwareError, asc: 0x44, ascq: 0x00 },
  parameterListLength: { key: SenseKey.IllegalRequest, asc: 0x1a, ascq: 0x00 },
  invalidOperationCode: { key: SenseKey.IllegalRequest, asc: 0x20, ascq: 0x00 },
  invalidAllowOverwrite: { key: SenseKey.IllegalRequest, asc: 0x20, ascq: 0x0c },
  invalidFieldInCdb: { key: SenseKey.IllegalRequest, asc: 0x24, ascq: 0x00 },
  invalidFieldInParameterList: { key: SenseKey.IllegalRequest, asc: 0x26, ascq: 0x00 },
  invalidRelease: { key: SenseKey.IllegalRequest, asc: 0x26, ascq: 0x04 },
  sequenceError: { key: SenseKey.IllegalRequest, asc: 0x2c, ascq: 0x00 },
  savingNotSupported: { key: SenseKey.IllegalRequest, asc: 0x39, ascq: 0x00 },
  notAtBeginning: { key: SenseKey.IllegalRequest, asc: 0x3b, ascq: 0x0c },
  removalPrevented: { key: SenseKey.IllegalRequest, asc: 0x53, ascq: 0x02 },
  registrationResources: { key: SenseKey.IllegalRequest, asc: 0x55, ascq: 0x04 },
  failurePrediction: { key: SenseKey.NoSense, asc: 0x5d, ascq: 0x00 },
  failurePredictionTest: { key: SenseKey.NoSense, asc: 0x5d, ascq: 0xff },
  mediumChanged: { key: SenseKey.UnitAttention, asc: 0x28, ascq: 0x00 },
  powerOn: { key: SenseKey.UnitAttention, asc: POWER_ON_OR_RESET, ascq: 0x00 },
  deviceReset: { key: SenseKey.UnitAttention, asc: POWER_ON_OR_RESET, ascq: 0x03 },
  nexusLoss: { key: SenseKey.UnitAttention, asc: POWER_ON_OR_RESET, ascq: 0x07 },
  modeParametersChanged: { key: SenseKey.UnitAttention, asc: 0x2a, ascq: 0x01 },
  logParametersChanged: { key: SenseKey.UnitAttention, asc: 0x2a, ascq: 0x02 },
  reservationsPreempted: { key: SenseKey.UnitAttention, asc: 0x2a, ascq: 0x03 },
  reservationsReleased: { key: SenseKey.UnitAttention, asc: 0x2a, ascq: 0x04 },
  registrationsPreempted: { key: SenseKey.UnitAttention, asc: 0x2a, ascq: 0x05 },
  timestampChanged: { key: SenseKey.UnitAttention, asc: 0x2a, ascq: 0x10 },
  encryptionChanged: { key: SenseKey.UnitAttention, asc: 0x2a, ascq: 0x11 },
  unwritableFormat: { key: SenseKey.DataProtect, asc: 0x30, ascq: 0x05 },
  unformattable: { key: SenseKey.DataProtect, asc: 0x30, ascq: 0x06 },
  wormOverwrite: { key: SenseKey.DataProtect, asc: 0x30, ascq: 0x0c },
  appendOnly: { key: SenseKey.DataProtect, asc: 0x5a, ascq: 0x02 },
  unableToDecrypt: { key: SenseKey.DataProtect, asc: 0x74, ascq: 0x01 },
  unencryptedWhileDecrypting: { key: SenseKey.DataProtect, asc: 0x74, ascq: 0x02 },
  incorrectKey: { key: SenseKey.DataProtect, asc: 0x74, ascq: 0x03 },
  integrityValidation: { key: SenseKey.DataProtect, asc: 0x74, ascq: 0x04 },
  rawReadDisabled: { key: SenseKey.DataProtect, asc: 0x74, ascq: 0x0a },
  miscompare: { key: SenseKey.Miscompare, asc: 0x1d, ascq: 0x00 },
  writeProtected: { key: SenseKey.DataProtect, asc: 0x27, ascq: 0x00 },
  softwareWriteProtected: { key: SenseKey.DataProtect, asc: 0x27, ascq: 0x02 },
  dataPhaseError: { key: SenseKey.AbortedCommand, asc: 0x4b, ascq: 0x00 },
} as const satisfies Readonly<Record<string, Condition>>;

/** CHECK CONDITION with nothing else. */
export function failed(condition: Condition, details: Partial<Condition> = {}): Outcome {
  return { condition: { ...condition, ...details } };
}

/** ILLEGAL REQUEST, pointing at a field of the CDB (SPC-5 §4.4.2.4.2). `bit` is the leftmost one of the field. */
export function invalidField(
  byte: number,
  bit?: number,
  details: Partial<Condition> = {},
): Outcome {
  return failed(Conditions.invalidFieldInCdb, { ...pointer(true, byte, bit), ...details });
}

/** ILLEGAL REQUEST, pointing at a field of the parameter list. */
export function invalidParameter(byte: number, bit?: number): Outcome {
  return failed(Conditions.invalidFieldInParameterList, pointer(false, byte, bit));
}

function pointer(inCdb: boolean, byte: number, bit?: number): Partial<Condition> {
  return { senseKeySpecific: { kind: "field", inCdb, byte, ...(bit !== undefined && { bit }) } };
}
