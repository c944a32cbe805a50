import assert from "node:assert/strict";
import { RecordTooLargeError } from "../../tape/errors.ts";
import { fill, numbered, openSim } from "./drive_setup.ts";
import type { SimUnit } from "./sim_unit.ts";

const READ = 0x08;

/** Transfer lengths of the READs so far. */
function asked(unit: SimUnit): number[] {
  return unit.drive.commands.filter(({ cdb }) => cdb[0] === READ)
    .map(({ cdb }) => (cdb[2] << 16) | (cdb[3] << 8) | cdb[4]);
}

Deno.test("readInto() asks for what the buffer holds, once the drive has told a record's length", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 0, recordBytesHint: 200 });
  await fill(drive, [numbered(1, 300), numbered(1, 5000), numbered(2, 300)]);
  await drive.read();
  const before = asked(unit).length;
  const buffer = new Uint8Array(6000);
  assert.deepEqual(await drive.readInto(buffer), { kind: "record", length: 5000 });
  assert.deepEqual(buffer.subarray(0, 5000), numbered(1, 5000));
  assert.deepEqual(asked(unit).slice(before), [6000]);
  await drive.close();
});

Deno.test("readInto() of less than a block says how long it is, and leaves it there", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 0 });
  await drive.setBlockSize(512);
  await fill(drive, [numbered(1, 512), numbered(2, 512)]);
  await assert.rejects(
    drive.readInto(new Uint8Array(511)),
    (error: RecordTooLargeError) => {
      assert.ok(error instanceof RecordTooLargeError);
      assert.deepEqual([error.recordBytes, error.position?.object], [512, 0]);
      return true;
    },
  );
  assert.deepEqual(asked(unit), [1]);
  for (const number of [1, 2]) {
    assert.deepEqual(await drive.read(), { kind: "record", data: numbered(number, 512) });
  }
  await drive.close();
});

Deno.test("readInto() takes as many whole blocks as fit, of those read ahead too", async () => {
  for (const readAhead of [0, 4]) {
    const { drive } = await openSim({}, { readAhead });
    await drive.setBlockSize(512);
    const blocks = Array.from({ length: 20 }, (_, index) => numbered(index + 1, 512));
    await fill(drive, [...blocks, null, numbered(21, 512)]);
    const seen: number[] = [];
    const buffer = new Uint8Array(3 * 512 + 100);
    for (;;) {
      const result = await drive.readInto(buffer);
      if (result.kind === "end-of-data") break;
      if (result.kind === "filemark") seen.push(0);
      else for (let at = 0; at < result.length; at += 512) seen.push(buffer[at]);
      assert.ok(result.kind === "filemark" || result.length <= 3 * 512);
    }
    assert.deepEqual(seen, [...blocks.map(([number]) => number), 0, 21]);
    await drive.close();
  }
});

Deno.test("readInto() of what has come already leaves the buffer alone after that", async () => {
  const { drive } = await openSim({}, { readAhead: 0, recordBytesHint: 200 });
  await fill(drive, [1, 2, 3].map((number) => numbered(number)));
  await drive.read();
  await assert.rejects(drive.readInto(new Uint8Array(50)), RecordTooLargeError);
  const buffer = new Uint8Array(150);
  assert.deepEqual(await drive.readInto(buffer), { kind: "record", length: 100 });
  assert.deepEqual(await drive.read(), { kind: "record", data: numbered(3) });
  assert.deepEqual(buffer, Uint8Array.from([...numbered(2), ...new Uint8Array(50)]));
  await drive.close();
});

Deno.test("readInto() asks for one block at a time where no way back over a filemark is certain", async () => {
  const { unit, drive } = await openSim({ quirks: { positionUnknown: true, noLocate: true } });
  await drive.setBlockSize(512);
  await fill(drive, [numbered(1, 512), numbered(2, 512), null, numbered(3, 512)]);
  await drive.space("filemarks", 1);
  await drive.space("filemarks", -1);
  await drive.space("blocks", -2);
  const buffer = new Uint8Array(4 * 512);
  const lengths: number[] = [];
  for (let result = await drive.readInto(buffer); result.kind !== "filemark";) {
    if (result.kind === "record") lengths.push(result.length);
    result = await drive.readInto(buffer);
  }
  assert.equal(lengths.reduce((sum, length) => sum + length), 1024);
  assert.ok(asked(unit).every((blocks) => blocks === 1), `${asked(unit)}`);
  await drive.close();
});
