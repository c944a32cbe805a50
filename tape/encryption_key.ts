/**
 * Keys as they are handed in: raw bytes, or the text of a key file. A key is never logged, shown or kept.
 *
 * @module
 */

import { checkBytes } from "./caller_bytes.ts";
import { TapeError } from "./errors.ts";

/**
 * Where a key comes from: its raw bytes, which stay the caller's; or a stream, such as that of a file or a descriptor, which brings its raw bytes or their
 * hex digits with or without a line end.
 */
export type EncryptionKeySource = Uint8Array | ReadableStream<Uint8Array>;

/** More than any key in hex with its line end, so that the wrong file is not read to its end. */
const MAX_SOURCE_BYTES = 1024;
const DOING = "take the encryption key from";

/**
 * The key in raw bytes, a new array that the caller overwrites after use.
 *
 * @throws {TapeError} of kind `invalid-argument` when it has another length, or is no bytes; the message does not show it.
 */
export async function readKey(source: EncryptionKeySource, keyBytes: number): Promise<Uint8Array> {
  const mayBeText = isStream(source);
  const given = mayBeText ? await readAll(source) : copyOf(source);
  if (given.length === keyBytes) return given;
  const key = mayBeText ? fromHex(given, keyBytes) : undefined;
  given.fill(0);
  if (key !== undefined) return key;
  throw new TapeError(
    "invalid-argument",
    `Cannot use the encryption key: it is not ${keyBytes} bytes long, nor ${
      2 * keyBytes
    } hex digits`,
  );
}

function isStream(source: EncryptionKeySource): source is ReadableStream<Uint8Array> {
  return typeof (source as Partial<ReadableStream> | null)?.getReader === "function";
}

function copyOf(source: Uint8Array): Uint8Array {
  checkBytes(source, DOING);
  return new Uint8Array(source);
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const all = new Uint8Array(MAX_SOURCE_BYTES);
  const reader = stream.getReader();
  try {
    let length = 0;
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const { value } = next;
      checkBytes(value, DOING);
      if (length + value.length > MAX_SOURCE_BYTES) {
        throw new TapeError(
          "invalid-argument",
          "Cannot use the encryption key: its source is too long",
        );
      }
      all.set(value, length);
      length += value.length;
      value.fill(0);
    }
    return all.slice(0, length);
  } catch (error) {
    await reader.cancel(error);
    throw error;
  } finally {
    all.fill(0);
  }
}

/** Digit by digit, because a string could not be overwritten. */
function fromHex(text: Uint8Array, keyBytes: number): Uint8Array | undefined {
  let end = text.length;
  while (end > 0 && text[end - 1] <= 0x20) end--;
  if (end !== 2 * keyBytes) return undefined;
  const key = new Uint8Array(keyBytes);
  for (let i = 0; i < end; i++) {
    const digit = hexDigit(text[i]);
    if (digit === undefined) {
      key.fill(0);
      return undefined;
    }
    key[i >> 1] |= digit << (i % 2 === 0 ? 4 : 0);
  }
  return key;
}

function hexDigit(code: number): number | undefined {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : undefined;
}
