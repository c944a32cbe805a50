import assert from "node:assert/strict";
import type { DriveQuirks } from "../../sim/tape/drive_quirks.ts";
import type { ScsiResult } from "../../scsi/logical_unit.ts";
import { encodeSense } from "../../scsi/sense.ts";
import { PositionLostError, type TapeError } from "../../tape/errors.ts";
import { contents, fill, numbered, openSim } from "./drive_setup.ts";

const [READ, SPACE] = [0x08, 0x11];

/** What istgt makes of a tape in a file that grows: refusals that last, and SPACE that finds nothing moving nothing. */
const GROWING_FILE: DriveQuirks = {
  refusesRoomBeyondEnd: true,
  spacePastEndMovesNothing: true,
  spaceIgnoresFilemarks: true,
  silentOverlength: true,
  positionOffByOneAfterMotion: true,
  noLocate16: true,
};

/** From far below the step in which the file grows to far above it, long and short by turns. */
const LENGTHS = [600, 300_000, 4096, 1000, 65_536, 601, 262_144, 10_240, 70_000, 600, 3000, 4095];

for (const readAhead of [0, 1, 2, 16]) {
  Deno.test(`every record arrives from a drive that refuses room beyond the end until it moves, read-ahead ${readAhead}`, async () => {
    for (const beginning of [0, 1, 5]) {
      const lengths = [...LENGTHS.slice(beginning), ...LENGTHS.slice(0, beginning)];
      const { drive } = await openSim({ quirks: GROWING_FILE }, { readAhead });
      await fill(drive, lengths.map((length, index) => new Uint8Array(length).fill(index + 1)));
      for (const [index, length] of lengths.entries()) {
        const result = await drive.read();
        assert.equal(result.kind, "record", `record ${index} of ${length} bytes`);
        if (result.kind !== "record") return;
        assert.equal(result.data.length, length);
        assert.ok(result.data.every((byte) => byte === index + 1));
      }
      assert.equal((await drive.read()).kind, "end-of-data");
      await drive.close();
    }
  });
}

/** A drive that refuses every READ at `object`, whatever its room, as if the partition ended there; SPACE too if `isEnd`. */
async function refusingAt(object: number, isEnd: boolean, quirks: DriveQuirks = {}) {
  const setup = await openSim({ quirks }, { readAhead: 0, recordBytesHint: 200 });
  const { unit } = setup;
  const refusal = (information?: number): Promise<ScsiResult> =>
    Promise.resolve({
      status: 2,
      sense: encodeSense({ key: 3, asc: 0, ascq: 2, endOfMedium: true, information }),
      dataInLength: 0,
      residual: information ?? 0,
    });
  unit.intercept = ({ cdb, dataIn }) => {
    if (unit.drive.position?.object !== object) return undefined;
    if (cdb[0] === READ && cdb[4] > 0) return refusal(dataIn?.length);
    return cdb[0] === SPACE && isEnd ? refusal(1) : undefined;
  };
  return setup;
}

Deno.test("a READ that is refused at the end of data, with any room, finds the end of data", async () => {
  const { drive } = await refusingAt(2, false);
  await fill(drive, [numbered(1), numbered(2)]);
  for (const number of [1, 2]) {
    assert.deepEqual(await drive.read(), { kind: "record", data: numbered(number) });
  }
  assert.deepEqual(await drive.read(), { kind: "end-of-data" });
  assert.equal((await drive.position()).object, 2);
  await drive.close();
});

for (const quirks of [{}, { positionUnknown: true }]) {
  Deno.test(`where the drive says in every way that the partition ends, so does the error, and nothing has moved, with ${JSON.stringify(quirks)}`, async () => {
    const { unit, drive } = await refusingAt(1, true, quirks);
    await fill(drive, [numbered(1), numbered(2)]);
    await drive.read();
    await assert.rejects(drive.read(), (error: TapeError) => {
      assert.deepEqual([error.kind, error.position?.object], ["end-of-partition", 1]);
      return true;
    });
    unit.intercept = undefined;
    assert.deepEqual(await drive.read(), { kind: "record", data: numbered(2) });
    assert.equal((await drive.position()).object, 2);
    await drive.close();
  });
}

Deno.test("where no way leads back to what is refused, nothing is read or written elsewhere", async () => {
  const { unit, drive } = await refusingAt(1, false, { positionUnknown: true, noLocate: true });
  await fill(drive, [numbered(1), numbered(2), null, numbered(3)]);
  await drive.space("end-of-data");
  // Counted from nowhere.
  await drive.space("filemarks", -1);
  await drive.space("blocks", -1);
  await assert.rejects(drive.read(), { kind: "end-of-partition" });
  unit.intercept = undefined;
  await assert.rejects(drive.write(numbered(9)), PositionLostError);
  assert.equal(contents(unit), "1 2 | 3");
  await drive.close();
});
