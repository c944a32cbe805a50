const CHUNK_BYTES = 1024 * 1024;

/** `bytes` bytes that no two files share, in chunks of 1 MiB: xorshift32 from a seed. */
export async function* generatedData(bytes: number, seed: number): AsyncGenerator<Uint8Array> {
  let state = 0x9e3779b9 ^ (seed + 1);
  for (let left = bytes; left > 0; left -= CHUNK_BYTES) {
    const words = new Uint32Array(CHUNK_BYTES / 4);
    for (let index = 0; index < words.length; index++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words[index] = state;
    }
    yield await Promise.resolve(new Uint8Array(words.buffer, 0, Math.min(left, CHUNK_BYTES)));
  }
}
