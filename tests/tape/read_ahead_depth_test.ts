/** How many READs are under way. */

import assert from "node:assert/strict";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { Random } from "../scsi/random.ts";
import { CutUnit } from "./cut_unit.ts";
import { fill, numbered, openSim } from "./drive_setup.ts";

const sleep = () => Promise.resolve();

Deno.test("Records that are shorter than the room for them do not end reading ahead", async () => {
  const { unit, drive } = await openSim({ jitter: new Random(2) }, {
    readAhead: 4,
    recordBytesHint: 200,
  });
  await fill(drive, Array.from({ length: 60 }, (_, each) => numbered(each, each % 2 ? 100 : 60)));
  for (let reads = 0; reads < 10; reads++) await drive.read();
  let underWay = 0;
  for (let reads = 0; reads < 20; reads++) {
    await drive.read();
    underWay += unit.outstanding;
  }
  assert.ok(underWay >= 20, `${underWay} in 20 reads`);
  await drive.close();
});

Deno.test("Behind a lost connection a quarter as many READs go ahead", async () => {
  const unit = new CutUnit("exact", { jitter: new Random(2) });
  const drive = await TapeDrive.open(unit, { readAhead: 8, recordBytesHint: 200, sleep });
  await fill(drive, Array.from({ length: 80 }, (_, each) => numbered(each)));
  let next = 0;
  const furthestAhead = async (reads: number) => {
    const distances: number[] = [];
    for (const last = next + reads; next < last;) {
      assert.deepEqual(await drive.read(), { kind: "record", data: numbered(next++) });
      distances.push(unit.sim.drive.position!.object - next);
    }
    return Math.max(...distances);
  };
  assert.equal(await furthestAhead(20), 8);
  unit.left = 1;
  while (unit.reconnections === 0) await furthestAhead(1);
  assert.equal(await furthestAhead(20), 2);
  await drive.close();
});
