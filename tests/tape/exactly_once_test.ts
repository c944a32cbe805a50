import assert from "node:assert/strict";
import { PositionLostError } from "../../tape/errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { Random, seed } from "../scsi/random.ts";
import { Archive, recordIn } from "./archive.ts";
import { CutUnit } from "./cut_unit.ts";
import { contents, numbered } from "./drive_setup.ts";
import { FaultyLink } from "./faulty_link.ts";
import type { TargetHabits } from "./sim_unit.ts";

const RECORDS = 2000;
const FEWER_RECORDS = 500;
const FAULT_EVERY = 10;
const MIN_CUTS = 100;
/** One or two may by chance come when nothing is buffered. */
const MIN_RESETS = 3;

/** An archive on a simulated drive. */
class Setup {
  readonly link: FaultyLink;
  readonly archive: Archive;
  readonly drive: TapeDrive;

  constructor(random: Random, link: FaultyLink, drive: TapeDrive, count: number) {
    this.link = link;
    this.drive = drive;
    this.archive = new Archive(random, drive, {
      count,
      maxBytes: 1500,
      faultEvery: FAULT_EVERY,
      check: (count) => this.checkTape(count),
    });
  }

  checkTape(count: number): void {
    const objects = this.link.sim.drive.objects().slice(0, count);
    const numbers = objects.map((object) =>
      object.kind === "filemark" ? -1 : recordIn(object.data)
    );
    assert.deepEqual(numbers, Array.from({ length: count }, (_, number) => number));
  }

  /** Every record is on the tape once, whole, in order. */
  check(): void {
    const objects = this.link.sim.drive.objects();
    const { length } = this.archive.records;
    this.checkTape(length);
    assert.equal(objects.length, length);
    objects.forEach((object, at) => {
      assert.ok(object.kind !== "filemark");
      assert.deepEqual(object.data, this.archive.records[at]);
    });
  }
}

async function setUp(
  writeBehind: number,
  habits: TargetHabits = "exact",
  count = FEWER_RECORDS,
) {
  const start = seed();
  const random = new Random(start);
  const link = new FaultyLink(random, { habits });
  const sleep = () => Promise.resolve();
  const drive = await TapeDrive.open(link, { sleep, writeBehind });
  await drive.rewind();
  return { one: new Setup(random, link, drive, count), random, start };
}

for (const writeBehind of [0, 16]) {
  for (const habits of ["exact", "istgt"] as const) {
    Deno.test(`2,000 records stand on the tape once and in order when the connection is lost 200 times: ${habits}, write-behind ${writeBehind}`, async () => {
      const { one, random, start } = await setUp(writeBehind, habits, RECORDS);
      await one.archive.writeAll(() => one.link.left = 1 + random.below(10));
      await one.drive.close();
      one.check();
      assert.ok(one.link.cuts > MIN_CUTS, `${one.link.cuts} cuts`);
      // Only what was cut before two writes had proven the drive's numbers is left to the caller.
      assert.ok(
        one.archive.uncertain <= one.link.cuts / 3,
        `${one.archive.uncertain} uncertain, seed ${start}`,
      );
      if (writeBehind > 0) assert.ok(one.link.mostUnderWay > 8);
    });
  }

  // What is under way behind a reset may overwrite the beginning, and then all has to be written anew.
  const seldom = writeBehind > 0 ? 8 : 3;

  Deno.test(`a drive that resets and loses its buffer is told of, with what is on tape: write-behind ${writeBehind}`, async () => {
    const { one, random } = await setUp(writeBehind);
    let resets = 0;
    await one.archive.writeAll(() => {
      if (random.below(seldom) > 0) return;
      one.link.reset();
      resets++;
    });
    await one.drive.close();
    one.check();
    assert.ok(one.archive.uncertain > 0 || resets < MIN_RESETS, `${resets} resets`);
  });

  Deno.test(`a drive that resets while the connection is lost is told of, too: write-behind ${writeBehind}`, async () => {
    const { one, random } = await setUp(writeBehind);
    let resets = 0;
    await one.archive.writeAll(() => {
      if (random.below(seldom) > 0) return;
      one.link.cut();
      one.link.reset();
      resets++;
    });
    await one.drive.close();
    one.check();
    assert.ok(one.archive.uncertain > 0 || resets < MIN_RESETS, `${resets} resets`);
  });

  Deno.test(`commands that are refused in between leave no gap: write-behind ${writeBehind}`, async () => {
    const { one, random } = await setUp(writeBehind, "exact", RECORDS);
    const answers = [
      { status: 0x08 },
      { sense: { key: 6, asc: 0x3f, ascq: 1 } },
      { sense: { key: 0xb, asc: 0x47, ascq: 5 } },
      { sense: { key: 0xb, asc: 0x47, ascq: 5 }, execute: true },
      { sense: { key: 5, asc: 0x24, ascq: 0 } },
      { sense: { key: 6, asc: 0x2a, ascq: 3 } },
      { sense: { key: 3, asc: 0x0c, ascq: 0, deferred: true } },
    ];
    await one.archive.writeAll(() => {
      const answer = answers[random.below(answers.length)];
      one.link.sim.drive.inject({ opcode: 0x0a, occurrence: 1 + random.below(8), ...answer });
    });
    await one.drive.close();
    one.check();
    assert.ok(one.archive.certain > 0 && one.archive.uncertain > 0);
  });
}

Deno.test("writes without an answer do not go on behind a record that is not the last one written", async () => {
  const unit = new CutUnit("exact");
  const drive = await TapeDrive.open(unit, { sleep: () => Promise.resolve(), writeBehind: 4 });
  await drive.rewind();
  for (let number = 1; number <= 6; number++) await drive.write(numbered(number));
  await drive.flush();
  unit.meanwhile = () => {
    const [partition] = unit.sim.drive.medium!.partitions;
    partition.truncate(5);
    partition.appendRecord(numbered(99));
  };
  unit.left = 1;
  const writing = [7, 8, 9].map((number) => drive.write(numbered(number)));
  const ends = await Promise.allSettled([...writing, drive.flush()]);
  assert.equal(unit.reconnections, 1);
  const [failed] = ends.filter((end) => end.status === "rejected");
  assert.ok(failed.reason instanceof PositionLostError);
  assert.equal(contents(unit.sim), "1 2 3 4 5 99");
  await drive.rewind();
  await drive.close();
});

Deno.test("writes without an answer go on behind a filemark that stands behind the last record", async () => {
  const unit = new CutUnit("exact");
  const drive = await TapeDrive.open(unit, { sleep: () => Promise.resolve(), writeBehind: 4 });
  await drive.rewind();
  for (let number = 1; number <= 6; number++) await drive.write(numbered(number));
  await drive.writeFilemarks();
  await drive.write(numbered(7));
  await drive.writeFilemarks();
  unit.left = 1;
  await Promise.all([8, 9, 10].map((number) => drive.write(numbered(number))));
  await drive.flush();
  assert.equal(unit.reconnections, 1);
  assert.equal(contents(unit.sim), "1 2 3 4 5 6 | 7 | 8 9 10");
  await drive.close();
});
