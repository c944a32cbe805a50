/**
 * The blocks of a RAM disk: room is taken when a block is written and given back when it is unmapped.
 *
 * @module
 */

/** Bytes of one piece of room: small enough that a disk of gigabytes costs nothing, large enough to be few. */
const PIECE_BYTES = 1 << 20;

/** Logical blocks of one length. Ranges are checked by the caller. */
export class BlockStore {
  readonly blocks: number;
  readonly blockBytes: number;
  readonly #pieceBlocks: number;
  readonly #pieces = new Map<number, Uint8Array>();
  /** One byte for each block of a piece: 1 where it is mapped. */
  readonly #mapped = new Map<number, Uint8Array>();

  constructor(blocks: number, blockBytes: number) {
    this.blocks = blocks;
    this.blockBytes = blockBytes;
    this.#pieceBlocks = Math.max(1, Math.floor(PIECE_BYTES / blockBytes));
  }

  /** A copy of some blocks; those that are not mapped are zeros. */
  read(lba: number, count: number): Uint8Array {
    const bytes = new Uint8Array(count * this.blockBytes);
    this.#forPieces(lba, count, (piece, first, blocks, done) => {
      const from = this.#pieces.get(piece);
      if (from === undefined) return;
      const { blockBytes } = this;
      bytes.set(
        from.subarray(first * blockBytes, (first + blocks) * blockBytes),
        done * blockBytes,
      );
    });
    return bytes;
  }

  /** Whether some blocks are those in `bytes`, a whole number of blocks; else the offset of the first byte that is not. */
  compare(lba: number, bytes: Uint8Array): true | number {
    const stored = this.read(lba, bytes.length / this.blockBytes);
    for (let at = 0; at < stored.length; at++) if (stored[at] !== bytes[at]) return at;
    return true;
  }

  /** Writes a whole number of blocks. The bytes are copied. */
  write(lba: number, bytes: Uint8Array): void {
    const { blockBytes } = this;
    this.#forPieces(lba, bytes.length / blockBytes, (piece, first, blocks, done) => {
      const source = bytes.subarray(done * blockBytes, (done + blocks) * blockBytes);
      this.#room(piece).set(source, first * blockBytes);
      this.#mark(piece, first, blocks);
    });
  }

  /** Writes one block to each of a range. */
  fill(lba: number, count: number, block: Uint8Array): void {
    const { blockBytes } = this;
    this.#forPieces(lba, count, (piece, first, blocks) => {
      const room = this.#room(piece);
      for (let each = first; each < first + blocks; each++) room.set(block, each * blockBytes);
      this.#mark(piece, first, blocks);
    });
  }

  /** Gives the room of a range back; its blocks are zeros from then on. */
  unmap(lba: number, count: number): void {
    const { blockBytes } = this;
    this.#forPieces(lba, count, (piece, first, blocks) => {
      const bits = this.#mapped.get(piece);
      if (bits === undefined) return;
      if (blocks === this.#pieceBlocks) return this.#drop(piece);
      this.#pieces.get(piece)?.fill(0, first * blockBytes, (first + blocks) * blockBytes);
      bits.fill(0, first, first + blocks);
      if (!bits.includes(1)) this.#drop(piece);
    });
  }

  /** How many blocks from `lba` on are mapped, or are not, alike. */
  extent(lba: number): { readonly mapped: boolean; readonly blocks: number } {
    const mapped = this.#isMapped(lba);
    let end = lba + 1;
    while (end < this.blocks) {
      const piece = Math.floor(end / this.#pieceBlocks);
      if (!this.#mapped.has(piece)) {
        if (mapped) break;
        end = (piece + 1) * this.#pieceBlocks;
      } else if (this.#isMapped(end) === mapped) end++;
      else break;
    }
    return { mapped, blocks: Math.min(end, this.blocks) - lba };
  }

  #isMapped(lba: number): boolean {
    const bits = this.#mapped.get(Math.floor(lba / this.#pieceBlocks));
    return bits !== undefined && bits[lba % this.#pieceBlocks] === 1;
  }

  #mark(piece: number, first: number, blocks: number): void {
    this.#mapped.get(piece)!.fill(1, first, first + blocks);
  }

  #room(piece: number): Uint8Array {
    const there = this.#pieces.get(piece);
    if (there !== undefined) return there;
    const room = new Uint8Array(this.#pieceBlocks * this.blockBytes);
    this.#pieces.set(piece, room);
    this.#mapped.set(piece, new Uint8Array(this.#pieceBlocks));
    return room;
  }

  #drop(piece: number): void {
    this.#pieces.delete(piece);
    this.#mapped.delete(piece);
  }

  /** Piece by piece: its number, the first block in it, how many, and how many came before. */
  #forPieces(
    lba: number,
    count: number,
    each: (piece: number, first: number, blocks: number, done: number) => void,
  ): void {
    for (let done = 0; done < count;) {
      const piece = Math.floor((lba + done) / this.#pieceBlocks);
      const first = (lba + done) % this.#pieceBlocks;
      const blocks = Math.min(count - done, this.#pieceBlocks - first);
      each(piece, first, blocks, done);
      done += blocks;
    }
  }
}
