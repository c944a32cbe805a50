/**
 * Keys as they are handed in: raw bytes, or the text of a key file. A key is never logged, shown or kept.
 *
 * @module
 */

import { TapeError } from "./errors.ts";

/**
 * Where a key comes from: its raw bytes, which stay the caller's; or a stream, such as that of a file or a descriptor, which brings its raw bytes or their
 * hex digits with or without a line end.
 */
export type EncryptionKeySource = Uint8Array | ReadableStream<Uint8Array>;

/** More than any key in hex with its line end, so that the wrong file is not read to its end. */
const MAX_SOURCE_BYTES = 1024;

/**
 * The key in raw bytes, a new array that the caller overwrites after use.
 *
 * @throws {TapeError} of kind `invalid-argument` when it has another length; the message does not show it.
 */
export async function readKey(source: EncryptionKeySource, keyBytes: number): Promise<Uint8Array> {
  const given = source instanceof Uint8Array ? new Uint8Array(source) : await readAll(source);
  if (given.length === keyBytes) return given;
  const key = source instanceof Uint8Array ? undefined : fromHex(given, keyBytes);
  given.fill(0);
  if (key !== undefined) return key;
  throw new TapeError(
    "invalid-argument",
    `Cannot use the encryption key: it is not ${keyBytes} bytes long, nor ${
      2 * keyBytes
    } hex digits`,
  );
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const all = new Uint8Array(MAX_SOURCE_BYTES);
  const reader = stream.getReader();
  let length = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const { value } = next;
    if (length + value.length > MAX_SOURCE_BYTES) {
      await reader.cancel();
      all.fill(0);
      throw new TapeError(
        "invalid-argument",
        "Cannot use the encryption key: its source is too long",
      );
    }
    all.set(value, length);
    length += value.length;
    value.fill(0);
  }
  const given = all.slice(0, length);
  all.fill(0);
  return given;
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
