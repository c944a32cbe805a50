import assert from "node:assert/strict";
import {
  MediumError,
  RecordTooLargeError,
  TapeError,
  VolumeOverflowError,
} from "../../tape/errors.ts";
import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import { Random, seed } from "../scsi/random.ts";
import { contents, fill, numbered, openSim } from "./drive_setup.ts";
import { check, good, script } from "./scripted.ts";

Deno.test("readAt() reads any object in one command, and the caller then stands behind it", async () => {
  const { drive } = await openSim({}, { readAhead: 4 });
  await fill(drive, [numbered(0), numbered(1, 5000), null, numbered(3)]);
  await drive.read();
  const third = await drive.readAt(3);
  assert.equal(third.kind === "record" && third.data[0], 3);
  const first = await drive.readAt(1, { recordBytesHint: 10 });
  assert.equal(first.kind === "record" && first.data.length, 5000, "tried again with its length");
  assert.equal((await drive.position()).object, 2);
  assert.deepEqual(await drive.read(), { kind: "filemark" });
  assert.deepEqual(await drive.readAt(2), { kind: "filemark" });
  assert.deepEqual(await drive.readAt(4), { kind: "end-of-data" });
  await assert.rejects(
    drive.readAt(-1),
    (error) => (error as TapeError).kind === "invalid-argument",
  );
  await drive.close();
});

Deno.test("writeAt() writes where it is told, whatever was read ahead, and cuts off what is behind", async () => {
  const { drive } = await openSim({}, { readAhead: 8 });
  await fill(drive, [numbered(0), numbered(1), numbered(2), numbered(3)]);
  await drive.read();
  await drive.writeAt(2, numbered(9));
  assert.equal((await drive.position()).object, 3);
  await drive.flush();
  await drive.rewind();
  const seen: number[] = [];
  for await (const record of drive.records()) seen.push(record[0]);
  assert.deepEqual(seen, [0, 1, 9]);
  await drive.close();
});

Deno.test("writeAt() in fixed mode takes whole blocks, and a write that was cut is no success", async () => {
  const { unit, drive } = await openSim();
  await drive.rewind();
  await drive.setBlockSize(512);
  await drive.writeAt(0, new Uint8Array(1024));
  assert.equal(unit.drive.objects().length, 2);
  await assert.rejects(drive.writeAt(0, new Uint8Array(1000)), TapeError);
  script(unit, { 0x8a: [(command) => ({ ...good()(command), residual: 512 })] });
  await assert.rejects(
    drive.writeAt(0, new Uint8Array(1024)),
    (error) => (error as TapeError).kind === "length-disagreement",
  );
  await drive.close();
});

Deno.test("writeAt() that finds no more room leaves nothing believed of where the tape stands", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 4 });
  await fill(drive, Array.from({ length: 12 }, (_, i) => numbered(i)));
  for (let i = 0; i < 6; i++) await drive.read();
  const overflow = { key: 0xd, asc: 0, ascq: 2, endOfMedium: true, information: 100 };
  unit.drive.inject({ opcode: 0x8a, sense: overflow });
  await assert.rejects(drive.writeAt(2, numbered(99)), VolumeOverflowError);
  const { object, source } = await drive.position();
  assert.deepEqual([object, source], [unit.drive.position?.object, "device"]);
  const next = await drive.read();
  assert.equal(next.kind === "record" && next.data[0], object);
  await drive.close();
});

Deno.test("writeAt() that a write-once tape refuses has left the place where the caller was", async () => {
  const { unit, drive } = await openSim({ medium: new MemoryMedium({ worm: true }) });
  await fill(drive, Array.from({ length: 6 }, (_, i) => numbered(i)));
  for (let i = 0; i < 5; i++) await drive.read();
  await assert.rejects(drive.writeAt(2, numbered(9)), { kind: "worm-violation" });
  assert.equal((await drive.position()).object, unit.drive.position?.object);
  await assert.rejects(drive.write(numbered(9)), { kind: "position-lost" });
  await drive.rewind();
  await drive.close();
});

Deno.test("readReverse() brings the records in reverse order, over filemarks, to the beginning", async () => {
  const random = new Random(seed());
  const { drive } = await openSim({}, { readAhead: 4 });
  const records = Array.from({ length: 20 }, (_, i) => numbered(i + 1, 1 + random.below(2000)));
  await fill(drive, [...records.slice(0, 10), null, ...records.slice(10)]);
  for (let i = 0; i < 3; i++) await drive.read();
  const before = await drive.readReverse();
  assert.equal(
    before.kind === "record" && before.data[0],
    3,
    "where the caller is, not where the tape is",
  );
  await drive.space("end-of-data");
  const seen: string[] = [];
  for (;;) {
    const result = await drive.readReverse({ recordBytesHint: 100 });
    if (result.kind === "beginning-of-partition") break;
    seen.push(result.kind === "record" ? `${result.data[0]}:${result.data.length}` : "|");
  }
  const expected = records.map((record) => `${record[0]}:${record.length}`);
  assert.deepEqual(seen, [
    ...expected.slice(10).reverse(),
    "|",
    ...expected.slice(0, 10).reverse(),
  ]);
  assert.equal((await drive.position()).object, 0);
  await drive.close();
});

Deno.test("readReverse() gives no record that did not come whole", async () => {
  const { unit, drive } = await openSim();
  await fill(drive, [numbered(1, 500)]);
  await drive.space("end-of-data");
  script(unit, {
    0x0f: [check({ key: 0, asc: 0, ascq: 0, incorrectLength: true, information: -16_777_216 })],
  });
  await assert.rejects(drive.readReverse({ recordBytesHint: 100 }), RecordTooLargeError);
  await drive.close();
});

Deno.test("readAt() and readReverse() read a record again of which the drive says only that it is too long", async () => {
  for (const quirks of [{ missingInformation: true }, { silentOverlength: true }]) {
    const { drive } = await openSim({ quirks });
    await fill(drive, [numbered(0), numbered(1, 5000)]);
    const at = await drive.readAt(1, { recordBytesHint: 16 });
    assert.equal(at.kind === "record" && at.data.length, 5000);
    const back = await drive.readReverse({ recordBytesHint: 16 });
    assert.equal(back.kind === "record" && back.data.length, 5000);
    assert.equal((await drive.position()).object, 1);
    await drive.close();
  }
});

Deno.test("readAt() and readReverse() in fixed mode give no block of another length", async () => {
  const { drive } = await openSim();
  await fill(drive, [numbered(0, 512), numbered(1, 500), numbered(2, 512)]);
  await drive.setBlockSize(512);
  const whole = await drive.readAt(2);
  assert.equal(whole.kind === "record" && whole.data.length, 512);
  await assert.rejects(drive.readAt(1), { kind: "incorrect-length" });
  assert.equal((await drive.position()).object, 2);
  await assert.rejects(drive.readReverse(), { kind: "incorrect-length" });
  assert.equal((await drive.position()).object, 1);
  await drive.close();
});

Deno.test("verify() checks what is ahead, and leaves the tape behind it", async () => {
  const { drive } = await openSim({}, { readAhead: 4 });
  await fill(drive, [numbered(0, 700), numbered(1), null, numbered(3), null]);
  assert.deepEqual(await drive.verify({ recordBytes: 700 }), { ended: "done" });
  assert.equal((await drive.position()).object, 1);
  assert.deepEqual(await drive.verify({ filemarks: 1 }), { ended: "done" });
  assert.equal((await drive.position()).object, 3);
  assert.deepEqual(await drive.verify("end-of-data"), { ended: "done" });
  assert.equal((await drive.position()).object, 5);
  await drive.verify({ filemarks: 1 }, { from: { object: 0 } });
  assert.equal((await drive.position()).object, 3);
  await assert.rejects(
    drive.verify({ blocks: 1 }),
    (error) => (error as TapeError).kind === "invalid-argument",
  );
  await assert.rejects(drive.verify({ filemarks: 0 }), TapeError);
  await drive.close();
});

Deno.test("writeAt() near early warning writes all blocks, also those that the drive leaves at first", async () => {
  const capacity = { capacityBytes: 4000, earlyWarningBytes: 2000 };
  const { unit, drive } = await openSim(capacity, { blockSize: 100 });
  const data = Uint8Array.from({ length: 1000 }, (_, at) => 1 + Math.floor(at / 100));
  const blocks = "1 2 3 4 5 6 7 8 9 10";
  assert.equal((await drive.writeAt(0, data)).earlyWarning, false);
  assert.equal((await drive.writeAt(10, data)).earlyWarning, true);
  assert.equal(contents(unit), `${blocks} ${blocks}`);
  await drive.close();
});

Deno.test("verify() tells what it met first, and what it cannot read", async () => {
  const { unit, drive } = await openSim();
  await fill(drive, [null, numbered(1)]);
  assert.deepEqual(await drive.verify({ recordBytes: 100 }), { ended: "filemark" });
  script(unit, { 0x13: [check({ key: 3, asc: 0x11, ascq: 0 })] });
  await assert.rejects(drive.verify({ recordBytes: 100 }), MediumError);
  await drive.close();
});

Deno.test("recommendedOrder() gives the caller's own segments in the drive's order", async () => {
  const { drive } = await openSim();
  await drive.rewind();
  for (let i = 0; i < 60; i++) await drive.write(numbered(i, 1000));
  await drive.rewind();
  const segments = [{ first: 50, last: 51, name: "c" }, { first: 2, last: 3, name: "a" }, {
    first: 20,
    last: 22,
    name: "b",
  }];
  const ordered = await drive.recommendedOrder(segments);
  assert.deepEqual(ordered.map(({ name }) => name).toSorted(), ["a", "b", "c"]);
  assert.ok(ordered.every((segment) => segments.includes(segment)));
  await assert.rejects(drive.recommendedOrder([{ first: 3, last: 2 }, segments[0]]), TapeError);
  await drive.close();
});

Deno.test("recommendedOrder() does not believe an order of other segments", async () => {
  const { unit, drive } = await openSim();
  script(unit, { 0xa4: [good()], 0xa3: [good(new Uint8Array(8 + 64))] });
  await assert.rejects(
    drive.recommendedOrder([{ first: 0, last: 1 }, { first: 2, last: 3 }]),
    (error) => (error as TapeError).kind === "unexpected-response",
  );
  await drive.close();
});

Deno.test("Behind a writeAt() that found the tape full the driver does not go by where the caller was before", async () => {
  const options = {
    capacityBytes: 1000,
    earlyWarningBytes: 100,
    quirks: { positionUnknown: true },
  };
  const { drive } = await openSim(options);
  await drive.rewind();
  for (let number = 0; number < 8; number++) await drive.write(numbered(number));
  await drive.rewind();
  await drive.read();
  assert.equal((await drive.position()).object, 1);
  await assert.rejects(drive.writeAt(8, numbered(9, 400)), VolumeOverflowError);
  assert.equal((await drive.position()).known, false);
  await drive.close();
});
