/**
 * Operations called off at any moment, at random: whatever becomes of them, records come whole and in order, and a write lands where the caller is or is
 * refused.
 */

import assert from "node:assert/strict";
import type { ScsiCommand, ScsiResult } from "../../scsi/logical_unit.ts";
import { TapeError } from "../../tape/errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { Random, seed } from "../scsi/random.ts";
import { CutUnit } from "./cut_unit.ts";
import { SimUnit } from "./sim_unit.ts";
import { type ModelObject, TapeModel } from "./tape_model.ts";

const WALKS = 80;
const OPERATIONS = 40;

/** A command that is called off is executed all the same, or was never sent. */
class HastyUnit extends SimUnit {
  override async execute(command: ScsiCommand): Promise<ScsiResult> {
    const { signal } = command;
    signal?.throwIfAborted();
    const answer = super.execute(command);
    if (signal === undefined) return await answer;
    return await new Promise<ScsiResult>((resolve, reject) => {
      const abort = () => reject(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
    });
  }
}

const STOP = new TapeError("write-protected", "Stopped by another drive's error");

class HastyWalk {
  readonly random: Random;
  readonly unit: HastyUnit;
  readonly model = new TapeModel();
  readonly drive: TapeDrive;
  calledOff = 0;
  lost = 0;

  constructor(random: Random, unit: HastyUnit, drive: TapeDrive) {
    this.random = random;
    this.unit = unit;
    this.drive = drive;
  }

  /** A signal that aborts after so many hops from promise to promise, or not at all. */
  #soon(): AbortSignal | undefined {
    if (this.random.below(3) > 0) return undefined;
    const stopping = new AbortController();
    const abort = async (hops: number) => {
      for (; hops > 0; hops--) await Promise.resolve();
      stopping.abort(STOP);
    };
    void abort(this.random.below(60));
    return stopping.signal;
  }

  /** A read that is called off may leave something on its way that no certain way leads back over: then that is said, and all begins anew. */
  async step(): Promise<void> {
    try {
      await this.#perform();
    } catch (error) {
      if (!(error instanceof TapeError) || error.kind !== "position-lost") throw error;
      await this.#beginAnew();
    }
  }

  async #perform(): Promise<void> {
    const signal = this.#soon();
    const target = this.random.below(this.model.objects.length + 1);
    const before = this.model.cursor;
    switch (this.random.below(8)) {
      case 0:
        return await this.#move(this.drive.rewind({ signal }), 0);
      case 1:
        return await this.#move(this.drive.locate(target, { signal }), target);
      case 2: {
        const end = this.model.objects.length;
        return await this.#move(this.drive.space("end-of-data", 1, { signal }), end);
      }
      case 3:
        return await this.#write(signal);
      case 4:
        return await this.#move(this.drive.settings("control", { signal }), before);
      case 5:
        return await this.#readAt(target, signal);
      default:
        for (let i = 0; i < 6; i++) await this.#read(signal);
    }
  }

  /** Resolves when it is done; when it was called off, the caller is where it was, or nowhere. */
  async #attempt(operation: Promise<unknown>): Promise<boolean> {
    try {
      await operation;
      return true;
    } catch (error) {
      if (error !== STOP) throw error;
      this.calledOff++;
      return false;
    }
  }

  async #move(motion: Promise<unknown>, target: number): Promise<void> {
    if (await this.#attempt(motion)) this.model.cursor = target;
    else await this.#findOut();
  }

  async #readAt(object: number, signal?: AbortSignal): Promise<void> {
    const reading = this.drive.readAt(object, { signal, recordBytesHint: 8 });
    if (!await this.#attempt(reading)) return await this.#findOut();
    this.model.cursor = object;
    this.#assertRead(await reading, this.model.read());
  }

  async #read(signal?: AbortSignal): Promise<void> {
    const reading = this.drive.read({ signal });
    if (await this.#attempt(reading)) this.#assertRead(await reading, this.model.read());
  }

  #assertRead(result: Awaited<ReturnType<TapeDrive["read"]>>, expected: unknown): void {
    assert.deepEqual(result.kind === "record" ? result.data : result.kind, expected);
  }

  async #write(signal?: AbortSignal): Promise<void> {
    const record = this.random.bytes(1 + this.random.below(60));
    if (await this.#attempt(this.drive.write(record, { signal }))) this.model.write(record);
    else await this.#findOut();
    await this.drive.flush();
    this.#compare();
  }

  /** Writes where the caller is; when that is refused, begins anew. */
  async #findOut(): Promise<void> {
    if (this.random.below(2) === 0) {
      // Reading does not tell less where the position is not lost.
      const { known, object, source } = await this.drive.position();
      if (known && source === "counted") assert.equal(object, this.model.cursor);
    }
    const record = this.random.bytes(1 + this.random.below(60));
    await this.drive.write(record);
    this.model.write(record);
    await this.drive.flush();
    this.#compare();
  }

  async #beginAnew(): Promise<void> {
    this.lost++;
    const tape = this.#tape();
    // A write that was called off may have been executed; what stood before it stands.
    const kept = Math.min(tape.length, this.model.objects.length);
    assert.ok(kept >= this.model.cursor);
    assert.deepEqual(
      tape.slice(0, this.model.cursor),
      this.model.objects.slice(0, this.model.cursor),
    );
    this.model.objects = tape;
    await this.rewind();
    this.model.cursor = 0;
  }

  /** What was written may be in doubt beside the place, and is told once before anything moves. */
  async rewind(): Promise<void> {
    try {
      await this.drive.rewind();
    } catch (error) {
      if (!(error instanceof TapeError) || error.kind !== "position-lost") throw error;
      assert.equal(error.writes?.isCertain, false);
      await this.drive.rewind();
    }
  }

  #tape(): ModelObject[] {
    return this.unit.drive.objects().map((object) =>
      object.kind === "filemark" ? "filemark" : object.data
    );
  }

  #compare(): void {
    assert.deepEqual(this.#tape(), this.model.objects);
  }
}

for (const readAhead of [0, 6]) {
  for (const writeBehind of [0, 4]) {
    Deno.test(`operations called off at any moment leave the caller in place or nowhere, read-ahead ${readAhead}, write-behind ${writeBehind}`, async () => {
      const random = new Random(seed());
      let [calledOff, lost] = [0, 0];
      for (let walk = 0; walk < WALKS; walk++) {
        const unit = new HastyUnit({ jitter: random });
        const sleep = () => Promise.resolve();
        const options = { readAhead, writeBehind, recordBytesHint: 16, sleep };
        const drive = await TapeDrive.open(unit, options);
        await drive.rewind();
        const hasty = new HastyWalk(random, unit, drive);
        for (let i = 0; i < 25; i++) {
          const record = random.bytes(1 + random.below(60));
          if (random.below(8) === 0) {
            await drive.writeFilemarks();
            hasty.model.write("filemark");
          } else {
            await drive.write(record);
            hasty.model.write(record);
          }
        }
        for (let i = 0; i < OPERATIONS; i++) await hasty.step();
        calledOff += hasty.calledOff;
        lost += hasty.lost;
        await hasty.rewind();
        await drive.close();
      }
      assert.ok(calledOff > WALKS, `${calledOff} called off`);
      assert.ok(lost < calledOff, `${lost} of ${calledOff} lost the place`);
    });
  }
}

/** A drive with five records, amid them, and a status() called off that was told what has happened to the drive. */
async function unheard(happen: (unit: HastyUnit) => void) {
  const unit = new HastyUnit();
  const drive = await TapeDrive.open(unit, { sleep: () => Promise.resolve() });
  await drive.rewind();
  for (let number = 1; number <= 5; number++) await drive.write(new Uint8Array(20).fill(number));
  await drive.rewind();
  for (let number = 1; number <= 3; number++) await drive.read();
  happen(unit);
  const caller = new AbortController();
  const execute = unit.execute.bind(unit);
  unit.execute = (command) => {
    const result = execute(command);
    unit.execute = execute;
    caller.abort(STOP);
    return result;
  };
  await assert.rejects(drive.status({ signal: caller.signal }), (error) => error === STOP);
  return { unit, drive };
}

Deno.test("nothing is written where a reset has brought the tape that a command was told which was called off", async () => {
  const { unit, drive } = await unheard((unit) => unit.drive.reset());
  await assert.rejects(drive.write(new Uint8Array(9)), { kind: "position-lost" });
  assert.equal(unit.drive.objects().length, 5);
  await drive.space("end-of-data");
  await drive.write(new Uint8Array(9));
  assert.equal(unit.drive.objects().length, 6);
  await drive.close();
});

Deno.test("reads behind such a reset do not go on elsewhere unheard", async () => {
  const { drive } = await unheard((unit) => unit.drive.reset());
  await assert.rejects(drive.read(), { kind: "position-lost" });
  await drive.close();
});

Deno.test("a command that was called off costs nothing where nothing has happened", async () => {
  const { drive } = await unheard(() => {});
  const next = await drive.read();
  assert.equal(next.kind === "record" && next.data[0], 4);
  await drive.write(new Uint8Array(9));
  await drive.close();
});

Deno.test("a block size that another host has set is told of, though who was told had called that off", async () => {
  const { drive } = await unheard(({ drive }) => {
    const other = { initiatorName: "iqn.test:other", isid: "000000000001" };
    drive.nexusEstablished(other);
    const list = Uint8Array.of(0, 0, 0x10, 8, 0, 0, 0, 0, 0, 0, 0, 10);
    const cdb = Uint8Array.of(0x15, 0x10, 0, 0, list.length, 0);
    for (let tries = 0; tries < 2; tries++) drive.execute({ cdb, dataOut: list, nexus: other });
  });
  await assert.rejects(drive.write(new Uint8Array(20)), { kind: "mode-parameters-changed" });
  await drive.close();
});

Deno.test("a read that is called off while the connection is set up again leaves the caller in place", async () => {
  for (let command = 1; command <= 22; command++) {
    const unit = new CutUnit("exact");
    const drive = await TapeDrive.open(unit, { sleep: () => Promise.resolve() });
    await drive.rewind();
    for (let number = 1; number <= 5; number++) await drive.write(new Uint8Array(20).fill(number));
    await drive.rewind();
    for (let number = 1; number <= 3; number++) await drive.read();
    unit.nexusLost = true;
    unit.sim.drive.powerCycle();
    const caller = new AbortController();
    const execute = unit.execute.bind(unit);
    let left = command;
    unit.execute = (sent) => {
      if (unit.nexusLost || --left > 0) return execute(sent);
      caller.abort(STOP);
      unit.execute = execute;
      return sent.signal === undefined ? execute(sent) : Promise.reject(STOP);
    };
    const first = await drive.read({ signal: caller.signal }).catch((error) => error);
    const next = first === STOP ? await drive.read() : first;
    assert.equal(next.kind === "record" && next.data[0], 4, `command ${command}`);
    await drive.close();
  }
});
