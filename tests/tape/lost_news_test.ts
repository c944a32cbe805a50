/** What a READ was told before the connection was lost, behind a record that was not flushed: by operations that do without a tape, and by close(). */

import assert from "node:assert/strict";
import type { ScsiCommand, ScsiResult } from "../../scsi/logical_unit.ts";
import { NotReadyError, ReservationPreemptedError } from "../../tape/errors.ts";
import type { TapeDrive } from "../../tape/tape_drive.ts";
import { written } from "./files_on_tape.ts";
import { check } from "./scripted.ts";

const READ = 0x08;
const WRITE_FILEMARKS = 0x10;
const GONE = check({ key: 2, asc: 0x3a, ascq: 0 });
const PREEMPTED = check({ key: 6, asc: 0x2a, ascq: 3 });
/** Records and filemarks of the tape before the one that is not flushed. */
const DURABLE = 14;
/** Enough for an answer to come. */
const HOPS = 20;

/** Behind a record that is not flushed, a READ that nobody waits for any more has this answer; then the connection is lost. */
async function told(answer: ReturnType<typeof check>) {
  const { unit, drive } = await written("exact");
  await drive.space("end-of-data");
  await drive.write(new Uint8Array(700));
  const caller = new AbortController();
  const reason = new Error("enough");
  const answered = Promise.withResolvers<ScsiResult>();
  const execute = unit.execute.bind(unit);
  let read: ScsiCommand | undefined;
  unit.execute = (command) => {
    if (command.cdb[0] !== READ) return execute(command);
    read = command;
    caller.abort(reason);
    return answered.promise;
  };
  const reading = drive.read({ signal: caller.signal });
  await assert.rejects(reading, (error) => error === reason);
  unit.execute = execute;
  answered.resolve(answer(read!));
  for (let hops = 0; hops < HOPS; hops++) await Promise.resolve();
  unit.nexusLost = true;
  unit.sim.drive.clearCommands();
  return { unit, drive };
}

const USES: Readonly<Record<string, (drive: TapeDrive) => Promise<unknown>>> = {
  "status()": (drive) => drive.status(),
  "load()": (drive) => drive.load(),
  "unload()": (drive) => drive.unload(),
  "rewind()": (drive) => drive.rewind(),
  "close()": (drive) => drive.close(),
};

for (const [name, use] of Object.entries(USES)) {
  Deno.test(`${name} tells that the tape was gone with what was not flushed, though the connection was lost behind that`, async () => {
    const { drive } = await told(GONE);
    await assert.rejects(use(drive), (error: unknown) => {
      assert.ok(error instanceof NotReadyError, `${error}`);
      const { durable, written, isCertain } = error.writes!;
      assert.deepEqual([durable, written, isCertain], [DURABLE, DURABLE, false]);
      return true;
    });
    await drive.close().catch(() => {});
  });
}

Deno.test("close() tells what a READ was told before the connection was lost, and flushes all the same", async () => {
  const { unit, drive } = await told(PREEMPTED);
  await assert.rejects(drive.close(), ReservationPreemptedError);
  assert.equal(unit.reconnections, 1);
  assert.ok(unit.sim.opcodes().includes(WRITE_FILEMARKS));
});
