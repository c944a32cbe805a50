/**
 * Descriptor format sense data, response codes 72h and 73h (SPC-5 §4.4.2; stream commands descriptor: SSC-4 §4.2.18).
 *
 * @module
 */

import { readU64, writeU64 } from "./big_endian.ts";
import {
  END_OF_MEDIUM,
  FILEMARK,
  INCORRECT_LENGTH,
  type SenseFields,
  type SenseInput,
  streamFlags,
} from "./sense_fields.ts";
import {
  decodeProgress,
  decodeSenseKeySpecific,
  encodeSenseKeySpecific,
  type SenseKeySpecific,
} from "./sense_key_specific.ts";

const KEY = 1;
const ASC = 2;
const ASCQ = 3;
const ADDITIONAL_LENGTH = 7;
const FIRST_DESCRIPTOR = 8;

const CURRENT = 0x72;
const DEFERRED = 0x73;

/** Descriptor types (SPC-5 table 29). */
const Descriptor = {
  Information: 0x00,
  CommandSpecific: 0x01,
  SenseKeySpecific: 0x02,
  FieldReplaceableUnit: 0x03,
  Stream: 0x04,
  Block: 0x05,
  Progress: 0x0a,
} as const;

const VALID = 0x80;

/** Bytes up to the sense key: shorter data says nothing. */
export const MIN_DESCRIPTOR_LENGTH = KEY + 1;

/** What the descriptors add to the header. */
type FromDescriptors = Omit<SenseFields, "deferred" | "key" | "asc" | "ascq">;
type Found = { -readonly [field in keyof FromDescriptors]: FromDescriptors[field] };

/** Decodes one descriptor, cut to what is there, into `found`. */
type DecodeDescriptor = (descriptor: Uint8Array, found: Found, key: number) => void;

const DECODERS: Readonly<Record<number, DecodeDescriptor>> = {
  [Descriptor.Information]: (descriptor, found) => {
    if (descriptor.length < 12) return;
    found.informationValid = (descriptor[2] & VALID) !== 0;
    if (!found.informationValid) return;
    const information = Number(BigInt.asIntN(64, readU64(descriptor, 4)));
    if (Number.isSafeInteger(information)) found.information = information;
  },
  [Descriptor.CommandSpecific]: (descriptor, found) => {
    if (descriptor.length < 12) return;
    const commandSpecific = Number(readU64(descriptor, 4));
    if (Number.isSafeInteger(commandSpecific)) found.commandSpecific = commandSpecific;
  },
  [Descriptor.SenseKeySpecific]: (descriptor, found, key) => {
    if (descriptor.length >= 7) setSpecific(found, decodeSenseKeySpecific(descriptor, 4, key));
  },
  [Descriptor.FieldReplaceableUnit]: (descriptor, found) => {
    if (descriptor.length >= 4 && descriptor[3] !== 0) found.fieldReplaceableUnit = descriptor[3];
  },
  [Descriptor.Stream]: (descriptor, found) => {
    if (descriptor.length < 4) return;
    found.filemark = (descriptor[3] & FILEMARK) !== 0;
    found.endOfMedium = (descriptor[3] & END_OF_MEDIUM) !== 0;
    found.incorrectLength = (descriptor[3] & INCORRECT_LENGTH) !== 0;
  },
  [Descriptor.Block]: (descriptor, found) => {
    if (descriptor.length < 4) return;
    found.incorrectLength ||= (descriptor[3] & INCORRECT_LENGTH) !== 0;
  },
  [Descriptor.Progress]: (descriptor, found) => {
    if (descriptor.length >= 8) setSpecific(found, decodeProgress(descriptor, 6));
  },
};

function setSpecific(found: Found, specific: SenseKeySpecific | undefined): void {
  if (specific) found.senseKeySpecific = specific;
}

/** Decodes at least {@link MIN_DESCRIPTOR_LENGTH} bytes; what the data is too short for is absent, false or 0. */
export function decodeDescriptorSense(bytes: Uint8Array): SenseFields {
  const key = bytes[KEY] & 0x0f;
  const end = bytes.length > ADDITIONAL_LENGTH
    ? Math.min(bytes.length, FIRST_DESCRIPTOR + bytes[ADDITIONAL_LENGTH])
    : bytes.length;
  const found: Found = {
    filemark: false,
    endOfMedium: false,
    incorrectLength: false,
    informationValid: false,
  };
  for (let at = FIRST_DESCRIPTOR; at + 2 <= end; at += 2 + bytes[at + 1]) {
    const descriptor = bytes.subarray(at, Math.min(end, at + 2 + bytes[at + 1]));
    DECODERS[descriptor[0]]?.(descriptor, found, key);
  }
  return {
    deferred: (bytes[0] & 0x7f) === DEFERRED,
    key,
    asc: end > ASC ? bytes[ASC] : 0,
    ascq: end > ASCQ ? bytes[ASCQ] : 0,
    ...found,
  };
}

function descriptor(type: number, length: number, fill: (bytes: Uint8Array) => void): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes[0] = type;
  bytes[1] = length - 2;
  fill(bytes);
  return bytes;
}

function descriptorsOf(sense: SenseInput): Uint8Array[] {
  const { information, commandSpecific, senseKeySpecific, fieldReplaceableUnit } = sense;
  const all: Uint8Array[] = [];
  if (information !== undefined) {
    all.push(descriptor(Descriptor.Information, 12, (bytes) => {
      bytes[2] = VALID;
      writeU64(bytes, 4, BigInt(information));
    }));
  }
  if (commandSpecific !== undefined) {
    all.push(descriptor(Descriptor.CommandSpecific, 12, (bytes) => {
      writeU64(bytes, 4, BigInt(commandSpecific));
    }));
  }
  if (senseKeySpecific) {
    all.push(descriptor(Descriptor.SenseKeySpecific, 8, (bytes) => {
      encodeSenseKeySpecific(senseKeySpecific, bytes, 4);
    }));
  }
  if (fieldReplaceableUnit) {
    all.push(descriptor(Descriptor.FieldReplaceableUnit, 4, (bytes) => {
      bytes[3] = fieldReplaceableUnit;
    }));
  }
  const flags = streamFlags(sense);
  if (flags !== 0) all.push(descriptor(Descriptor.Stream, 4, (bytes) => bytes[3] = flags));
  return all;
}

/** Encodes a header and the descriptors that have something to say. `cleaningRequested` has no place in this format. */
export function encodeDescriptorSense(sense: SenseInput): Uint8Array {
  const descriptors = descriptorsOf(sense);
  const length = descriptors.reduce((sum, each) => sum + each.length, FIRST_DESCRIPTOR);
  const bytes = new Uint8Array(length);
  bytes[0] = sense.deferred ? DEFERRED : CURRENT;
  bytes[KEY] = sense.key & 0x0f;
  bytes[ASC] = sense.asc;
  bytes[ASCQ] = sense.ascq;
  bytes[ADDITIONAL_LENGTH] = length - FIRST_DESCRIPTOR;
  let at = FIRST_DESCRIPTOR;
  for (const each of descriptors) {
    bytes.set(each, at);
    at += each.length;
  }
  return bytes;
}
