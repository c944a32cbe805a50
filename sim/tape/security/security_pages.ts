/**
 * The pages of the tape data encryption protocol that SECURITY PROTOCOL IN reads (SSC-4 §8.6).
 *
 * @module
 */

import { writeU16, writeU32, writeU64 } from "../../../scsi/big_endian.ts";
import type { Nexus } from "../../device_server.ts";
import type { DriveState } from "../drive_state.ts";
import { EncryptionScope } from "./encryption_state.ts";
import { randomNumber } from "./record_cipher.ts";
import { decodeEnvelope, type KeyAssociatedData } from "./record_envelope.ts";

/** Lengths that an LTO drive takes. */
export const KEY_BYTES = 32;
export const MAX_UNAUTHENTICATED_BYTES = 32;
export const MAX_AUTHENTICATED_BYTES = 12;

/** The one algorithm: its index here, and its code for AES-256-GCM. */
export const ALGORITHM_INDEX = 1;
const ALGORITHM_CODE = 0x00010014;

/** Types of key-associated data descriptors. */
export const KAD_UNAUTHENTICATED = 0;
export const KAD_AUTHENTICATED = 1;

/** Page codes. */
export const SecurityPage = {
  InList: 0x0000,
  OutList: 0x0001,
  Capabilities: 0x0010,
  KeyFormats: 0x0011,
  ManagementCapabilities: 0x0012,
  Status: 0x0020,
  NextBlockStatus: 0x0021,
  RandomNumber: 0x0030,
} as const;

/** The page of SECURITY PROTOCOL OUT. */
export const SET_DATA_ENCRYPTION = 0x0010;

const HEADER_LENGTH = 4;

/** What is to be found at the position: no logical block, one that is not encrypted, one that can be read, or not. */
const NextBlock = { NotABlock: 2, Unencrypted: 3, Readable: 5, Unreadable: 6 } as const;

type PageBody = (drive: DriveState, nexus: Nexus) => Uint8Array;

const PAGES: ReadonlyMap<number, PageBody> = new Map<number, PageBody>([
  [SecurityPage.InList, () => codes([...PAGES.keys()])],
  [SecurityPage.OutList, () => codes([SET_DATA_ENCRYPTION])],
  [SecurityPage.Capabilities, capabilities],
  // Plain text keys alone.
  [SecurityPage.KeyFormats, () => new Uint8Array([0x00])],
  [SecurityPage.ManagementCapabilities, managementCapabilities],
  [SecurityPage.Status, status],
  [SecurityPage.NextBlockStatus, nextBlockStatus],
  [SecurityPage.RandomNumber, () => randomNumber(32)],
]);

/** A page, header included; `undefined` when there is no such page. The array is the caller's. */
export function securityPage(
  code: number,
  drive: DriveState,
  nexus: Nexus,
): Uint8Array | undefined {
  const body = PAGES.get(code)?.(drive, nexus);
  if (body === undefined) return undefined;
  const page = new Uint8Array(HEADER_LENGTH + body.length);
  writeU16(page, 0, code);
  writeU16(page, 2, body.length);
  page.set(body, HEADER_LENGTH);
  return page;
}

function codes(list: readonly number[]): Uint8Array {
  const body = new Uint8Array(list.length * 2);
  list.forEach((code, index) => writeU16(body, index * 2, code));
  return body;
}

/** SSC-4 §8.6.2.4; offsets are those of the page less its header. */
function capabilities(): Uint8Array {
  const body = new Uint8Array(16 + 24);
  const descriptor = body.subarray(16);
  descriptor[0] = ALGORITHM_INDEX;
  writeU16(descriptor, 2, 20);
  // MAC_C, DELB_C; decryption and encryption in hardware.
  descriptor[4] = 0x20 | 0x10 | 0x08 | 0x02;
  // The drive makes the nonce.
  descriptor[5] = 0x10;
  writeU16(descriptor, 6, MAX_UNAUTHENTICATED_BYTES);
  writeU16(descriptor, 8, MAX_AUTHENTICATED_BYTES);
  writeU16(descriptor, 10, KEY_BYTES);
  // RDMC_C 4: raw reads are off unless a page turns them on.
  descriptor[12] = 0x08;
  writeU32(descriptor, 20, ALGORITHM_CODE);
  return body;
}

/** LOCK is not there; keys may be cleared on demount and with reservations, and scopes are all three. */
function managementCapabilities(): Uint8Array {
  const body = new Uint8Array(12);
  body[1] = 0x07;
  body[3] = 0x07;
  return body;
}

function status(drive: DriveState, nexus: Nexus): Uint8Array {
  const { encryption } = drive;
  const parameters = encryption.parametersOf(nexus);
  const kads = encodeKads(parameters);
  const body = new Uint8Array(20 + kads.length);
  body[0] = (encryption.scopeOf(nexus) << 5) | parameters.scope;
  body[1] = parameters.encryptionMode;
  body[2] = parameters.decryptionMode;
  body[3] = parameters.scope === EncryptionScope.Public ? 0 : ALGORITHM_INDEX;
  writeU32(body, 4, encryption.counterOf(nexus));
  // RDMD: raw reads of what is written now are off.
  body[8] = parameters.rawReadEnabled ? 0 : 0x01;
  body.set(kads, 20);
  return body;
}

function nextBlockStatus(drive: DriveState, nexus: Nexus): Uint8Array {
  const { partition, object } = drive;
  const isRecord = object < partition.objectCount && partition.kind(object) !== "filemark";
  const seal = isRecord ? partition.seal(object) : undefined;
  const envelope = seal && decodeEnvelope(seal);
  const kads = envelope ? encodeKads(envelope) : new Uint8Array(0);
  const body = new Uint8Array(12 + kads.length);
  writeU64(body, 0, BigInt(object));
  body[8] = nextBlock(drive, nexus, isRecord, seal);
  body[9] = seal === undefined ? 0 : ALGORITHM_INDEX;
  body[10] = envelope === undefined || envelope.rawReadEnabled ? 0 : 0x01;
  body.set(kads, 12);
  return body;
}

function nextBlock(
  drive: DriveState,
  nexus: Nexus,
  isRecord: boolean,
  seal: Uint8Array | undefined,
): number {
  if (!isRecord) return NextBlock.NotABlock;
  if (seal === undefined) return NextBlock.Unencrypted;
  const isReadable = drive.encryption.refusal(nexus, seal) === undefined;
  return isReadable ? NextBlock.Readable : NextBlock.Unreadable;
}

/** Key-associated data descriptors: type, whether authenticated, length, data. */
function encodeKads({ unauthenticated, authenticated }: KeyAssociatedData): Uint8Array {
  const kads = [
    { type: KAD_UNAUTHENTICATED, status: 1, data: unauthenticated },
    { type: KAD_AUTHENTICATED, status: 2, data: authenticated },
  ].filter(({ data }) => data.length > 0);
  const bytes = new Uint8Array(kads.reduce((sum, { data }) => sum + 4 + data.length, 0));
  let at = 0;
  for (const { type, status, data } of kads) {
    bytes[at] = type;
    bytes[at + 1] = status;
    writeU16(bytes, at + 2, data.length);
    bytes.set(data, at + 4);
    at += 4 + data.length;
  }
  return bytes;
}
