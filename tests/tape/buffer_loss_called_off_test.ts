/** What the drive has called written and then lost is told, though who was told of it first had called that off. */

import assert from "node:assert/strict";
import type { ScsiCommand } from "../../scsi/logical_unit.ts";
import { PositionLostError } from "../../tape/errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { Random } from "../scsi/random.ts";
import { contents, numbered, openSim } from "./drive_setup.ts";
import { FaultyLink } from "./faulty_link.ts";

const [FILEMARKS, TEST_UNIT_READY, LOAD_UNLOAD] = [0x10, 0x00, 0x1b];
const sleep = () => Promise.resolve();
const BUFFERED = { bufferBytes: 10_000 };

async function writeAll(drive: TapeDrive, from: number, to: number): Promise<void> {
  for (let number = from; number <= to; number++) await drive.write(numbered(number));
}

/** A drive behind a link that breaks, with a connection that is set up again only when it is let. */
async function stuck() {
  const link = new FaultyLink(new Random(1));
  const reestablish = link.reestablish.bind(link);
  let isStuck = true;
  link.reestablish = (signal?: AbortSignal) =>
    !isStuck ? reestablish() : new Promise((_, reject) => {
      signal!.addEventListener("abort", () => reject(signal!.reason));
    });
  const drive = await TapeDrive.open(link, { writeBehind: 4, sleep });
  await drive.rewind();
  await writeAll(drive, 1, 4);
  await drive.flush();
  link.left = 1;
  await writeAll(drive, 5, 8);
  return { link, drive, letGo: () => isStuck = false };
}

for (const what of ["flush", "position"] as const) {
  Deno.test(`${what}() that is called off while it waits for the connection gives up no record`, async () => {
    const { link, drive, letGo } = await stuck();
    const caller = new AbortController();
    const reason = new Error("enough");
    const waiting = drive[what]({ signal: caller.signal });
    setTimeout(() => caller.abort(reason), 1);
    await assert.rejects(waiting, (error) => error === reason);
    letGo();
    await drive.write(numbered(9));
    await drive.flush();
    assert.equal(contents(link.sim), "1 2 3 4 5 6 7 8 9");
    await drive.close();
  });
}

/** A drive whose answer to one command comes too late for who has called it off. */
async function calledOff(writeBehind: number, opcode: number) {
  const { unit, drive } = await openSim(BUFFERED, { writeBehind });
  await drive.rewind();
  await writeAll(drive, 1, 4);
  await drive.position();
  const caller = new AbortController();
  const execute = unit.execute.bind(unit);
  unit.execute = async (command: ScsiCommand) => {
    const result = await execute(command);
    if (command.cdb[0] !== opcode || command.signal === undefined) return result;
    caller.abort(new Error("enough"));
    throw caller.signal.reason;
  };
  return { unit, drive, signal: caller.signal };
}

for (const writeBehind of [0, 4]) {
  Deno.test(`a lost buffer is told of, though the flush that was told so had been called off: write-behind ${writeBehind}`, async () => {
    const { unit, drive, signal } = await calledOff(writeBehind, FILEMARKS);
    unit.drive.addBadBlock({ object: 2, on: "write", times: 1 });
    await assert.rejects(drive.flush({ signal }), (error) => error === signal.reason);
    await assert.rejects(drive.flush(), (error: PositionLostError) => {
      return error instanceof PositionLostError && error.writes?.durable === 0;
    });
    await assert.rejects(drive.write(numbered(9)), PositionLostError);
    // What was told is told once.
    await drive.rewind();
    await drive.close();
  });

  Deno.test(`close() tells of that, too: write-behind ${writeBehind}`, async () => {
    const { unit, drive, signal } = await calledOff(writeBehind, FILEMARKS);
    unit.drive.addBadBlock({ object: 2, on: "write", times: 1 });
    await assert.rejects(drive.flush({ signal }), (error) => error === signal.reason);
    await assert.rejects(drive.close(), PositionLostError);
  });

  Deno.test(`nothing is doubted behind a motion that was good: write-behind ${writeBehind}`, async () => {
    const { unit, drive, signal } = await calledOff(writeBehind, TEST_UNIT_READY);
    await drive.locate(2);
    await assert.rejects(drive.status({ signal }), (error) => error === signal.reason);
    assert.deepEqual(await drive.read(), { kind: "record", data: numbered(3) });
    await drive.close();
    assert.equal(contents(unit), "1 2 3 4");
  });

  Deno.test(`a drive that was unloaded though that was called off can be loaded: write-behind ${writeBehind}`, async () => {
    const { unit, drive, signal } = await calledOff(writeBehind, LOAD_UNLOAD);
    await assert.rejects(drive.unload({ signal }), (error) => error === signal.reason);
    await assert.rejects(drive.load(), PositionLostError);
    await drive.load();
    assert.deepEqual(await drive.read(), { kind: "record", data: numbered(1) });
    await drive.close();
    assert.equal(contents(unit), "1 2 3 4");
  });

  Deno.test(`a flush that is called off costs nothing where all is well: write-behind ${writeBehind}`, async () => {
    const { unit, drive, signal } = await calledOff(writeBehind, FILEMARKS);
    await assert.rejects(drive.flush({ signal }), (error) => error === signal.reason);
    await drive.flush();
    await drive.close();
    assert.equal(contents(unit), "1 2 3 4");
  });
}
