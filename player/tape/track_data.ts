/**
 * What is in memory of one file of the tape: its records, one after the other, as they were read.
 */
export class TrackData {
  readonly #records: Uint8Array[] = [];
  /** Where each record begins in the file. */
  readonly #starts: number[] = [];
  #firstByte = 0;
  #endByte = 0;
  #isWhole = false;

  /** Where what is here begins, in bytes of the file. */
  get firstByte(): number {
    return this.#firstByte;
  }

  /** Where what is here ends. */
  get endByte(): number {
    return this.#endByte;
  }

  /** Bytes of memory taken. */
  get bytes(): number {
    return this.#endByte - this.#firstByte;
  }

  /** Whether the filemark after the file has been read: nothing follows. */
  get hasEnd(): boolean {
    return this.#isWhole;
  }

  /** Whether the file is here from its first byte to its last. */
  get isWhole(): boolean {
    return this.#isWhole && this.#firstByte === 0;
  }

  /** Takes a record, which is the data's from here on. */
  append(record: Uint8Array): void {
    this.#records.push(ownMemory(record));
    this.#starts.push(this.#endByte);
    this.#endByte += record.length;
  }

  /** Nothing follows. */
  end(): void {
    this.#isWhole = true;
  }

  /** Forgets the records that end at or before `offset`; answers how many bytes that freed. */
  dropBefore(offset: number): number {
    const before = this.#firstByte;
    let count = 0;
    while (count < this.#records.length && this.#endOf(count) <= offset) count++;
    this.#records.splice(0, count);
    this.#starts.splice(0, count);
    this.#firstByte = this.#starts[0] ?? this.#endByte;
    return this.#firstByte - before;
  }

  /** What there is from `offset` to the end of its record; `undefined` where nothing is (yet). */
  at(offset: number): Uint8Array | undefined {
    if (offset < this.#firstByte || offset >= this.#endByte) return undefined;
    const index = this.#indexOf(offset);
    return this.#records[index].subarray(offset - this.#starts[index]);
  }

  /** A copy of the bytes from `from` up to `to`, both within what is here. */
  copy(from: number, to: number): Uint8Array {
    const bytes = new Uint8Array(to - from);
    for (let at = from; at < to;) {
      const piece = this.at(at)!.subarray(0, to - at);
      bytes.set(piece, at - from);
      at += piece.length;
    }
    return bytes;
  }

  #endOf(index: number): number {
    return this.#starts[index] + this.#records[index].length;
  }

  /** The record that holds `offset`: the last that begins at or before it. */
  #indexOf(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** A record may stand in a buffer that is far larger; kept for long, it would keep all of that. */
function ownMemory(record: Uint8Array): Uint8Array {
  return record.buffer.byteLength > record.length + 4096 ? record.slice() : record;
}
