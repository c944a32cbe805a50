/**
 * Motions that the drive refuses, or that are called off before they begin, while read-ahead has brought the tape further: the caller is still where it was.
 */

import assert from "node:assert/strict";
import { TapeError, WriteProtectedError } from "../../tape/errors.ts";
import type { TapeDrive } from "../../tape/tape_drive.ts";
import { contents, fill, numbered, openSim, type Setup } from "./drive_setup.ts";
import { check, script, UNKNOWN_COMMAND } from "./scripted.ts";

type Motion = (drive: TapeDrive, signal?: AbortSignal) => Promise<unknown>;

/** Every operation that leaves the caller's place, by its name, with the operation codes that it needs. */
const MOTIONS: Readonly<Record<string, readonly [codes: readonly number[], run: Motion]>> = {
  "rewind()": [[0x01], (drive, signal) => drive.rewind({ signal })],
  "load()": [[0x1b], (drive, signal) => drive.load({ signal })],
  "retension()": [[0x1b], (drive, signal) => drive.retension({ signal })],
  "unload()": [[0x1b], (drive, signal) => drive.unload({ signal })],
  "hold()": [[0x1b], (drive, signal) => drive.hold({ signal })],
  "space() to end of data": [
    [0x11],
    (drive, signal) => drive.space("end-of-data", 1, { signal }),
  ],
  "locate()": [[0x92, 0x2b], (drive, signal) => drive.locate(3, { signal })],
  "locate() to a file": [[0x92, 0x01], (drive, signal) => drive.locate({ file: 0 }, { signal })],
  "readAt()": [[0x88], (drive, signal) => drive.readAt(3, { signal })],
  "writeAt()": [[0x8a], (drive, signal) => drive.writeAt(3, numbered(9), { signal })],
  "verify() from an object": [
    [0x8f],
    (drive, signal) => drive.verify({ recordBytes: 100 }, { from: { object: 2 }, signal }),
  ],
};

/** A tape of 30 records, six of them read, the tape behind some more. */
async function openAhead(): Promise<Setup> {
  const { unit, drive } = await openSim({}, { readAhead: 8 });
  await fill(drive, Array.from({ length: 30 }, (_, i) => numbered(i)));
  for (let i = 0; i < 6; i++) await drive.read();
  return { unit, drive };
}

async function assertAtSix({ unit, drive }: Setup): Promise<void> {
  assert.equal((await drive.position()).object, 6);
  const next = await drive.read();
  assert.equal(next.kind === "record" && next.data[0], 6);
  await drive.write(numbered(99));
  assert.equal(contents(unit), "0 1 2 3 4 5 6 99");
  await drive.close();
}

for (const [name, [codes, run]] of Object.entries(MOTIONS)) {
  Deno.test(`${name} that the drive refuses leaves what was read ahead to the next read`, async () => {
    const setup = await openAhead();
    const answers = Object.fromEntries(codes.map((code) => [code, [UNKNOWN_COMMAND]]));
    script(setup.unit, answers);
    await assert.rejects(run(setup.drive), TapeError);
    setup.unit.intercept = undefined;
    await assertAtSix(setup);
  });

  Deno.test(`${name} on a drive that another host has reserved leaves the caller where it is`, async () => {
    const setup = await openAhead();
    const conflict = () => ({
      status: 0x18,
      sense: new Uint8Array(0),
      dataInLength: 0,
      residual: 0,
    });
    script(setup.unit, Object.fromEntries(codes.map((code) => [code, [conflict]])));
    await assert.rejects(run(setup.drive), { kind: "reservation-conflict" });
    setup.unit.intercept = undefined;
    await assertAtSix(setup);
  });

  Deno.test(`${name} that is called off while READs are under way leaves the caller where it is`, async () => {
    const setup = await openAhead();
    const stopping = new AbortController();
    const motion = run(setup.drive, stopping.signal);
    await Promise.resolve();
    await Promise.resolve();
    stopping.abort(new Error("stop"));
    await assert.rejects(motion, /stop/);
    await assertAtSix(setup);
  });
}

Deno.test("unload() of a tape that is locked in leaves the caller where it is", async () => {
  const setup = await openAhead();
  await setup.drive.lock();
  await assert.rejects(setup.drive.unload(), { kind: "removal-prevented" });
  await assertAtSix(setup);
});

Deno.test("a motion called off with the error of another drive for its reason has lost the position all the same", async () => {
  const { unit, drive } = await openSim();
  await fill(drive, [numbered(0), numbered(1), numbered(2)]);
  const stopping = new AbortController();
  unit.intercept = ({ cdb, signal }) =>
    cdb[0] !== 0x11 ? undefined : new Promise((_, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      stopping.abort(new WriteProtectedError("Cannot write the copy"));
    });
  await assert.rejects(drive.space("blocks", 2, { signal: stopping.signal }), WriteProtectedError);
  unit.intercept = undefined;
  await assert.rejects(drive.write(numbered(9)), { kind: "position-lost" });
  assert.equal(contents(unit), "0 1 2");
  await drive.close();
});

Deno.test("space() to end of data that cannot be confirmed has lost the position", async () => {
  const { unit, drive } = await openSim();
  await fill(drive, [numbered(0), numbered(1)]);
  script(unit, { 0x08: [check({ key: 5, asc: 0x2c, ascq: 0 })] });
  await assert.rejects(drive.space("end-of-data"), { kind: "illegal-request" });
  unit.intercept = undefined;
  await assert.rejects(drive.write(numbered(9)), { kind: "position-lost" });
  await drive.close();
});

Deno.test("A unit attention that is new to the driver is told, and the caller is where it was", async () => {
  const { unit, drive } = await openAhead();
  unit.drive.inject({ opcode: 0x92, sense: { key: 6, asc: 0x0e, ascq: 0 } });
  await assert.rejects(drive.locate(3), { kind: "unit-attention" });
  await drive.write(numbered(99));
  assert.equal(contents(unit), "0 1 2 3 4 5 99");
  await drive.close();
});
