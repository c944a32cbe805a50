/** What the drives of a library do with the tapes that the arm brings them. */

import assert from "node:assert/strict";
import { openTape } from "../../../open_tape.ts";
import type { Unloadable } from "../../../changer/options.ts";
import type { Cartridge } from "../../../sim/changer/cartridge.ts";
import { TapeError } from "../../../tape/errors.ts";
import type { TapeDrive } from "../../../tape/tape_drive.ts";
import { pick } from "./library_setting.ts";
import { LONGEST_MS, type WalkParts } from "./walk_parts.ts";

/** A drive that stays open while the arm comes and goes. */
interface Kept {
  readonly drive: TapeDrive;
  /** What it has been used with. */
  readonly cartridge: Cartridge;
  /** How often something had been moved by then. */
  readonly moves: number;
}

export class TapeSteps {
  readonly #parts: WalkParts;
  readonly #contents = new Map<Cartridge, Uint8Array[]>();
  readonly #kept = new Map<number, Kept>();
  #records = 0;

  constructor(parts: WalkParts) {
    this.#parts = parts;
  }

  /** Uses a drive anew, or one that stayed open. */
  async step(): Promise<void> {
    const { random, library } = this.#parts;
    const number = random.below(library.setting.drives);
    const kept = this.#kept.get(number);
    if (kept !== undefined) return await this.#useAgain(number, kept);
    const cartridge = library.library.drives[number].cartridge;
    const drive = await this.#open(number);
    if (drive === undefined) {
      this.#parts.trace.push(`tape ${number}: not ready`);
      const isEjected = !library.library.drives[number].holdsFast;
      return assert.ok(cartridge === undefined || isEjected, "a tape that is there");
    }
    assert.ok(cartridge !== undefined && !cartridge.cleaning, "a tape that is not there");
    const isWrite = !this.#contents.has(cartridge) || random.below(2) === 0;
    await this.#settle(isWrite ? this.#write(drive, cartridge) : this.#read(drive, cartridge));
    this.#parts.trace.push(`tape ${number}: ${isWrite ? "written" : "read"}`);
    if (random.below(3) === 0) this.#kept.set(number, { drive, cartridge, moves: library.moves });
    else await this.#settle(drive.close());
  }

  /** Whether the arm may have come since it was opened, or it has unloaded its tape, and may say so. */
  isStale(number: number): boolean {
    const kept = this.#kept.get(number);
    if (kept === undefined) return false;
    const { library } = this.#parts;
    return kept.moves !== library.moves || !library.library.drives[number].holdsFast;
  }

  /** How to have a drive give its cartridge up. */
  unloader(number: number): Unloadable {
    const kept = this.#kept.get(number);
    if (kept !== undefined) return kept.drive;
    return async () => {
      const { connection } = this.#parts;
      const sleep = this.#parts.time.clock.sleep;
      const drive = await openTape(this.#url(number), {
        ...connection,
        sleep,
        requireMedium: false,
      });
      try {
        await drive.unload();
      } finally {
        await drive.close();
      }
    };
  }

  /** Every tape holds what was written to it, and nothing else. */
  check(): void {
    for (const [cartridge, records] of this.#contents) {
      const found = recordsOn(cartridge);
      assert.deepEqual(found, records, `what ${cartridge.barcode} holds`);
    }
  }

  async close(): Promise<void> {
    for (const number of [...this.#kept.keys()]) await this.#let(number);
  }

  async #useAgain(number: number, { drive, cartridge }: Kept): Promise<void> {
    const now = this.#parts.library.library.drives[number].cartridge;
    const record = this.#record();
    try {
      await this.#settle(drive.write(record));
      assert.equal(now, cartridge, "a write that went to another tape");
      const found = recordsOn(cartridge);
      assert.deepEqual(found.at(-1), record);
      const before = this.#contents.get(cartridge)!;
      assert.deepEqual(found.slice(0, -1), before.slice(0, found.length - 1));
      this.#contents.set(cartridge, found);
      this.#parts.trace.push(`tape ${number}: written on`);
    } catch (error) {
      if (!(error instanceof TapeError)) throw error;
      this.#parts.trace.push(`tape ${number}: ${error.kind}`);
      await this.#let(number);
      return;
    }
    if (this.#parts.random.below(2) === 0) await this.#let(number);
  }

  async #let(number: number): Promise<void> {
    const kept = this.#kept.get(number);
    this.#kept.delete(number);
    await this.#settle(
      kept!.drive.close().catch((error) => {
        if (!(error instanceof TapeError)) throw error;
      }),
    );
  }

  async #open(number: number): Promise<TapeDrive | undefined> {
    const { connection, time } = this.#parts;
    const { sleep } = time.clock;
    const recordBytesHint = 64;
    const options = { ...connection, sleep, recordBytesHint, load: true };
    const promise = openTape(this.#url(number), options).catch((error) => {
      if (error instanceof TapeError) return undefined;
      throw error;
    });
    return await this.#settle(promise);
  }

  async #write(drive: TapeDrive, cartridge: Cartridge): Promise<void> {
    await drive.rewind();
    const records = Array.from({ length: 1 + this.#parts.random.below(3) }, () => this.#record());
    for (const record of records) await drive.write(record);
    await drive.flush();
    this.#contents.set(cartridge, records);
  }

  async #read(drive: TapeDrive, cartridge: Cartridge): Promise<void> {
    await drive.rewind();
    const found: Uint8Array[] = [];
    for (;;) {
      const result = await drive.read();
      if (result.kind === "end-of-data") break;
      assert.ok(result.kind === "record");
      found.push(result.data);
    }
    assert.deepEqual(found, this.#contents.get(cartridge), `what ${cartridge.barcode} holds`);
    if (found.length > 0 && this.#parts.random.below(2) === 0) {
      await drive.locate(this.#parts.random.below(found.length));
    }
  }

  #record(): Uint8Array {
    const length = pick(this.#parts.random, [8, 20, 60]);
    const record = new Uint8Array(length);
    new DataView(record.buffer).setUint32(0, ++this.#records);
    return record;
  }

  #url(number: number): string {
    return this.#parts.target().urls[number + 1];
  }

  #settle<T>(promise: Promise<T>): Promise<T> {
    return this.#parts.time.settle(promise, "a tape", LONGEST_MS);
  }
}

function recordsOn({ medium }: Cartridge): Uint8Array[] {
  const [partition] = medium.partitions;
  return Array.from({ length: partition.objectCount }, (_, object) => {
    assert.equal(partition.kind(object), "record");
    return partition.read(object, 1000).slice();
  });
}
