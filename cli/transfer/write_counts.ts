/** How many records the writes to a drive have brought: in fixed-block mode one of them has many. */
export class WriteCounts {
  readonly #runs: { writes: number; readonly recordsEach: number }[] = [];

  /** Counts a write of so many records. */
  add(records: number): void {
    const last = this.#runs.at(-1);
    if (last?.recordsEach === records) last.writes++;
    else this.#runs.push({ writes: 1, recordsEach: records });
  }

  /** Records of the first so many writes. */
  recordsIn(writes: number): number {
    let left = writes;
    let records = 0;
    for (const run of this.#runs) {
      const taken = Math.min(left, run.writes);
      records += taken * run.recordsEach;
      left -= taken;
    }
    return records;
  }
}
