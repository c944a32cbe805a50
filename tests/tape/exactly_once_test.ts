import assert from "node:assert/strict";
import { TapeError } from "../../tape/errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { Random, seed } from "../scsi/random.ts";
import { FaultyLink } from "./faulty_link.ts";
import type { TargetHabits } from "./sim_unit.ts";

const RECORDS = 2000;
const FAULTS = 200;

/** Someone who keeps every record until it is on tape, and believes what an error says. */
class Archive {
  readonly random: Random;
  readonly link: FaultyLink;
  readonly records: Uint8Array[];
  /** Which record has which write number. */
  readonly #recordOf = new Map<number, number>();
  /** Which record stands first behind so many objects of the tape. */
  #next = 0;
  uncertain = 0;
  certain = 0;
  #drive: TapeDrive | undefined;

  constructor(random: Random, habits: TargetHabits) {
    this.random = random;
    this.link = new FaultyLink(random, { habits });
    const bytes = random.bytes(2600);
    this.records = Array.from({ length: RECORDS }, (_, number) => {
      const record = bytes.slice(random.below(1000)).subarray(0, 4 + random.below(1500));
      new DataView(record.buffer).setUint32(0, number);
      return record;
    });
  }

  get drive(): TapeDrive {
    return this.#drive!;
  }

  async open(writeBehind: number): Promise<void> {
    const sleep = () => Promise.resolve();
    this.#drive = await TapeDrive.open(this.link, { sleep, writeBehind });
    await this.drive.rewind();
  }

  /** Writes all, with a fault before every tenth record or so. */
  async writeAll(fault: () => void): Promise<void> {
    while (this.#next < RECORDS) {
      if (this.random.below(RECORDS / FAULTS) === 0) fault();
      await this.#survive(() => this.#writeNext());
      if (this.random.below(40) === 0) await this.#survive(() => this.drive.flush());
    }
    while (!await this.#survive(() => this.drive.flush())) {
      while (this.#next < RECORDS) await this.#survive(() => this.#writeNext());
    }
  }

  async #writeNext(): Promise<void> {
    const at = this.#next++;
    const { number } = await this.drive.write(this.records[at]);
    this.#recordOf.set(number, at);
  }

  async #survive(operation: () => Promise<void>): Promise<boolean> {
    try {
      await operation();
      return true;
    } catch (error) {
      assert.ok(error instanceof TapeError, `${error}`);
      await this.#goOn(error);
      return false;
    }
  }

  /** What is durable stays; from there on everything is written again, unless it is certain that more stands there. */
  async #goOn(error: TapeError): Promise<void> {
    const { writes } = error;
    assert.ok(writes, `${error.name} does not say what was written: ${error.stack}`);
    const isCertain = writes.isCertain && writes.unwritten.length > 0;
    if (isCertain) this.certain++;
    else this.uncertain++;
    for (const { number } of writes.unwritten) this.#recordOf.delete(number);
    let last = writes.durable - 1;
    while (last >= 0 && !this.#recordOf.has(last)) last--;
    const durable = last < 0 ? 0 : this.#recordOf.get(last)! + 1;
    this.#checkTape(durable);
    for (const { data } of writes.unwritten) {
      assert.deepEqual(data, this.records[recordIn(data)]);
    }
    const from = isCertain ? recordIn(writes.unwritten[0].data) : durable;
    while (!await this.#goTo(from));
    this.#next = from;
  }

  /** To behind so many records, from the beginning: for that any drive will do. */
  async #goTo(record: number): Promise<boolean> {
    try {
      await this.drive.rewind();
      if (record > 0) await this.drive.space("blocks", record);
      return true;
    } catch (error) {
      assert.ok(error instanceof TapeError, `${error}`);
      return false;
    }
  }

  /** The tape begins with the first `count` records. */
  #checkTape(count: number): void {
    const objects = this.link.sim.drive.objects().slice(0, count);
    const numbers = objects.map((object) =>
      object.kind === "filemark" ? -1 : recordIn(object.data)
    );
    assert.deepEqual(numbers, Array.from({ length: count }, (_, number) => number));
  }

  /** Every record is on the tape once, whole, in order. */
  check(): void {
    const objects = this.link.sim.drive.objects();
    this.#checkTape(RECORDS);
    assert.equal(objects.length, RECORDS);
    objects.forEach((object, at) => {
      assert.ok(object.kind !== "filemark");
      assert.deepEqual(object.data, this.records[at]);
    });
  }
}

function recordIn(data: Uint8Array): number {
  return new DataView(data.buffer, data.byteOffset).getUint32(0);
}

async function archive(writeBehind: number, habits: TargetHabits = "exact") {
  const start = seed();
  const random = new Random(start);
  const one = new Archive(random, habits);
  await one.open(writeBehind);
  return { one, random, start };
}

for (const writeBehind of [0, 16]) {
  for (const habits of ["exact", "istgt"] as const) {
    Deno.test(`2,000 records stand on the tape once and in order when the connection is lost 200 times: ${habits}, write-behind ${writeBehind}`, async () => {
      const { one, random, start } = await archive(writeBehind, habits);
      await one.writeAll(() => one.link.left = 1 + random.below(10));
      await one.drive.close();
      one.check();
      assert.ok(one.link.cuts > FAULTS / 2, `${one.link.cuts} cuts`);
      // Only what was cut before two writes had proven the drive's numbers is left to the caller.
      assert.ok(one.uncertain <= one.link.cuts / 3, `${one.uncertain} uncertain, seed ${start}`);
      if (writeBehind > 0) assert.ok(one.link.mostUnderWay > 8);
    });
  }

  Deno.test(`a drive that resets and loses its buffer is told of, with what is on tape: write-behind ${writeBehind}`, async () => {
    const { one, random, start } = await archive(writeBehind);
    // What is under way behind the reset may overwrite the beginning, and then all has to be written anew.
    const seldom = writeBehind > 0 ? 30 : 5;
    await one.writeAll(() => {
      if (random.below(seldom) === 0) one.link.reset();
    });
    await one.drive.close();
    one.check();
    assert.ok(one.uncertain > 1, `seed ${start}`);
  });

  Deno.test(`a drive that resets while the connection is lost is told of, too: write-behind ${writeBehind}`, async () => {
    const { one, random, start } = await archive(writeBehind);
    await one.writeAll(() => {
      if (random.below(8) > 0) return;
      one.link.cut();
      one.link.reset();
    });
    await one.drive.close();
    one.check();
    assert.ok(one.uncertain > 5, `seed ${start}`);
  });

  Deno.test(`commands that are refused in between leave no gap: write-behind ${writeBehind}`, async () => {
    const { one, random } = await archive(writeBehind);
    const answers = [
      { status: 0x08 },
      { sense: { key: 6, asc: 0x3f, ascq: 1 } },
      { sense: { key: 0xb, asc: 0x47, ascq: 5 } },
      { sense: { key: 0xb, asc: 0x47, ascq: 5 }, execute: true },
      { sense: { key: 5, asc: 0x24, ascq: 0 } },
      { sense: { key: 6, asc: 0x2a, ascq: 3 } },
      { sense: { key: 3, asc: 0x0c, ascq: 0, deferred: true } },
    ];
    await one.writeAll(() => {
      const answer = answers[random.below(answers.length)];
      one.link.sim.drive.inject({ opcode: 0x0a, occurrence: 1 + random.below(8), ...answer });
    });
    await one.drive.close();
    one.check();
    assert.ok(one.certain > 0 && one.uncertain > 0);
  });
}
