/**
 * What the driver says is on tape, after the caller has been elsewhere.
 */

import assert from "node:assert/strict";
import { DeferredError, type TapeError } from "../../tape/errors.ts";
import type { TapeDrive } from "../../tape/tape_drive.ts";
import { numbered, openSim, type Setup } from "./drive_setup.ts";
import { check, script } from "./scripted.ts";

const DEFERRED = check({ key: 3, asc: 0x0c, ascq: 0, deferred: true });
const [WRITE, WRITE_FILEMARKS, MODE_SENSE, SPACE] = [0x0a, 0x10, 0x1a, 0x11];

async function openWithRecords(count: number): Promise<Setup> {
  const setup = await openSim();
  await setup.drive.rewind();
  for (let i = 0; i < count; i++) await setup.drive.write(numbered(i));
  return setup;
}

async function failedWrite({ unit, drive }: Setup): Promise<TapeError> {
  script(unit, { [WRITE]: [DEFERRED] });
  const error = await drive.write(numbered(99)).catch((error: unknown) => error);
  unit.intercept = undefined;
  assert.ok(error instanceof DeferredError);
  return error;
}

Deno.test("the last durable object is that behind the last record, wherever the caller stood when it was flushed", async () => {
  const setup = await openWithRecords(5);
  await setup.drive.flush();
  await setup.drive.space("blocks", -3);
  await setup.drive.flush();
  await setup.drive.space("end-of-data");
  const { writes } = await failedWrite(setup);
  assert.equal(writes?.durable, 5);
  assert.equal(writes?.durableObject, 5);
  await setup.drive.close();
});

Deno.test("what was flushed only after the tape was moved is durable, but how far it reaches is not told", async () => {
  const setup = await openWithRecords(5);
  await setup.drive.space("blocks", -3);
  await setup.drive.flush();
  await setup.drive.space("end-of-data");
  const { writes } = await failedWrite(setup);
  assert.equal(writes?.durable, 5);
  assert.equal(writes?.durableObject, undefined);
  await setup.drive.close();
});

Deno.test("a deferred error that comes instead of a setting's value tells what is durable, too", async () => {
  const setup = await openWithRecords(2);
  const { unit, drive } = setup;
  await drive.flush();
  await drive.write(numbered(2));
  script(unit, { [MODE_SENSE]: [DEFERRED] });
  const error = await drive.compression().catch((error: unknown) => error);
  unit.intercept = undefined;
  assert.ok(error instanceof DeferredError);
  assert.equal(error.writes?.durable, 2);
  assert.equal(error.writes?.durableObject, 2);
  assert.equal(error.position?.object, 3);
  await assert.rejects(drive.write(numbered(3)), { kind: "position-lost" });
  await drive.close();
});

/** Loses the position without a word from the drive. */
async function callOffSpace({ unit, drive }: Setup): Promise<void> {
  const stopping = new AbortController();
  unit.intercept = ({ cdb, signal }) =>
    cdb[0] !== SPACE ? undefined : new Promise((_, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      stopping.abort(new Error("stop"));
    });
  await assert.rejects(drive.space("filemarks", -1, { signal: stopping.signal }), /stop/);
  unit.intercept = undefined;
}

const flushes = (drive: TapeDrive, { unit }: Setup) =>
  drive.close().then(() => unit.opcodes().filter((code) => code === WRITE_FILEMARKS).length);

Deno.test("close() flushes what was written also when the position has been lost since", async () => {
  const setup = await openWithRecords(3);
  await callOffSpace(setup);
  assert.equal(await flushes(setup.drive, setup), 1);
});

Deno.test("close() fails when what was written cannot be flushed after the position was lost", async () => {
  const setup = await openWithRecords(3);
  await callOffSpace(setup);
  script(setup.unit, { [WRITE_FILEMARKS]: [check({ key: 3, asc: 0x0c, ascq: 0 })] });
  await assert.rejects(setup.drive.close(), { kind: "medium-error" });
  assert.ok(setup.unit.isClosed);
});

Deno.test("close() after a reset does not flush: what was lost has been told", async () => {
  const setup = await openWithRecords(3);
  setup.unit.drive.reset();
  await assert.rejects(setup.drive.flush(), { kind: "reset" });
  const before = setup.unit.opcodes().filter((code) => code === WRITE_FILEMARKS).length;
  assert.equal(await flushes(setup.drive, setup), before);
});
