/** What a tape is, in a few lines: a list and a cursor. The drive is held against it. */

export type ModelObject = Uint8Array | "filemark";

export class TapeModel {
  objects: ModelObject[] = [];
  cursor = 0;

  /** What a read brings. */
  read(): Uint8Array | "filemark" | "end-of-data" {
    if (this.cursor >= this.objects.length) return "end-of-data";
    return this.objects[this.cursor++];
  }

  write(...objects: ModelObject[]): void {
    this.objects.length = this.cursor;
    this.objects.push(...objects);
    this.cursor = this.objects.length;
  }

  /** Moves over so many blocks; says what stopped it and how many were left. */
  spaceBlocks(count: number, stopsAtFilemarks: boolean): string | undefined {
    for (let left = Math.abs(count); left > 0; left--) {
      const next = count > 0 ? this.cursor : this.cursor - 1;
      if (next < 0) return `beginning-of-partition ${left}`;
      if (next >= this.objects.length) return `end-of-data ${left}`;
      this.cursor += Math.sign(count);
      if (this.objects[next] === "filemark" && stopsAtFilemarks) return `filemark ${left}`;
    }
    return undefined;
  }

  spaceFilemarks(count: number): string | undefined {
    for (let left = Math.abs(count); left > 0;) {
      const next = count > 0 ? this.cursor : this.cursor - 1;
      if (next < 0) return `beginning-of-partition ${left}`;
      if (next >= this.objects.length) return `end-of-data ${left}`;
      this.cursor += Math.sign(count);
      if (this.objects[next] === "filemark") left--;
    }
    return undefined;
  }
}
