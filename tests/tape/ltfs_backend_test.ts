/** What an LTFS tape back end relies on in a drive and its driver, on one partition; ltfs_volume_test.ts has volumes of two. */

import assert from "node:assert/strict";
import { SpaceStoppedError, type TapeError, WormViolationError } from "../../tape/errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import { WriteProtectedError } from "../../tape/errors.ts";
import { CutUnit } from "./cut_unit.ts";
import { contents, fill, numbered, openSim } from "./drive_setup.ts";

const LAYOUT = [numbered(1), numbered(2), null, numbered(3), null, null, numbered(4)];

Deno.test("position() has object, file and beginning right after every motion", async () => {
  const { drive } = await openSim();
  await fill(drive, LAYOUT);
  const expect = async (object: number, file: number) => {
    const position = await drive.position();
    assert.deepEqual(
      [position.object, position.file, position.beginningOfPartition, position.source],
      [object, file, object === 0, "device"],
    );
  };
  await expect(0, 0);
  await drive.locate(4);
  await expect(4, 1);
  await drive.space("filemarks", 2);
  await expect(6, 3);
  await drive.space("filemarks", -1);
  await expect(5, 2);
  await drive.space("end-of-data");
  await expect(7, 3);
  await drive.writeFilemarks(2);
  await expect(9, 5);
  await drive.rewind();
  await expect(0, 0);
  await drive.close();
});

Deno.test("locate() beyond the end of data ends there and says so", async () => {
  const { drive } = await openSim();
  await fill(drive, LAYOUT);
  await assert.rejects(drive.locate(99), (error: SpaceStoppedError) => {
    return error instanceof SpaceStoppedError && error.kind === "end-of-data" && error.asc === 0 &&
      error.ascq === 5 && error.blankCheck;
  });
  assert.equal((await drive.position()).object, 7);
  await drive.close();
});

Deno.test("space() counts exactly, in both directions and over what 24 bits hold", async () => {
  const { drive } = await openSim();
  await fill(drive, LAYOUT);
  for (
    const [what, count, kind, left, object] of [
      ["filemarks", 20_000_000, "end-of-data", 19_999_997, 7],
      ["filemarks", -20_000_000, "beginning-of-partition", 19_999_997, 0],
      ["blocks", 20_000_000, "filemark", 19_999_998, 3],
      ["blocks", -3, "filemark", 3, 2],
    ] as const
  ) {
    await assert.rejects(drive.space(what, count), (error: SpaceStoppedError) => {
      assert.deepEqual([error.kind, error.information], [kind, left]);
      return true;
    });
    assert.equal((await drive.position()).object, object);
  }
  await drive.close();
});

for (const sili of [false, true]) {
  Deno.test(`records of unknown length up to 512 KiB come whole, SILI ${sili}`, async () => {
    const { drive } = await openSim({}, { sili, recordBytesHint: 524_288 });
    const lengths = [1, 4096, 524_288, 100, 65_536, 524_287];
    await fill(drive, lengths.map((length, at) => numbered(at, length)));
    for (const length of lengths) {
      const result = await drive.read();
      assert.equal(result.kind === "record" && result.data.length, length);
    }
    await drive.close();
  });
}

Deno.test("after early warning there is room for an index: every write is taken and warned of, up to the end", async () => {
  for (const quirks of [{}, { flagsWithoutAsc: true }]) {
    const setup = { capacityBytes: 20_000, earlyWarningBytes: 5000, quirks };
    const { drive } = await openSim(setup, { writeBehind: 4 });
    while (!(await drive.write(numbered(1, 500))).earlyWarning);
    const flushed = await drive.flush();
    assert.ok(flushed.earlyWarning || (await drive.write(numbered(2, 500))).earlyWarning);
    assert.ok((await drive.write(numbered(3, 500))).earlyWarning);
    assert.ok((await drive.writeFilemarks()).earlyWarning);
    await drive.close();
  }
});

Deno.test("flush() flushes, and filemarks with `immediate` prove nothing until it does", async () => {
  const { unit, drive } = await openSim();
  await drive.write(numbered(1));
  await drive.writeFilemarks(1, { immediate: true });
  unit.drive.injectDeferredError({ key: 3, asc: 0x0c, ascq: 0 });
  await assert.rejects(drive.flush(), (error: TapeError) => {
    return error.kind === "deferred" && error.writes?.durable === 0;
  });
  await drive.close();
});

Deno.test("a tape that is locked in cannot be unloaded, and can once it is unlocked", async () => {
  const { drive } = await openSim();
  await drive.setMediumRemoval(false);
  await assert.rejects(drive.unload(), (error: TapeError) => {
    return error.kind === "removal-prevented" && error.asc === 0x53 && error.ascq === 2;
  });
  await drive.setMediumRemoval(true);
  await drive.unload();
  await drive.close();
});

Deno.test("load() may hear 28/00 once", async () => {
  const { unit, drive } = await openSim();
  await drive.unload();
  unit.drive.raiseUnitAttention(0x28, 0);
  await drive.load();
  assert.equal((await drive.position()).object, 0);
  await drive.close();
});

Deno.test("write protection and WORM have classes of their own, and leave the tape as it is", async () => {
  const { drive } = await openSim({ medium: new MemoryMedium({ writeProtected: true }) });
  await assert.rejects(drive.write(numbered(1)), WriteProtectedError);
  await drive.close();
  const worm = await openSim();
  await worm.drive.write(numbered(1));
  worm.unit.drive.inject({ opcode: 0x0a, sense: { key: 7, asc: 0x30, ascq: 0x0c } });
  await assert.rejects(worm.drive.write(numbered(2)), WormViolationError);
  await worm.drive.write(numbered(3));
  assert.equal(contents(worm.unit), "1 3");
  await worm.drive.close();
});

Deno.test("after a new login the place is asked for, not believed", async () => {
  const unit = new CutUnit("exact");
  const drive = await TapeDrive.open(unit, { sleep: () => Promise.resolve() });
  await fill(drive, LAYOUT);
  await drive.locate(4);
  unit.nexusLost = true;
  unit.meanwhile = () => {
    unit.sim.drive.reset();
    unit.sim.drive.raiseUnitAttention(0x29, 0);
  };
  await assert.rejects(drive.write(numbered(9)), (error: TapeError) => {
    return error.kind === "position-lost";
  });
  assert.equal(contents(unit.sim), "1 2 | 3 | | 4");
  await drive.locate(4);
  await drive.write(numbered(9));
  assert.equal(contents(unit.sim), "1 2 | 3 9");
  await drive.close();
});
