import assert from "node:assert/strict";
import { encodeSense } from "../../scsi/sense.ts";
import { PositionLostError, ResetError } from "../../tape/errors.ts";
import { contents, fill, numbered, openSim } from "./drive_setup.ts";
import type { TargetHabits } from "./sim_unit.ts";

const FILES = [numbered(1), numbered(2), null, numbered(3), null, null, numbered(4), numbered(5)];
const ALL_HABITS: readonly TargetHabits[] = ["exact", "tgt", "istgt"];

const [REWIND, READ, SPACE, POSITION, LOCATE, LOCATE_10] = [0x01, 0x08, 0x11, 0x34, 0x92, 0x2b];

for (const habits of ALL_HABITS) {
  Deno.test(`write() after k reads lands behind them on a target like ${habits}, for every k`, async () => {
    for (let reads = 0; reads <= FILES.length; reads++) {
      const { unit, drive } = await openSim({ habits }, { readAhead: 16 });
      await drive.rewind();
      await fill(drive, FILES);
      for (let read = 0; read < reads; read++) await drive.read();
      await drive.write(numbered(9));
      const kept = FILES.slice(0, reads).map((object) => object === null ? "|" : object[0]);
      assert.equal(contents(unit), [...kept, 9].join(" "));
      await drive.close();
    }
  });

  Deno.test(`close() leaves the tape where the caller is on a target like ${habits}`, async () => {
    for (let reads = 0; reads <= FILES.length; reads++) {
      const { unit, drive } = await openSim({ habits }, { readAhead: 16 });
      await drive.rewind();
      await fill(drive, FILES);
      for (let read = 0; read < reads; read++) await drive.read();
      await drive.close();
      assert.equal(unit.closedAt, reads);
    }
  });
}

Deno.test("write() goes back over records alone with one SPACE", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 4 });
  await fill(drive, [1, 2, 3, 4, 5, 6, 7, 8].map((number) => numbered(number)));
  await drive.read();
  await drive.read();
  unit.drive.clearCommands();
  await drive.write(numbered(9));
  assert.deepEqual(unit.opcodes().filter((opcode) => opcode !== READ), [SPACE, 0x0a, 0x34]);
  assert.equal(contents(unit), "1 2 9");
});

Deno.test("write() goes back from the beginning where LOCATE is refused, although the drive's numbers are proven", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 8 });
  await fill(drive, [...FILES, null, ...FILES, null, ...FILES]);
  for (let read = 0; read < 7; read++) await drive.read();
  assert.ok(unit.drive.position!.object > 9, "the tape has run ahead, over a filemark");
  const refused = { status: 2, sense: encodeSense({ key: 5, asc: 0x20, ascq: 0 }) };
  unit.drive.clearCommands();
  unit.intercept = ({ cdb }) =>
    cdb[0] === LOCATE || cdb[0] === LOCATE_10
      ? Promise.resolve({ ...refused, dataInLength: 0, residual: 0 })
      : undefined;
  await drive.write(numbered(9));
  assert.ok(unit.opcodes().includes(REWIND));
  assert.equal(contents(unit), "1 2 | 3 | | 4 9");
  await drive.close();
});

Deno.test("write() does not believe a LOCATE behind which something else stands than the filemark that was read", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 8 });
  await fill(drive, [...FILES, null, ...FILES, null, ...FILES]);
  for (let read = 0; read < 2; read++) await drive.read();
  assert.ok(unit.drive.position!.object > 3, "the tape has run ahead, over a filemark");
  // From now on the drive's numbers count one more than there is, and are kept to.
  let isOff = false, isOurs = false;
  unit.intercept = ({ cdb, ...rest }) => {
    if (isOurs) return undefined;
    const locating = cdb[0] === LOCATE;
    if (locating) isOff = true;
    if (cdb[0] === REWIND) isOff = false;
    if (!isOff || (!locating && cdb[0] !== POSITION)) return undefined;
    const aside = cdb.slice();
    if (locating) aside[11]--;
    isOurs = true;
    const result = unit.execute({ cdb: aside, ...rest });
    isOurs = false;
    if (!locating) void result.then(() => rest.dataIn![cdb[1] === 0 ? 7 : 15]++);
    return result;
  };
  await drive.write(numbered(9));
  assert.equal(contents(unit), "1 2 9");
  await drive.close();
});

Deno.test("write() goes back over filemarks with LOCATE when the drive's numbers are proven, far from the beginning", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 8 });
  await fill(drive, [...FILES, null, ...FILES, null, ...FILES]);
  await drive.locate(9);
  for (let read = 0; read < 4; read++) await drive.read();
  assert.ok(unit.drive.position!.object > 13, "the tape has run ahead");
  unit.drive.clearCommands();
  await drive.write(numbered(9));
  assert.ok(unit.opcodes().includes(LOCATE));
  assert.ok(!unit.opcodes().includes(REWIND));
  assert.equal(unit.drive.objects().length, 14);
});

Deno.test("reads go one at a time on a drive whose way back is not known, and bring the same", async () => {
  const { unit, drive } = await openSim({ habits: "tgt" }, { readAhead: 16 });
  await drive.rewind();
  await fill(drive, [numbered(0), ...FILES]);
  await drive.space("blocks", 2);
  unit.maxOutstanding = 0;
  const kinds = [];
  for (let read = 0; read < FILES.length; read++) kinds.push((await drive.read()).kind);
  assert.equal(kinds.join(), "record,filemark,record,filemark,filemark,record,record,end-of-data");
  // A READ, and a READ POSITION behind it that finds out that this drive does not tell.
  assert.ok(unit.maxOutstanding <= 2);
  await drive.close();
});

Deno.test("a drive whose numbers do not keep step is not trusted with LOCATE", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 8 });
  await fill(drive, FILES);
  let asked = 0;
  unit.intercept = ({ cdb, dataIn }) => {
    if (cdb[0] !== 0x34) return undefined;
    dataIn!.fill(0);
    dataIn![15] = 40 + 3 * asked++;
    const sense = new Uint8Array(0);
    return Promise.resolve({ status: 0, sense, dataInLength: 32, residual: 0 });
  };
  await drive.read();
  await drive.read();
  unit.drive.clearCommands();
  await drive.write(numbered(9));
  assert.ok(!unit.opcodes().includes(LOCATE));
  assert.ok(unit.opcodes().includes(REWIND));
  assert.equal(contents(unit), "1 2 9");
});

Deno.test("a LOCATE that lands elsewhere than it says is found out by what stands there", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 8 });
  await fill(drive, FILES);
  await drive.read();
  // The tape is one record further than every answer says.
  let isOff = false;
  unit.intercept = (command) => {
    if (command.cdb[0] !== LOCATE || isOff) return undefined;
    isOff = true;
    const cdb = Uint8Array.from(command.cdb);
    cdb[11]++;
    unit.intercept = ({ cdb, dataIn }) => {
      if (cdb[0] !== 0x34) return undefined;
      dataIn!.fill(0);
      dataIn![15] = 1;
      unit.intercept = undefined;
      const sense = new Uint8Array(0);
      return Promise.resolve({ status: 0, sense, dataInLength: 32, residual: 0 });
    };
    return unit.execute({ ...command, cdb });
  };
  await drive.write(numbered(9));
  assert.equal(contents(unit), "1 9");
});

Deno.test("without any certain way back the write is refused, the tape untouched, and rewind() mends it", async () => {
  const { unit, drive } = await openSim({ habits: "tgt" });
  await drive.rewind();
  await fill(drive, [numbered(1), numbered(2), null, numbered(3)]);
  await drive.space("blocks", 2);
  // Looking whether a file follows reads the filemark.
  const files = drive.files();
  await files.next();
  await assert.rejects(drive.write(numbered(9)), PositionLostError);
  await assert.rejects(drive.writeFilemarks(), PositionLostError);
  assert.equal(contents(unit), "1 2 | 3");
  await drive.rewind();
  await drive.write(numbered(9));
  assert.equal(contents(unit), "9");
});

Deno.test("after spacing back over filemarks a drive that does not tell positions refuses to write", async () => {
  const { unit, drive } = await openSim({ habits: "tgt" });
  await drive.rewind();
  await fill(drive, [numbered(1), numbered(2), null]);
  await drive.space("filemarks", 1);
  await drive.space("filemarks", -1);
  await assert.rejects(drive.write(numbered(9)), PositionLostError);
  assert.equal(contents(unit), "1 2 |");
  await drive.space("end-of-data");
  await drive.write(numbered(9));
  assert.equal(contents(unit), "1 2 | 9");
});

Deno.test("a reset that read-ahead met is heard before anything is written", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 8 });
  await fill(drive, [1, 2, 3, 4, 5, 6].map((number) => numbered(number)));
  unit.drive.inject({ opcode: READ, occurrence: 4, sense: { key: 6, asc: 0x29, ascq: 0 } });
  await drive.read();
  await drive.read();
  await assert.rejects(drive.write(numbered(9)), ResetError);
  await assert.rejects(drive.write(numbered(9)), PositionLostError);
  assert.equal(unit.drive.objects().length, 6);
  await drive.space("end-of-data");
  await drive.write(numbered(9));
  assert.equal(contents(unit), "1 2 3 4 5 6 9");
});

Deno.test("space() to end of data stands behind the last record also where the drive stops before it", async () => {
  const { unit, drive } = await openSim({ habits: "istgt" });
  await fill(drive, [numbered(1), numbered(2)]);
  await drive.space("end-of-data");
  await drive.write(numbered(3));
  assert.equal(contents(unit), "1 2 3");
});

Deno.test("near the end of a small file behind the tape, as istgt keeps one, records come whole all the same", async () => {
  for (const readAhead of [0, 8]) {
    const { drive } = await openSim({ habits: "istgt", hasSmallFile: true }, { readAhead });
    const lengths = [30, 5000, 64, 9000, 2000, 100];
    await fill(drive, lengths.map((length, each) => numbered(each, length)));
    for (const [each, length] of lengths.entries()) {
      assert.deepEqual(await drive.read(), { kind: "record", data: numbered(each, length) });
    }
    assert.equal((await drive.read()).kind, "end-of-data");
    await drive.write(numbered(9));
    await drive.close();
  }
});

Deno.test("space() over blocks from the beginning lands right also where the target is one short there", async () => {
  for (const habits of ALL_HABITS) {
    const { unit, drive } = await openSim({ habits });
    await drive.rewind();
    await fill(drive, [1, 2, 3, 4, 5].map((number) => numbered(number)));
    await drive.space("blocks", 3);
    await drive.write(numbered(9));
    assert.equal(contents(unit), "1 2 3 9");
  }
});

Deno.test("a LOCATE that is tried out and does not end well leaves the tape where it was, or says that it is lost", async () => {
  for (const failures of [1, 2, 9]) {
    const { unit, drive } = await openSim({}, { readAhead: 4, recordBytesHint: 200 });
    await fill(drive, Array.from({ length: 30 }, (_, each) => numbered(each)));
    await drive.locate(5);
    const seen: number[] = [];
    let isLost = false;
    unit.intercept = ({ cdb, dataIn }) => {
      // The READ that follows the LOCATE, with the least room.
      if (cdb[0] !== READ || dataIn!.length > 1 || left-- <= 0) return undefined;
      const sense = encodeSense({ key: 0xb, asc: 0x47, ascq: 5 });
      return Promise.resolve({ status: 2, sense, dataInLength: 0, residual: 1 });
    };
    let left = failures;
    for (let read = 0; read < 10 && !isLost; read++) {
      try {
        const result = await drive.read();
        if (result.kind === "record") seen.push(result.data[0]);
      } catch (error) {
        assert.ok(error instanceof PositionLostError);
        isLost = true;
      }
    }
    assert.deepEqual(seen, Array.from({ length: seen.length }, (_, at) => 5 + at));
    assert.equal(isLost, failures > 1);
    await drive.close();
  }
});

Deno.test("flush() and position() tell of a reset that read-ahead met: what was in the drive's buffer is gone", async () => {
  for (const operation of ["flush", "position"] as const) {
    const { unit, drive } = await openSim({}, { readAhead: 8 });
    await fill(drive, Array.from({ length: 20 }, (_, each) => numbered(each)));
    unit.drive.inject({ opcode: READ, occurrence: 6, sense: { key: 6, asc: 0x29, ascq: 3 } });
    for (let read = 0; read < 3; read++) await drive.read();
    await assert.rejects(drive[operation](), ResetError);
    await drive.close();
  }
});

Deno.test("LOCATE is not tried while a READ is on its way for a caller who does not wait any more", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 4, recordBytesHint: 200 });
  await fill(drive, Array.from({ length: 12 }, (_, each) => numbered(each)));
  await drive.locate(3);
  const sent = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const execute = unit.execute.bind(unit);
  let [reads, questions] = [0, 0];
  unit.execute = async (command) => {
    const answer = execute(command);
    if (command.cdb[0] === READ && ++reads === 3) {
      sent.resolve();
      await held.promise;
    }
    // That of the second READ, which proves the drive's numbers, comes when the third is on its way.
    if (command.cdb[0] === POSITION && ++questions === 3) await sent.promise;
    return await answer;
  };
  const seen: unknown[] = [];
  const read = async (signal?: AbortSignal) => {
    const result = await drive.read({ signal });
    seen.push(result.kind === "record" && result.data[0]);
  };
  await read();
  await read();
  const caller = new AbortController();
  const third = assert.rejects(read(caller.signal), { name: "AbortError" });
  await sent.promise;
  await turns(20);
  caller.abort();
  await third;
  const next = read();
  await turns(200);
  held.resolve();
  await next;
  for (let left = 3; left > 0; left--) await read();
  assert.deepEqual(seen, [3, 4, 5, 6, 7, 8]);
  await drive.close();
});

async function turns(count: number): Promise<void> {
  while (count-- > 0) await Promise.resolve();
}
