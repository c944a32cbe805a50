/** The writes of a walk over the features of a drive, by their numbers: where each stands, what is durable, and whether an error tells what became of them. */

import assert from "node:assert/strict";
import type { TapeError } from "../../tape/errors.ts";
import { concat } from "../../transport/concat.ts";
import type { FeatureUse } from "./feature_use.ts";
import type { ModelObject } from "./tape_model.ts";

type Writes = TapeError["writes"];

/** A record of the caller's on the tape. */
interface Place {
  readonly partition: number;
  readonly at: number;
  readonly count: number;
  readonly data: Uint8Array;
}

export class WriteAccount {
  readonly #walk: FeatureUse;
  /** Where the record of each write stands. */
  readonly #places = new Map<number, Place>();
  /** Objects of each partition that have been flushed and not written over since. */
  #durable: number[] = [];
  /** The writes with lower numbers were flushed. */
  #flushedUpTo = 0;
  #next = 0;
  /** The writes with lower numbers were written, as far as was told. */
  #written = 0;
  /** The last write, when it is not on the tape. */
  #gone = Infinity;

  constructor(walk: FeatureUse) {
    this.#walk = walk;
  }

  /** A write has succeeded where the caller stands. */
  written(number: number, data: Uint8Array): void {
    const { model } = this.#walk;
    assert.ok(number >= this.#next, "the numbers of writes go up");
    this.#written = number + 1;
    this.#counted(number);
    this.overwritten();
    const at = model.cursor;
    const count = model.write(data);
    this.#places.set(number, { partition: model.current, at, count, data });
  }

  /** The write of this number stands on the tape. */
  #counted(number: number): void {
    this.#next = number + 1;
    this.#gone = Infinity;
  }

  /** What stood where the caller stands is gone. */
  overwritten(): void {
    const { current, cursor } = this.#walk.model;
    for (const [number, { partition, at, count }] of this.#places) {
      if (partition === current && at + count > cursor) this.#places.delete(number);
    }
    this.#durable[current] = Math.min(this.#durable[current] ?? 0, cursor);
  }

  flushed(): void {
    this.#durable = this.#walk.model.partitions.map(({ objects }) => objects.length);
    this.#flushedUpTo = this.#written;
  }

  /** The caller was told that the writes from this one on may not be written. */
  told(writes: Writes): void {
    this.#written = Math.min(this.#written, writes?.written ?? Infinity);
  }

  /** What has been written since the last flush the caller has not heard of. */
  unheard(): void {
    this.#written = this.#flushedUpTo;
  }

  /** Nothing of what was written is there any more. */
  forget(): void {
    this.forgetPlaces();
    this.#durable = [];
  }

  /** Where each write stands does not matter any more. */
  forgetPlaces(): void {
    this.#places.clear();
  }

  /** The drive was opened anew: its writes are numbered from the beginning. */
  restart(): void {
    this.forgetPlaces();
    this.#next = this.#written = this.#flushedUpTo = 0;
    this.#gone = Infinity;
  }

  /** Where the record of a write begins. */
  beginningOf(number: number): number | undefined {
    return this.#places.get(number)?.at;
  }

  /** What an error says of the writes is so. */
  check(writes: Writes, message: string): void {
    if (writes === undefined) return;
    const { attempted, setting, events } = this.#walk;
    if (setting.writeBehind === 0 && !events.isMovedByOthers) {
      assert.ok(writes.durable >= this.#flushedUpTo, `${message}: what was flushed is durable`);
    }
    assert.ok(writes.written >= writes.durable, message);
    // A write that failed may have been written all the same.
    if (writes.isCertain && writes.written > this.#next) this.#counted(writes.written - 1);
    const { durable } = writes;
    assert.ok(durable <= this.#gone, `${message}: ${durable} are durable, ${this.#gone} is gone`);
    this.told(writes);
    const told = new Set(writes.unwritten.map(({ number }) => number));
    assert.equal(told.size, writes.unwritten.length, message);
    for (const { number, data } of writes.unwritten) {
      const given = this.#places.get(number)?.data;
      const isGiven = given !== undefined
        ? endsWith(given, data)
        : attempted.some((each) => endsWith(each, data));
      assert.ok(isGiven, `${message}: the bytes of write ${number} are those that were given`);
    }
    if (!writes.isCertain) return;
    for (const number of this.#places.keys()) {
      const isTold = number < writes.written || told.has(number);
      assert.ok(isTold, `${message}: write ${number} is written or told of`);
    }
  }

  /** How many objects of the current partition are there for certain, by what an error says. */
  kept(writes: Writes, isQuiet: boolean): number {
    const { model, setting } = this.#walk;
    const { cursor, objects, current } = model;
    if (writes === undefined) return isQuiet ? objects.length : cursor;
    const place = (number: number) => {
      const found = this.#places.get(number);
      return found?.partition === current ? found : undefined;
    };
    const first = writes.unwritten[0]?.number;
    if (writes.isCertain) {
      const stopped = first === undefined ? undefined : place(first)?.at;
      return stopped ?? (isQuiet && first === undefined ? objects.length : cursor);
    }
    const flushed = setting.writeBehind > 0 ? 0 : this.#durable[current] ?? 0;
    let last = writes.durable - 1;
    while (last >= 0 && place(last) === undefined) last--;
    const told = last < 0 ? 0 : place(last)!.at + place(last)!.count;
    return Math.min(Math.max(told, flushed), cursor);
  }

  /** This is on the tape. `isOwnDoing`: the operation that failed may itself have taken records from it. */
  adopt(tape: readonly (readonly ModelObject[])[], isOwnDoing: boolean): void {
    tape.forEach((objects, partition) => {
      this.#durable[partition] = Math.min(this.#durable[partition] ?? 0, objects.length);
    });
    for (const [number, { partition, at, count, data }] of this.#places) {
      const blocks = tape[partition].slice(at, at + count) as Uint8Array[];
      const isThere = blocks.every((each) => each instanceof Uint8Array) &&
        sameBytes(concat(blocks), data);
      if (isThere) continue;
      this.#places.delete(number);
      if (number + 1 === this.#next && !isOwnDoing) this.#gone = number;
    }
  }
}

function endsWith(whole: Uint8Array, end: Uint8Array): boolean {
  return end.length <= whole.length && sameBytes(whole.subarray(whole.length - end.length), end);
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
