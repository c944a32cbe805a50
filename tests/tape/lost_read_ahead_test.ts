/** The connection is lost in READs ahead while another operation waits for them. Nothing of it has gone out, so it goes on as any does behind an outage. */

import assert from "node:assert/strict";
import type { ScsiCommand, ScsiResult } from "../../scsi/logical_unit.ts";
import { MediumChangedError, PositionLostError, TransportLostError } from "../../tape/errors.ts";
import type { TapeDrive } from "../../tape/tape_drive.ts";
import { type CutUnit, lost } from "./cut_unit.ts";
import { EXPECTED, readAll, readOne, written } from "./files_on_tape.ts";
import { check } from "./scripted.ts";
import type { TargetHabits } from "./sim_unit.ts";

/** READ, and READ POSITION, which goes behind it. */
const AHEAD: readonly number[] = [0x08, 0x34];
const MEDIUM_CHANGED = check({ key: 6, asc: 0x28, ascq: 0 });
/** Enough for all that does not wait for the drive. */
const HOPS = 100;

/** An operation by its name. */
type Operation = readonly [name: string, run: (drive: TapeDrive) => Promise<unknown>];

const MOTIONS: readonly Operation[] = [
  ["rewind", (drive) => drive.rewind()],
  ["locate to an object", (drive) => drive.locate(4)],
  ["locate to a file", (drive) => drive.locate({ file: 2 })],
  ["space to the end of data", (drive) => drive.space("end-of-data")],
];

const OPERATIONS: readonly Operation[] = [
  ...MOTIONS,
  ["space over blocks", (drive) => drive.space("blocks", -1)],
  ["space over filemarks", (drive) => drive.space("filemarks", 2)],
  ["load", (drive) => drive.load()],
  ["flush", (drive) => drive.flush()],
  ["ask for compression", (drive) => drive.compression()],
  ["set the block size", (drive) => drive.setBlockSize(0)],
];

const READING: Operation = ["read", (drive) => drive.read()];

/** Answers to READs ahead that are on their way, which the connection is lost with. */
class LateAnswers {
  readonly #unit: CutUnit;
  readonly #execute: (command: ScsiCommand) => Promise<ScsiResult>;
  readonly #late: { command: ScsiCommand; answer: PromiseWithResolvers<ScsiResult> }[] = [];

  constructor(unit: CutUnit) {
    this.#unit = unit;
    this.#execute = unit.execute.bind(unit);
    unit.execute = (command) => {
      if (!AHEAD.includes(command.cdb[0])) return this.#execute(command);
      const answer = Promise.withResolvers<ScsiResult>();
      this.#late.push({ command, answer });
      return answer.promise;
    };
  }

  get count(): number {
    return this.#late.length;
  }

  /** The answers come in their turn until this is done. */
  async answerUntil(done: Promise<unknown>): Promise<void> {
    let isDone = false;
    const settled = done.finally(() => isDone = true);
    for (await hop(); !isDone; await hop()) {
      const { command, answer } = this.#late.shift()!;
      answer.resolve(await this.#execute(command));
    }
    await settled;
  }

  /** The answer that was due first does not come any more. */
  missOne(): void {
    this.#late.shift()!.answer.reject(lost("unknown"));
  }

  /** So many answers are missing, and the others come, beginning with this one. */
  async miss(missing: number, first: ReturnType<typeof check>): Promise<void> {
    this.end();
    for (const [number, { command, answer }] of this.#late.entries()) {
      if (number < missing) answer.reject(lost("unknown"));
      else if (number === missing) answer.resolve(first(command));
      else answer.resolve(await this.#execute(command));
    }
  }

  /** Nothing comes late any more. */
  end(): void {
    this.#unit.execute = this.#execute;
  }

  /** Nothing comes late any more, and the connection is lost when so many of them have been `answered`. */
  async lose(answered: number, executed: number, first?: ReturnType<typeof check>): Promise<void> {
    this.end();
    for (const [number, { command, answer }] of this.#late.entries()) {
      const isFirst = number === 0 && first !== undefined;
      const result = isFirst || number >= executed ? undefined : await this.#execute(command);
      if (number < answered) answer.resolve(isFirst ? first(command) : result!);
    }
    await hop();
    this.#unit.nexusLost = true;
    for (const { answer } of this.#late.slice(answered)) answer.reject(lost("unknown"));
  }
}

async function hop(): Promise<void> {
  for (let hops = 0; hops < HOPS; hops++) await Promise.resolve();
}

/** Behind two records, with READs under way. */
async function reading(habits: TargetHabits) {
  const { unit, drive } = await written(habits, { readAhead: 4 });
  assert.equal(await readOne(drive), EXPECTED[0]);
  const late = new LateAnswers(unit);
  const second = readOne(drive);
  await late.answerUntil(second);
  assert.equal(await second, EXPECTED[1]);
  assert.ok(late.count >= 4, `${late.count} READs are under way`);
  return { unit, drive, late };
}

/** What is read behind the operation when nothing happens, and how many READs it waits for. */
async function withoutOutage(habits: TargetHabits, run: Operation[1]) {
  const { drive, late } = await reading(habits);
  const { count } = late;
  await late.answerUntil(run(drive));
  late.end();
  const undisturbed = await readAll(drive);
  await drive.close();
  return { undisturbed, count };
}

for (const habits of ["exact", "istgt"] as const) {
  for (const [name, run] of OPERATIONS) {
    Deno.test(`an operation goes on when the connection is lost in READs ahead that it waits for: ${name}, ${habits}`, async () => {
      const { undisturbed, count } = await withoutOutage(habits, run);
      for (let answered = 0; answered < count; answered++) {
        for (let executed = answered; executed <= count; executed++) {
          const { unit, drive, late } = await reading(habits);
          const running = run(drive);
          await hop();
          const settled = Promise.allSettled([running]);
          await late.lose(answered, executed);
          const [{ status }] = await settled;
          const where = `${answered} of ${count} answered, ${executed} executed`;
          assert.equal(status, "fulfilled", where);
          assert.equal(unit.reconnections, 1, where);
          assert.deepEqual(await readAll(drive), undisturbed, where);
          await drive.close();
        }
      }
    });
  }
}

for (const habits of ["exact", "istgt"] as const) {
  for (const [name, run] of [...OPERATIONS, READING]) {
    Deno.test(`that the tape may be another is told, though the connection is lost behind it: ${name}, ${habits}`, async () => {
      const { unit, drive, late } = await reading(habits);
      const running = run(drive);
      await hop();
      const told = assert.rejects(running, MediumChangedError);
      await late.lose(1, 1, MEDIUM_CHANGED);
      await told;
      await assert.rejects(drive.write(new Uint8Array(700)), PositionLostError);
      await drive.rewind();
      assert.equal(unit.reconnections, 1);
      assert.deepEqual(await readAll(drive), EXPECTED);
      await drive.close();
    });

    Deno.test(`that the tape may be another is told by what is begun behind an outage: ${name}, ${habits}`, async () => {
      const { unit, drive, late } = await reading(habits);
      await late.lose(1, 1, MEDIUM_CHANGED);
      await hop();
      await assert.rejects(run(drive), MediumChangedError);
      await assert.rejects(drive.write(new Uint8Array(700)), PositionLostError);
      await drive.rewind();
      assert.equal(unit.reconnections, 1);
      await drive.close();
    });
  }
}

Deno.test("that the tape may be another is told, though a READ before it had no answer", async () => {
  const { drive, late } = await reading("istgt");
  const told = assert.rejects(drive.rewind(), MediumChangedError);
  await late.miss(2, MEDIUM_CHANGED);
  await told;
  await drive.close();
});

for (const [name, run] of [...OPERATIONS, READING]) {
  Deno.test(`an operation goes on when READs ahead have no answer, and then the connection is lost: ${name}`, async () => {
    const { unit, drive, late } = await reading("istgt");
    late.missOne();
    await hop();
    const running = run(drive);
    await hop();
    const settled = Promise.allSettled([running]);
    await late.lose(0, 0);
    assert.deepEqual((await settled).map(({ status }) => status), ["fulfilled"]);
    assert.equal(unit.reconnections, 1);
    await drive.close();
  });
}

for (const [name, run] of MOTIONS) {
  Deno.test(`a motion that has gone out is not sent again when the connection is lost in it: ${name}`, async () => {
    const { unit, drive, late } = await reading("istgt");
    const running = run(drive);
    await hop();
    const failed = assert.rejects(running, TransportLostError);
    unit.left = late.count + 1;
    unit.sim.drive.clearCommands();
    await late.answerUntil(failed);
    assert.equal(unit.nexusLost, true);
    const others = unit.sim.opcodes().filter((opcode) => !AHEAD.includes(opcode));
    assert.deepEqual([others, unit.reconnections], [[], 0]);
    await drive.close();
  });
}
