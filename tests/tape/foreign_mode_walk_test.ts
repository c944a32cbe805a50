/** Another host that sets a block size, before each of the commands of a piece of work in turn. */

import assert from "node:assert/strict";
import type { ScsiCommand } from "../../scsi/logical_unit.ts";
import { TapeError } from "../../tape/errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { numbered, openSim, type Setup } from "./drive_setup.ts";
import { HostUnit } from "./host_unit.ts";

const sleep = () => Promise.resolve();
const LENGTH = 200;

const WORK: readonly ((drive: TapeDrive) => Promise<unknown>)[] = [
  (drive) => drive.write(numbered(1, LENGTH)),
  (drive) => drive.write(numbered(1, LENGTH)),
  (drive) => drive.writeFilemarks(1),
  (drive) => drive.write(numbered(1, LENGTH)),
  (drive) => drive.status(),
  (drive) => drive.position(),
  (drive) => drive.write(numbered(1, LENGTH)),
  (drive) => drive.flush(),
  (drive) => drive.rewind(),
  (drive) => drive.read(),
  (drive) => drive.space("filemarks", 1),
  (drive) => drive.space("end-of-data"),
  (drive) => drive.write(numbered(1, LENGTH)),
  (drive) => drive.attributes.list(),
  (drive) => drive.attributes.set({ barcode: "A00001L8" }),
  (drive) => drive.capacity(),
  (drive) => drive.write(numbered(1, LENGTH)),
  (drive) => drive.load(),
  (drive) => drive.locate("end-of-data"),
  (drive) => drive.write(numbered(1, LENGTH)),
  (drive) => drive.mediumProtection(),
  (drive) => drive.write(numbered(1, LENGTH)),
  (drive) => drive.flush(),
];

/** Lets the other host do it before the command with that number; tells how many commands there were. */
function before(command: number, { unit }: Setup, act: () => Promise<void>): () => number {
  const execute = unit.execute.bind(unit);
  let commands = 0;
  unit.execute = async (sent: ScsiCommand) => {
    if (++commands === command) await act();
    return await execute(sent);
  };
  return () => commands;
}

async function kindOfFailure(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error instanceof TapeError ? error.kind : `${error}`;
  }
}

/** Does the work up to where the caller is told of another block size; true when the other host has come to set it. */
async function workUntilTold(from: number, to: number, depth: number, at: number) {
  const setup = await openSim({}, { blockSize: from, readAhead: depth, writeBehind: depth });
  const { unit, drive } = setup;
  const other = await TapeDrive.open(new HostUnit(unit.drive, "other"), { sleep });
  await drive.rewind();
  const commands = before(at, setup, async () => void await other.setBlockSize(to));
  let told: string | undefined;
  for (const step of WORK) {
    told = await kindOfFailure(() => step(drive));
    // What was read ahead came in other lengths.
    if (told === "position-lost") told = await kindOfFailure(() => drive.locate("end-of-data"));
    if (told !== undefined) break;
  }
  assert.ok(told === undefined || told === "mode-parameters-changed", told);
  const lengths = unit.drive.objects().flatMap((each) =>
    each.kind === "record" ? [each.data.length] : []
  );
  const wanted = from || LENGTH;
  assert.ok(lengths.every((length) => length === wanted), `${at}: ${lengths} ${told}`);
  await drive.close().catch(() => {});
  await other.close();
  return commands() >= at;
}

for (const [from, to] of [[0, 50], [100, 0], [100, 50]]) {
  for (const depth of [0, 4]) {
    Deno.test(`no record is written otherwise than it was meant before that is told: from ${from} to ${to}, depth ${depth}`, async () => {
      let at = 1;
      while (await workUntilTold(from, to, depth, at)) at++;
      assert.ok(at > 30);
    });
  }
}
