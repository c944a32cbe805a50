/** What a tape of several partitions is, in a few lines: a list for each, and a cursor in one of them. */

import { type ModelObject, TapeModel } from "./tape_model.ts";

/** One record of so many bytes with these first ones, or a filemark. */
export type { ModelObject };

export class VolumeModel {
  partitions: TapeModel[];
  current = 0;
  blockBytes = 0;

  constructor(partitions = 1) {
    this.partitions = Array.from({ length: partitions }, () => new TapeModel());
  }

  get tape(): TapeModel {
    return this.partitions[this.current];
  }

  get cursor(): number {
    return this.tape.cursor;
  }

  set cursor(cursor: number) {
    this.tape.cursor = cursor;
  }

  get objects(): ModelObject[] {
    return this.tape.objects;
  }

  /** Stands before an object; of a partition that was left nothing is remembered. */
  go(object: number, partition = this.current): void {
    this.current = partition;
    this.cursor = Math.min(object, this.objects.length);
  }

  clone(): VolumeModel {
    const copy = new VolumeModel(this.partitions.length);
    copy.partitions.forEach((tape, at) => {
      tape.objects = [...this.partitions[at].objects];
      tape.cursor = this.partitions[at].cursor;
    });
    copy.current = this.current;
    copy.blockBytes = this.blockBytes;
    return copy;
  }

  /** The object after so many filemarks; end of data where there are fewer. */
  startOfFile(file: number): number | undefined {
    let at = 0;
    for (let left = file; left > 0; left--) {
      const next = this.objects.indexOf("filemark", at);
      if (next < 0) return undefined;
      at = next + 1;
    }
    return at;
  }

  /** What one READ brings in the mode that is set; a block of another length is passed, too. */
  read(): Uint8Array | "filemark" | "end-of-data" | "incorrect-length" {
    const next = this.tape.read();
    if (!(next instanceof Uint8Array) || this.blockBytes === 0) return next;
    return next.length === this.blockBytes ? next : "incorrect-length";
  }

  /** Writes data as one record, or as blocks. */
  write(data: Uint8Array): number {
    const blocks = this.cut(data);
    this.tape.write(...blocks);
    return blocks.length;
  }

  /** The objects that data is on tape. */
  cut(data: Uint8Array): Uint8Array[] {
    const bytes = this.blockBytes || data.length;
    return Array.from(
      { length: data.length / bytes },
      (_, at) => data.subarray(at * bytes, (at + 1) * bytes),
    );
  }
}
