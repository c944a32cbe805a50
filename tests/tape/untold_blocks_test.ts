/** Drives without INFORMATION, which near the end of the tape take a few blocks of a WRITE and leave the rest, and read a few up to a bad one. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { TapeError } from "../../tape/errors.ts";
import { patternBytes } from "../cli/memory_host.ts";
import { CutUnit } from "./cut_unit.ts";
import { SimUnit } from "./sim_unit.ts";

const BLOCK = 500;
const OPTIONS = { quirks: { missingInformation: true }, earlyWarningBytes: 25_000 };

function options() {
  return { ...OPTIONS, medium: new MemoryMedium({ capacityBytes: 100_000 }) };
}

function contents(unit: SimUnit): Uint8Array {
  const records = unit.drive.objects().map((object) => object.kind === "record" ? object.data : []);
  return Uint8Array.from(records.flatMap((record) => [...record]));
}

for (const writeBehind of [0, 4]) {
  Deno.test(`Blocks that a drive leaves and does not tell of are written behind those that it took: write-behind ${writeBehind}`, async () => {
    const unit = new CutUnit("exact", options());
    const sleep = () => Promise.resolve();
    const drive = await TapeDrive.open(unit, { blockSize: BLOCK, writeBehind, sleep });
    const data = patternBytes(190 * BLOCK);
    // In the middle of the fourth the drive begins to warn, and stops at each block.
    for (let at = 0; at < data.length; at += 40 * BLOCK) {
      await drive.write(data.subarray(at, at + 40 * BLOCK));
    }
    await drive.flush();
    assert.equal(Buffer.compare(contents(unit.sim), data), 0);
    await drive.close();
  });
}

Deno.test("A drive that does not tell how many blocks it took, and cannot be asked, has its write called uncertain", async () => {
  const unit = new SimUnit({ ...options(), quirks: { ...OPTIONS.quirks, positionUnknown: true } });
  const drive = await TapeDrive.open(unit, { blockSize: BLOCK });
  const error = await drive.write(patternBytes(180 * BLOCK)).then(
    () => undefined,
    (error) => error,
  );
  assert.ok(error instanceof TapeError);
  assert.equal(error.kind, "length-disagreement");
  assert.match(error.message, /does not say how many of its blocks it has written/);
  assert.equal(error.writes?.isCertain, false);
  await drive.close().catch(() => {});
});

Deno.test("One block that such a drive takes near the end of the tape is written", async () => {
  const unit = new SimUnit(options());
  const drive = await TapeDrive.open(unit, { blockSize: BLOCK });
  const data = patternBytes(190 * BLOCK);
  for (let at = 0; at < data.length; at += BLOCK) await drive.write(data.subarray(at, at + BLOCK));
  await drive.flush();
  assert.equal(Buffer.compare(contents(unit), data), 0);
  await drive.close();
});

Deno.test("writeAt() asks such a drive where it stands, and writes the rest", async () => {
  const unit = new SimUnit(options());
  const drive = await TapeDrive.open(unit, { blockSize: BLOCK });
  const data = patternBytes(190 * BLOCK);
  for (let at = 0; at < 190; at += 10) {
    await drive.writeAt(at, data.subarray(at * BLOCK, (at + 10) * BLOCK));
  }
  await drive.flush();
  assert.equal(Buffer.compare(contents(unit), data), 0);
  await drive.close();
});

Deno.test("writeAt() is uncertain where such a drive does not tell that either", async () => {
  const unit = new SimUnit({ ...options(), quirks: { ...OPTIONS.quirks, positionUnknown: true } });
  const drive = await TapeDrive.open(unit, { blockSize: BLOCK });
  await assert.rejects(drive.writeAt(0, patternBytes(180 * BLOCK)), (error: TapeError) => {
    assert.match(error.message, /does not say how many of its blocks it has written/);
    return error.kind === "length-disagreement";
  });
  await drive.close().catch(() => {});
});

for (const readAhead of [1, 4]) {
  Deno.test(`The blocks before a bad one are read on a drive that does not tell how many those are: read-ahead ${readAhead}`, async () => {
    const unit = new SimUnit(options());
    const drive = await TapeDrive.open(unit, { blockSize: BLOCK, readAhead });
    const data = patternBytes(20 * BLOCK);
    await drive.write(data);
    await drive.rewind();
    unit.drive.addBadBlock({ object: 12, on: "read" });
    for (let block = 0; block < 20; block++) {
      if (block !== 12) {
        const record = data.subarray(block * BLOCK, (block + 1) * BLOCK);
        assert.deepEqual(await drive.read(), { kind: "record", data: record });
        continue;
      }
      await assert.rejects(drive.read(), (error: TapeError) => error.kind === "medium-error");
      assert.equal((await drive.position()).object, 12);
      await drive.locate(13);
    }
    await drive.close();
  });
}
