/** The block size that the caller has set, with a drive that forgets it in a reset. */

import assert from "node:assert/strict";
import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import {
  HardwareError,
  MediumChangedError,
  ResetError,
  type TapeError,
} from "../../tape/errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { CutUnit } from "./cut_unit.ts";
import { contents, numbered, openSim, type Setup } from "./drive_setup.ts";
import { resetAtReady } from "./unheard_reset.ts";

const [MODE_SELECT, READ_ATTRIBUTE] = [0x15, 0x8c];

/** What brings a drive's default back, and who hears of it. */
const RESETS: Readonly<Record<string, (setup: Setup) => Promise<void>>> = {
  "a write": ({ drive }) => assert.rejects(drive.write(numbered(9, 200)), ResetError),
  "a read": ({ drive }) => assert.rejects(drive.read(), ResetError),
  "a motion": ({ drive }) => assert.rejects(drive.rewind(), ResetError),
  "a question": ({ drive }) => assert.rejects(drive.status(), ResetError),
};

for (const [who, hear] of Object.entries(RESETS)) {
  Deno.test(`After a reset that ${who} hears of, blocks stay as long as they were`, async () => {
    for (const [size, expected] of [[100, "1 1 2 2"], [0, "1 2"]] as const) {
      const setup = await openSim();
      const { unit, drive } = setup;
      await drive.setBlockSize(size);
      await drive.write(numbered(1, 200));
      await drive.flush();
      unit.drive.reset();
      await hear(setup);
      await drive.locate("end-of-data");
      await drive.write(numbered(2, 200));
      assert.equal(contents(unit), expected);
      assert.equal(await drive.blockSize(), size);
      await drive.rewind();
      const result = await drive.read();
      assert.equal(result.kind === "record" && result.data.length, size || 200);
      await drive.close();
    }
  });
}

Deno.test("The block size that a drive was found with is kept too", async () => {
  const medium = new MemoryMedium();
  medium.state.blockBytes = 50;
  const { unit, drive } = await openSim({ medium });
  unit.drive.reset();
  await assert.rejects(drive.rewind(), ResetError);
  await drive.rewind();
  await drive.write(numbered(2, 100));
  assert.equal(contents(unit), "2 2");
  await drive.close();
});

Deno.test("So it is when power was lost, and another tape put in", async () => {
  const { unit, drive } = await openSim({}, { blockSize: 100 });
  await drive.write(numbered(1));
  await drive.flush();
  unit.drive.powerCycle();
  unit.drive.insert(new MemoryMedium());
  await assert.rejects(drive.write(numbered(2)), ResetError);
  await assert.rejects(drive.rewind(), MediumChangedError);
  await drive.rewind();
  await drive.write(numbered(3, 300));
  assert.equal(contents(unit), "3 3 3");
  await drive.close();
});

Deno.test("A reset while a tape is loaded takes the block size from nobody", async () => {
  const { unit, drive } = await openSim({}, { blockSize: 100 });
  await drive.unload();
  resetAtReady(unit);
  await drive.load();
  await drive.write(numbered(1, 200));
  assert.equal(contents(unit), "1 1");
  await drive.close();
});

Deno.test("Where the drive does not take it again, that is told before anything is written otherwise than it was meant", async () => {
  const { unit, drive } = await openSim({}, { blockSize: 100 });
  unit.drive.reset();
  await assert.rejects(drive.write(numbered(1, 200)), ResetError);
  unit.drive.inject({ opcode: MODE_SELECT, sense: { key: 5, asc: 0x26, ascq: 0 } });
  await assert.rejects(drive.rewind(), (error: TapeError) => {
    assert.match(error.message, /0 bytes since, and does not take 100 again: .*26\/00/);
    return error.kind === "mode-parameters-changed";
  });
  assert.equal(await drive.blockSize(), 0);
  await drive.setBlockSize(100);
  await drive.rewind();
  await drive.write(numbered(1, 200));
  assert.equal(contents(unit), "1 1");
  await drive.close();
});

Deno.test("What keeps the drive from taking it for a while does not keep it from being tried again", async () => {
  const { unit, drive } = await openSim({}, { blockSize: 100 });
  unit.drive.reset();
  await assert.rejects(drive.write(numbered(1, 200)), ResetError);
  unit.drive.inject({ opcode: MODE_SELECT, times: 2, sense: { key: 4, asc: 0x44, ascq: 0 } });
  await assert.rejects(drive.rewind(), HardwareError);
  await assert.rejects(drive.write(numbered(1, 200)), HardwareError);
  await drive.rewind();
  await drive.write(numbered(1, 200));
  assert.equal(contents(unit), "1 1");
  await drive.close();
});

Deno.test("So it is when the drive is reset once more while it is asked what it has", async () => {
  const unit = new CutUnit("exact");
  const drive = await TapeDrive.open(unit, { blockSize: 100, sleep: () => Promise.resolve() });
  await drive.write(numbered(1, 200));
  await drive.flush();
  unit.sim.drive.reset();
  await assert.rejects(drive.rewind(), ResetError);
  const execute = unit.execute.bind(unit);
  unit.execute = (command) => {
    if (command.cdb[0] === READ_ATTRIBUTE) {
      unit.execute = execute;
      unit.sim.drive.reset();
    }
    return execute(command);
  };
  await assert.rejects(drive.rewind(), ResetError);
  await drive.locate("end-of-data");
  await drive.write(numbered(2, 200));
  assert.equal(contents(unit.sim), "1 1 2 2");
  await drive.close();
});
