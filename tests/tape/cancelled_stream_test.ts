/** What befalls a stream that is cancelled meanwhile is told to whoever comes next. */

import assert from "node:assert/strict";
import { MediumError, PositionLostError, ResetError, type TapeError } from "../../tape/errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { CutUnit } from "./cut_unit.ts";
import { fill, numbered, openSim } from "./drive_setup.ts";
import { HostUnit } from "./host_unit.ts";
import type { SimUnit } from "./sim_unit.ts";

const WRITE = 0x0a;
const sleep = () => Promise.resolve();

async function opened() {
  const unit = new CutUnit("exact");
  const drive = await TapeDrive.open(unit, { sleep });
  await fill(drive, [1, 2, 3, 4, 5, 6].map((number) => numbered(number)));
  return { unit, drive };
}

/** A stream that is cancelled as soon as anything is sent for it. */
async function cancelAtOnce(unit: CutUnit, drive: TapeDrive): Promise<void> {
  const reader = drive.readable().getReader();
  const execute = unit.execute.bind(unit);
  const cancelled = new Promise<void>((resolve) => {
    unit.execute = (command) => {
      unit.execute = execute;
      resolve(reader.cancel());
      return execute(command);
    };
  });
  assert.equal((await reader.read()).done, true);
  await cancelled;
}

/** A drive whose append-only mode another host has switched off, as only a stream that is cancelled has heard. */
async function cancelledBehindForeignChange() {
  const { unit, drive } = await opened();
  const other = await TapeDrive.open(new HostUnit(unit.sim.drive, "other"), { sleep });
  await drive.setAppendOnly(true);
  await other.setAppendOnly(false);
  await drive.rewind();
  await cancelAtOnce(unit, drive);
  return { unit, drive, other };
}

for (const next of ["read", "position"] as const) {
  Deno.test(`a place that is lost with a connection while a stream is cancelled is told: ${next}()`, async () => {
    const { unit, drive } = await opened();
    await drive.locate(3);
    unit.left = 1;
    unit.isExecuted = true;
    await cancelAtOnce(unit, drive);
    await assert.rejects(drive[next](), PositionLostError);
    await drive.rewind();
    assert.deepEqual(await drive.read(), { kind: "record", data: numbered(1) });
    await drive.close();
  });
}

Deno.test("so is a reset", async () => {
  const { unit, drive } = await opened();
  await drive.locate(3);
  unit.sim.drive.reset();
  await cancelAtOnce(unit, drive);
  await assert.rejects(drive.read(), ({ name, cause }: Error) => {
    return name === "ResetError" || cause instanceof ResetError;
  });
  await drive.close();
});

Deno.test("so is what another host has changed, once", async () => {
  const { drive, other } = await cancelledBehindForeignChange();
  const told = { kind: "mode-parameters-changed", message: /changed append-only mode/ };
  await assert.rejects(drive.locate(1), told);
  await drive.locate(1);
  await other.close();
  await drive.close();
});

for (const next of ["read", "position"] as const) {
  Deno.test(`though the connection is lost meanwhile: ${next}()`, async () => {
    const { unit, drive, other } = await cancelledBehindForeignChange();
    // The stream's turn ends after it.
    for (let turn = 0; turn < 200; turn++) await Promise.resolve();
    unit.nexusLost = true;
    await assert.rejects(drive[next](), { message: /changed append-only mode/ });
    await drive.rewind();
    await other.close();
    await drive.close();
  });
}

Deno.test("a lost place of which the caller has heard is not told again over that", async () => {
  const { unit, drive } = await opened();
  const other = await TapeDrive.open(new HostUnit(unit.sim.drive, "other"), { sleep });
  await drive.setAppendOnly(true);
  unit.sim.drive.reset();
  await assert.rejects(drive.read(), ResetError);
  await drive.read();
  await other.status().catch(() => {});
  await other.setAppendOnly(false);
  await drive.position();
  await cancelAtOnce(unit, drive);
  await assert.rejects(drive.read(), { message: /changed append-only mode/ });
  assert.deepEqual(await drive.read(), { kind: "record", data: numbered(2) });
  await other.close();
  await drive.close();
});

for (const next of ["flush", "rewind", "close"] as const) {
  Deno.test(`so is that what was written may be lost with the drive's power: ${next}()`, async () => {
    const { unit, drive } = await opened();
    await drive.space("end-of-data");
    await drive.write(numbered(7));
    unit.nexusLost = true;
    unit.meanwhile = () => unit.sim.drive.powerCycle();
    await cancelAtOnce(unit, drive);
    await assert.rejects(drive[next](), (error: TapeError) => {
      assert.ok(error instanceof ResetError);
      assert.deepEqual([error.writes?.durable, error.writes?.written], [6, 6]);
      return true;
    });
    if (next !== "close") await drive.close();
    else assert.ok(unit.sim.isClosed);
  });
}

for (const streams of [1, 2]) {
  for (const next of ["flush", "rewind", "close"] as const) {
    Deno.test(`so is that a write behind has failed, when ${streams} waited for it: ${next}()`, async () => {
      const { unit, drive } = await openSim({}, { writeBehind: 4 });
      await drive.rewind();
      for (let number = 1; number <= 3; number++) await drive.write(numbered(number));
      unit.drive.inject({ opcode: WRITE, sense: { key: 3, asc: 0x0c, ascq: 0 } });
      const letGo = holdWrites(unit);
      await drive.write(numbered(4));
      for (let times = 0; times < streams; times++) await cancelWaiting(drive);
      letGo();
      await assert.rejects(drive[next](), (error: TapeError) => {
        assert.ok(error instanceof MediumError);
        assert.deepEqual(error.writes?.unwritten.map(({ data }) => data[0]), [4]);
        return true;
      });
      if (next !== "close") await drive.close();
    });
  }
}

/** Holds back the answers to WRITEs until they are let go. */
function holdWrites(unit: SimUnit): () => void {
  const gate = Promise.withResolvers<void>();
  const execute = unit.execute.bind(unit);
  unit.execute = async (command) => {
    const result = await execute(command);
    if (command.cdb[0] === WRITE) await gate.promise;
    return result;
  };
  return () => gate.resolve();
}

/** A stream that is cancelled while its read waits for writes before it. */
async function cancelWaiting(drive: TapeDrive): Promise<void> {
  const reader = drive.readable().getReader();
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  const reading = reader.read();
  await reader.cancel();
  assert.equal((await reading).done, true);
}
