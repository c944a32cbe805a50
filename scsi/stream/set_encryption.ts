/**
 * The Set Data Encryption page: gives a tape drive a key, or takes it away (SSC-4).
 *
 * @module
 */

import { writeU16 } from "../big_endian.ts";
import { checkedField } from "../cdb_field.ts";
import {
  DECRYPTION_MODES,
  type DecryptionMode,
  ENCRYPTION_MODES,
  ENCRYPTION_SCOPES,
  type EncryptionMode,
  type EncryptionScope,
} from "./encryption_status.ts";

/** Page code of Set Data Encryption. */
export const SET_ENCRYPTION_PAGE = 0x0010;

/** What to set. */
export interface EncryptionSettings {
  /** Whom it is for: `public` takes back what this initiator has set, `local` for this initiator, `all` for all of them. */
  readonly scope: EncryptionScope;
  /** What is done on writing. */
  readonly encryption: EncryptionMode;
  /** What is done on reading. */
  readonly decryption: DecryptionMode;
  /** Which of the drive's algorithms. */
  readonly algorithmIndex: number;
  /** The key; none where both modes are off. It is copied into the page, which holds it in the clear. */
  readonly key?: Uint8Array;
  /** Data that is written beside each block and readable without the key: a name of the key, as a rule. @default none */
  readonly unauthenticatedData?: Uint8Array;
  /** The same, but checked along with the block. @default none */
  readonly authenticatedData?: Uint8Array;
  /** LOCK: refuses to go on when another initiator changes the key in between. @default false */
  readonly lock?: boolean;
  /** CKOD: forgets the key when the tape is taken out. @default false */
  readonly clearOnUnload?: boolean;
  /** CKORP: forgets the key when a persistent reservation is preempted. @default false */
  readonly clearOnPreempt?: boolean;
  /** CKORL: forgets the key when a reservation is lost. @default false */
  readonly clearOnReservationLoss?: boolean;
  /** RDMC: what becomes of reading raw: 0 the drive's default, 2 allowed, 3 forbidden. @default 0 */
  readonly rawDecryptionControl?: number;
  /** CEEM: what the drive checks of how blocks were encrypted: 0 its default, 1 nothing, 2 that encryption was by a drive, 3 that it was outside. @default 0 */
  readonly checkExternal?: number;
}

const HEADER = 20;
const KAD_HEADER = 4;
const UNAUTHENTICATED = 0;
const AUTHENTICATED = 1;

function codeOf<T>(names: readonly T[], name: T): number {
  return names.indexOf(name);
}

function controlsOf(settings: EncryptionSettings): number {
  const { clearOnUnload, clearOnPreempt, clearOnReservationLoss } = settings;
  const { rawDecryptionControl = 0, checkExternal = 0 } = settings;
  return (checkedField("external encryption checking", checkExternal, 3) << 6) |
    (checkedField("raw decryption control", rawDecryptionControl, 3) << 4) |
    (clearOnUnload ? 0x04 : 0) | (clearOnPreempt ? 0x02 : 0) | (clearOnReservationLoss ? 0x01 : 0);
}

/**
 * Encodes the page, header included. It holds the key: overwrite it once it was sent. The array is the caller's.
 *
 * @throws {RangeError} when a value does not fit.
 */
export function encodeSetEncryption(settings: EncryptionSettings): Uint8Array {
  const { key = new Uint8Array(0), unauthenticatedData, authenticatedData } = settings;
  const associated = [
    { type: UNAUTHENTICATED, data: unauthenticatedData },
    { type: AUTHENTICATED, data: authenticatedData },
  ];
  const length = associated.reduce(
    (sum, { data }) => sum + (data === undefined ? 0 : KAD_HEADER + data.length),
    HEADER + key.length,
  );
  const page = new Uint8Array(length);
  writeU16(page, 0, SET_ENCRYPTION_PAGE);
  writeU16(page, 2, checkedField("a page length", length - 4, 0xffff));
  page[4] = (codeOf(ENCRYPTION_SCOPES, settings.scope) << 5) | (settings.lock ? 0x01 : 0);
  page[5] = controlsOf(settings);
  page[6] = codeOf(ENCRYPTION_MODES, settings.encryption);
  page[7] = codeOf(DECRYPTION_MODES, settings.decryption);
  page[8] = checkedField("an algorithm index", settings.algorithmIndex, 0xff);
  writeU16(page, 18, key.length);
  page.set(key, HEADER);
  let at = HEADER + key.length;
  for (const { type, data } of associated) {
    if (data === undefined) continue;
    page[at] = type;
    writeU16(page, at + 2, data.length);
    page.set(data, at + KAD_HEADER);
    at += KAD_HEADER + data.length;
  }
  return page;
}
