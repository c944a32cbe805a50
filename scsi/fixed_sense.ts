/**
 * Fixed format sense data, response codes 70h and 71h (SPC-5 §4.4.3).
 *
 * @module
 */

import { readI32, readU32, writeU32 } from "./big_endian.ts";
import {
  END_OF_MEDIUM,
  FILEMARK,
  INCORRECT_LENGTH,
  type SenseFields,
  type SenseInput,
  streamFlags,
} from "./sense_fields.ts";
import { decodeSenseKeySpecific, encodeSenseKeySpecific } from "./sense_key_specific.ts";

const FLAGS_AND_KEY = 2;
const INFORMATION = 3;
const ADDITIONAL_LENGTH = 7;
const COMMAND_SPECIFIC = 8;
const ASC = 12;
const ASCQ = 13;
const FRU = 14;
const SENSE_KEY_SPECIFIC = 15;
const CLEANING = 21;

const VALID = 0x80;
const CURRENT = 0x70;
const DEFERRED = 0x71;
const CLN = 0x08;

/** Bytes up to the sense key: shorter data says nothing. */
export const MIN_FIXED_LENGTH = FLAGS_AND_KEY + 1;

const LENGTH = 18;
const LENGTH_WITH_CLEANING = CLEANING + 1;

/** Decodes at least {@link MIN_FIXED_LENGTH} bytes; fields beyond the end are absent, flags false, codes 0. */
export function decodeFixedSense(bytes: Uint8Array): SenseFields {
  const key = bytes[FLAGS_AND_KEY] & 0x0f;
  const end = bytes.length > ADDITIONAL_LENGTH
    ? Math.min(bytes.length, ADDITIONAL_LENGTH + 1 + bytes[ADDITIONAL_LENGTH])
    : bytes.length;
  const informationValid = (bytes[0] & VALID) !== 0 && end >= INFORMATION + 4;
  const commandSpecific = end >= COMMAND_SPECIFIC + 4 ? readU32(bytes, COMMAND_SPECIFIC) : 0;
  const fieldReplaceableUnit = end > FRU ? bytes[FRU] : 0;
  const senseKeySpecific = end >= SENSE_KEY_SPECIFIC + 3
    ? decodeSenseKeySpecific(bytes, SENSE_KEY_SPECIFIC, key)
    : undefined;
  return {
    deferred: (bytes[0] & 0x7f) === DEFERRED,
    key,
    asc: end > ASC ? bytes[ASC] : 0,
    ascq: end > ASCQ ? bytes[ASCQ] : 0,
    filemark: (bytes[FLAGS_AND_KEY] & FILEMARK) !== 0,
    endOfMedium: (bytes[FLAGS_AND_KEY] & END_OF_MEDIUM) !== 0,
    incorrectLength: (bytes[FLAGS_AND_KEY] & INCORRECT_LENGTH) !== 0,
    informationValid,
    ...(informationValid && { information: readI32(bytes, INFORMATION) }),
    ...(commandSpecific !== 0 && { commandSpecific }),
    ...(fieldReplaceableUnit !== 0 && { fieldReplaceableUnit }),
    ...(senseKeySpecific && { senseKeySpecific }),
    ...(end > CLEANING && { cleaningRequested: (bytes[CLEANING] & CLN) !== 0 }),
  };
}

/**
 * Encodes 18 bytes, or 22 when `cleaningRequested` is given. INFORMATION beyond 32 signed bits is left out with
 * VALID 0, as the standard has it; a new array, the caller's.
 */
export function encodeFixedSense(sense: SenseInput): Uint8Array {
  const { information, cleaningRequested } = sense;
  const bytes = new Uint8Array(cleaningRequested === undefined ? LENGTH : LENGTH_WITH_CLEANING);
  bytes[0] = sense.deferred ? DEFERRED : CURRENT;
  bytes[FLAGS_AND_KEY] = streamFlags(sense) | (sense.key & 0x0f);
  if (information !== undefined && information === (information | 0)) {
    bytes[0] |= VALID;
    writeU32(bytes, INFORMATION, information);
  }
  bytes[ADDITIONAL_LENGTH] = bytes.length - ADDITIONAL_LENGTH - 1;
  writeU32(bytes, COMMAND_SPECIFIC, sense.commandSpecific ?? 0);
  bytes[ASC] = sense.asc;
  bytes[ASCQ] = sense.ascq;
  bytes[FRU] = sense.fieldReplaceableUnit ?? 0;
  if (sense.senseKeySpecific) {
    encodeSenseKeySpecific(sense.senseKeySpecific, bytes, SENSE_KEY_SPECIFIC);
  }
  if (cleaningRequested) bytes[CLEANING] = CLN;
  return bytes;
}
