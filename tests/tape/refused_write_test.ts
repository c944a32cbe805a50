/** Writes that do not come to an end by themselves: one that the drive never takes, and one that waits for a connection. */

import assert from "node:assert/strict";
import {
  PositionLostError,
  type TapeError,
  TransportLostError,
  VolumeOverflowError,
} from "../../tape/errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { CutUnit } from "./cut_unit.ts";
import { contents, numbered, openSim } from "./drive_setup.ts";

const WRITE = 0x0a;

/** A drive with three records on tape, which it is proven to count, behind a connection that breaks. */
async function proven(writeBehind: number) {
  const unit = new CutUnit("exact");
  const drive = await TapeDrive.open(unit, { sleep: () => Promise.resolve(), writeBehind });
  await drive.rewind();
  for (let number = 1; number <= 3; number++) await drive.write(numbered(number));
  await drive.flush();
  unit.sim.drive.clearCommands();
  return { unit, drive };
}

for (const writeBehind of [0, 4]) {
  Deno.test(`a write that the drive aborts each time is given up after the third: write-behind ${writeBehind}`, async () => {
    const { unit, drive } = await proven(writeBehind);
    unit.sim.drive.inject({ opcode: WRITE, times: 99, sense: { key: 0xb, asc: 0x47, ascq: 3 } });
    const failing = async () => {
      await drive.write(numbered(4));
      await drive.flush();
    };
    await assert.rejects(failing(), { kind: "aborted-command" });
    const writes = unit.sim.drive.commands.filter(({ cdb }) => cdb[0] === WRITE);
    assert.equal(writes.length, 3);
    await drive.close().catch(() => {});
    assert.equal(contents(unit.sim), "1 2 3");
  });

  Deno.test(`a write over which the connection is lost each time is given up: write-behind ${writeBehind}`, async () => {
    const { unit, drive } = await proven(writeBehind);
    const execute = unit.execute.bind(unit);
    unit.execute = (command) => {
      if (command.cdb[0] === WRITE) unit.left = 1;
      return execute(command);
    };
    const failing = async () => {
      await drive.write(numbered(4));
      await drive.flush();
    };
    await assert.rejects(failing(), TransportLostError);
    assert.ok(unit.reconnections <= 4, `${unit.reconnections} connections`);
    unit.execute = execute;
    await drive.close().catch(() => {});
    assert.equal(contents(unit.sim), "1 2 3");
  });
}

for (const writeBehind of [0, 4]) {
  Deno.test(`a write is found out about over a second lost connection, too: write-behind ${writeBehind}`, async () => {
    for (let second = 1; second <= 24; second++) {
      for (const isExecuted of [false, true]) {
        const { unit, drive } = await proven(writeBehind);
        await drive.write(numbered(4));
        await drive.position();
        const reestablish = unit.reestablish.bind(unit);
        unit.reestablish = async () => {
          await reestablish();
          if (unit.reconnections === 1) unit.left = second;
        };
        unit.isExecuted = isExecuted;
        unit.left = 1;
        await drive.write(numbered(5));
        await drive.flush();
        await drive.close();
        const what = `lost again after ${second} commands, executed ${isExecuted}`;
        assert.equal(contents(unit.sim), "1 2 3 4 5", what);
      }
    }
  });
}

Deno.test("a write that waits for the connection ends as soon as it is called off", async () => {
  const { unit, drive } = await proven(0);
  const reestablish = unit.reestablish.bind(unit);
  const caller = new AbortController();
  unit.left = 1;
  unit.reestablish = (signal?: AbortSignal) => {
    queueMicrotask(() => caller.abort(new Error("enough")));
    return new Promise((_, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  };
  await assert.rejects(drive.write(numbered(4), { signal: caller.signal }), (error) => {
    return error === caller.signal.reason;
  });
  unit.reestablish = reestablish;
  await drive.close().catch(() => {});
  assert.equal(contents(unit.sim), "1 2 3");
});

for (const [blockSize, length] of [[0, 100], [100, 400]]) {
  for (const information of [undefined, -1, length + 1]) {
    Deno.test(`a full tape that leaves ${information} of a write tells nothing, so the place is lost: block size ${blockSize}`, async () => {
      const { unit, drive } = await openSim({}, { blockSize });
      await drive.rewind();
      await drive.write(numbered(1));
      await drive.flush();
      const sense = { key: 0xd, asc: 0, ascq: 2, endOfMedium: true, information };
      unit.drive.inject({ opcode: WRITE, sense });
      await assert.rejects(drive.write(numbered(2, length)), (error: TapeError) => {
        return error instanceof VolumeOverflowError && error.writes?.isInPlace === false;
      });
      await assert.rejects(drive.write(numbered(3, length)), PositionLostError);
      assert.equal(contents(unit), "1");
      await drive.close().catch(() => {});
    });
  }
}

Deno.test("of blocks that a full tape took in part those are handed back that it did not take", async () => {
  const { unit, drive } = await openSim({}, { blockSize: 100 });
  await drive.rewind();
  const blocks = Uint8Array.from({ length: 400 }, (_, at) => Math.floor(at / 100));
  const sense = { key: 0xd, asc: 0, ascq: 2, endOfMedium: true, information: 1 };
  unit.drive.inject({ opcode: WRITE, sense });
  await assert.rejects(drive.write(blocks), ({ writes }: TapeError) => {
    assert.deepEqual(writes?.unwritten, [{ number: 0, data: numbered(3) }]);
    return writes!.isInPlace;
  });
  await drive.close();
});
