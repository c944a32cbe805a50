/**
 * CRC32C, the Castagnoli CRC that protects iSCSI's headers and the blocks of a tape (RFC 7143 §13.1, SSC-4).
 *
 * @module
 */

/** The Castagnoli polynomial, bit-reversed. */
const CRC32C_POLYNOMIAL = 0x82f63b78;

const SLICES = 4;
const tables: Int32Array = buildTables();

function buildTables(): Int32Array {
  const result = new Int32Array(256 * SLICES);
  for (let index = 0; index < 256; index++) {
    let crc = index;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ CRC32C_POLYNOMIAL : crc >>> 1;
    result[index] = crc;
  }
  for (let index = 256; index < result.length; index++) {
    const previous = result[index - 256];
    result[index] = (previous >>> 8) ^ result[previous & 0xff];
  }
  return result;
}

/**
 * The CRC32C of `bytes`, as an unsigned number. iSCSI's digests and the logical block protection of tapes have it
 * least significant byte first.
 *
 * @param before The CRC of the bytes that precede them.
 */
export function crc32c(bytes: Uint8Array, before: number = 0): number {
  let crc = ~before;
  let at = 0;
  for (const end = bytes.length - 3; at < end; at += 4) {
    crc ^= bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    crc = tables[768 + (crc & 0xff)] ^ tables[512 + ((crc >>> 8) & 0xff)] ^
      tables[256 + ((crc >>> 16) & 0xff)] ^ tables[crc >>> 24];
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ tables[(crc ^ bytes[at]) & 0xff];
  return ~crc >>> 0;
}
