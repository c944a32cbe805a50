import assert from "node:assert/strict";
import type { DriveQuirks } from "../../sim/tape/drive_quirks.ts";
import { fill, openSim } from "./drive_setup.ts";

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
