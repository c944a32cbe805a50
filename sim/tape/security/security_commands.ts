/**
 * SECURITY PROTOCOL IN and OUT, protocol 20h: tape data encryption (SPC-5 §6.40, §6.41; SSC-4 §8.6).
 *
 * @module
 */

import { readU16, readU32, writeU16 } from "../../../scsi/big_endian.ts";
import type { Nexus, Task } from "../../device_server.ts";
import { CONTROL, type DriveCommand } from "../commands/drive_command.ts";
import { cutToAllocation } from "../commands/transfer_length.ts";
import {
  Conditions,
  failed,
  GOOD,
  invalidField,
  invalidParameter,
  type Outcome,
} from "../conditions.ts";
import type { DriveState } from "../drive_state.ts";
import {
  DecryptionMode,
  EncryptionMode,
  type EncryptionParameters,
  EncryptionScope,
} from "./encryption_state.ts";
import {
  ALGORITHM_INDEX,
  KAD_AUTHENTICATED,
  KAD_UNAUTHENTICATED,
  KEY_BYTES,
  MAX_AUTHENTICATED_BYTES,
  MAX_UNAUTHENTICATED_BYTES,
  securityPage,
  SET_DATA_ENCRYPTION,
} from "./security_pages.ts";

const INFORMATION = 0x00;
const TAPE_DATA_ENCRYPTION = 0x20;

/** Offsets of the set data encryption page (SSC-4 §8.6.3.2). */
const SCOPE = 4;
const FLAGS = 5;
const ENCRYPTION_MODE = 6;
const DECRYPTION_MODE = 7;
const ALGORITHM = 8;
const KEY_FORMAT = 9;
const KEY_LENGTH = 18;
const KEY = 20;

const LOCK = 0x01;
const SUPPLEMENTAL_KEY = 0x08;
const CLEAR_ON_DEMOUNT = 0x04;
const CLEAR_ON_PREEMPT = 0x02;
const CLEAR_ON_LOSS = 0x01;
const RAW_READ_ENABLED = 2;

/** Longest parameter list that is taken. */
const MAX_LIST_BYTES = 4096;

const ALLOCATION = [0xff, 0xff, 0xff, 0xff];

/** The commands about encryption. */
export const SECURITY_COMMANDS: readonly DriveCommand[] = [
  {
    opcode: 0xa2,
    usage: [0xff, 0xff, 0xff, 0, 0, ...ALLOCATION, 0, CONTROL],
    feature: "encryption",
    access: "read",
    execute: securityIn,
  },
  {
    opcode: 0xb5,
    usage: [0xff, 0xff, 0xff, 0, 0, ...ALLOCATION, 0, CONTROL],
    feature: "encryption",
    dataOutLength: (cdb) => Math.min(readU32(cdb, 6), MAX_LIST_BYTES),
    execute: securityOut,
  },
];

function securityIn(drive: DriveState, { cdb, nexus }: Task): Outcome {
  const page = readU16(cdb, 2);
  const allocationLength = readU32(cdb, 6);
  if (cdb[1] === INFORMATION) {
    if (page !== 0) return invalidField(2);
    const list = new Uint8Array(10);
    writeU16(list, 6, 2);
    list.set([INFORMATION, TAPE_DATA_ENCRYPTION], 8);
    return { dataIn: cutToAllocation(list, allocationLength) };
  }
  if (cdb[1] !== TAPE_DATA_ENCRYPTION) return invalidField(1);
  const isAboutMedium = page === 0x0021;
  const reason = isAboutMedium ? drive.notReady() : undefined;
  if (reason !== undefined) return failed(reason);
  const data = securityPage(page, drive, nexus);
  return data === undefined ? invalidField(2) : { dataIn: cutToAllocation(data, allocationLength) };
}

function securityOut(drive: DriveState, { cdb, dataOut, nexus }: Task): Outcome {
  if (cdb[1] !== TAPE_DATA_ENCRYPTION) return invalidField(1);
  if (readU16(cdb, 2) !== SET_DATA_ENCRYPTION) return invalidField(2);
  const length = readU32(cdb, 6);
  if (length === 0) return GOOD;
  if (length > MAX_LIST_BYTES) return invalidField(6);
  if (dataOut.length < length || length < KEY) return failed(Conditions.parameterListLength);
  const list = dataOut.subarray(0, length);
  const refused = checkList(list) ?? checkReservation(drive, nexus, list);
  if (refused !== undefined) return refused;
  const parameters = decodeParameters(list);
  if (parameters === undefined) return invalidParameter(KEY);
  if (drive.encryption.set(nexus, parameters)) {
    drive.attentions.raiseFor(
      (other) => other !== nexus && !drive.encryption.isLocal(other),
      Conditions.encryptionChanged,
    );
  }
  return GOOD;
}

function checkList(list: Uint8Array): Outcome | undefined {
  if (readU16(list, 0) !== SET_DATA_ENCRYPTION) return invalidParameter(0);
  if (readU16(list, 2) !== list.length - 4) return failed(Conditions.parameterListLength);
  if ((list[SCOPE] >> 5) > EncryptionScope.All) return invalidParameter(SCOPE, 7);
  if ((list[SCOPE] & LOCK) !== 0) return invalidParameter(SCOPE, 0);
  if ((list[FLAGS] & SUPPLEMENTAL_KEY) !== 0) return invalidParameter(FLAGS, 3);
  const encryptionMode = list[ENCRYPTION_MODE];
  if (encryptionMode !== EncryptionMode.Disable && encryptionMode !== EncryptionMode.Encrypt) {
    return invalidParameter(ENCRYPTION_MODE);
  }
  if (list[DECRYPTION_MODE] > DecryptionMode.Mixed) return invalidParameter(DECRYPTION_MODE);
  return needsKey(list) ? checkKey(list) : undefined;
}

function checkKey(list: Uint8Array): Outcome | undefined {
  if (list[ALGORITHM] !== ALGORITHM_INDEX) return invalidParameter(ALGORITHM);
  if (list[KEY_FORMAT] !== 0) return invalidParameter(KEY_FORMAT);
  if (readU16(list, KEY_LENGTH) !== KEY_BYTES) return invalidParameter(KEY_LENGTH);
  return list.length < KEY + KEY_BYTES ? failed(Conditions.parameterListLength) : undefined;
}

/** A key that goes with a reservation needs one. */
function checkReservation(
  drive: DriveState,
  nexus: Nexus,
  list: Uint8Array,
): Outcome | undefined {
  if ((list[FLAGS] & (CLEAR_ON_LOSS | CLEAR_ON_PREEMPT)) === 0) return undefined;
  const { unitHolder, persistent } = drive.reservations;
  const isHeld = unitHolder === nexus || persistent.holds(nexus);
  return isHeld ? undefined : invalidParameter(FLAGS, 1);
}

function needsKey(list: Uint8Array): boolean {
  return list[SCOPE] >> 5 !== EncryptionScope.Public &&
    (list[ENCRYPTION_MODE] === EncryptionMode.Encrypt ||
      list[DECRYPTION_MODE] >= DecryptionMode.Decrypt);
}

/** The parameters, or `undefined` when the key-associated data is not as it must be. */
function decodeParameters(list: Uint8Array): EncryptionParameters | undefined {
  const keyLength = readU16(list, KEY_LENGTH);
  const kads = decodeKads(list.subarray(Math.min(KEY + keyLength, list.length)));
  if (kads === undefined) return undefined;
  const flags = list[FLAGS];
  return {
    scope: list[SCOPE] >> 5,
    encryptionMode: list[ENCRYPTION_MODE],
    decryptionMode: list[DECRYPTION_MODE],
    key: needsKey(list) ? new Uint8Array(list.subarray(KEY, KEY + KEY_BYTES)) : new Uint8Array(0),
    rawReadEnabled: ((flags >> 4) & 0x03) === RAW_READ_ENABLED,
    clearOnDemount: (flags & CLEAR_ON_DEMOUNT) !== 0,
    clearOnReservationPreempted: (flags & CLEAR_ON_PREEMPT) !== 0,
    clearOnReservationLoss: (flags & CLEAR_ON_LOSS) !== 0,
    ...kads,
  };
}

function decodeKads(
  bytes: Uint8Array,
): { unauthenticated: Uint8Array; authenticated: Uint8Array } | undefined {
  const kads = { unauthenticated: new Uint8Array(0), authenticated: new Uint8Array(0) };
  for (let at = 0; at < bytes.length;) {
    const length = at + 4 <= bytes.length ? readU16(bytes, at + 2) : Infinity;
    if (at + 4 + length > bytes.length) return undefined;
    const data = new Uint8Array(bytes.subarray(at + 4, at + 4 + length));
    const type = bytes[at];
    if (type === KAD_UNAUTHENTICATED && length <= MAX_UNAUTHENTICATED_BYTES) {
      kads.unauthenticated = data;
    } else if (type === KAD_AUTHENTICATED && length <= MAX_AUTHENTICATED_BYTES) {
      kads.authenticated = data;
    } else return undefined;
    at += 4 + length;
  }
  return kads;
}
