import { type LocateTarget, type ReadResult, SpaceStoppedError } from "@uiscsi/tape";
import type { PlayableDrive } from "../tape/tape_place.ts";

/** A record, or a filemark. */
export type TapeObject = Uint8Array | "filemark";

/** A drive in memory that stalls and fails when told to, and tells what was asked of it. */
export class FakeDrive implements PlayableDrive {
  /** What is on the tape; end of data follows. */
  readonly tape: TapeObject[];
  /** Awaited before each read. */
  beforeRead: (signal?: AbortSignal) => Promise<void> = () => Promise.resolve();
  /** Thrown by the read of that object, once. */
  readonly failures = new Map<number, Error>();
  /** Motions, as they were asked for. */
  readonly motions: string[] = [];
  /** The next object. */
  at = 0;

  constructor(tape: readonly TapeObject[]) {
    this.tape = [...tape];
  }

  async read({ signal }: { readonly signal?: AbortSignal } = {}): Promise<ReadResult> {
    await this.beforeRead(signal);
    signal?.throwIfAborted();
    const failure = this.failures.get(this.at);
    if (failure !== undefined) {
      this.failures.delete(this.at);
      throw failure;
    }
    const object = this.tape[this.at];
    if (object === undefined) return { kind: "end-of-data" };
    this.at++;
    if (object === "filemark") return { kind: "filemark" };
    return { kind: "record", data: object.slice() };
  }

  space(_what: "filemarks", count: number): Promise<{ spaced: number }> {
    this.motions.push(`space ${count}`);
    for (let left = count; left > 0;) {
      if (this.at >= this.tape.length) {
        return Promise.reject(new SpaceStoppedError("end-of-data", "Cannot space: end of data"));
      }
      if (this.tape[this.at++] === "filemark") left--;
    }
    return Promise.resolve({ spaced: count });
  }

  async locate(target: LocateTarget): Promise<void> {
    const { file } = target as { readonly file: number };
    this.motions.push(`locate file ${file}`);
    this.at = 0;
    if (file > 0) await this.space("filemarks", file);
    if (file > 0) this.motions.pop();
  }

  rewind(): Promise<void> {
    this.motions.push("rewind");
    this.at = 0;
    return Promise.resolve();
  }
}

/** Files in records of the given lengths, each length used in turn, a filemark after each file and two at the end. */
export function tapeOf(files: readonly Uint8Array[], recordBytes: readonly number[]): TapeObject[] {
  const objects = files.flatMap((bytes): TapeObject[] => {
    const records: TapeObject[] = [];
    for (let at = 0; at < bytes.length;) {
      const length = recordBytes[records.length % recordBytes.length];
      records.push(bytes.slice(at, at + length));
      at += length;
    }
    return [...records, "filemark"];
  });
  return [...objects, "filemark"];
}
