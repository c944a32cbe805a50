/** A drive without a tape behind a lost connection: what works without one works all the same. */

import assert from "node:assert/strict";
import { MediumChangedError, NotReadyError, PositionLostError } from "../../tape/errors.ts";
import type { TapeDrive } from "../../tape/tape_drive.ts";
import type { CutUnit } from "./cut_unit.ts";
import { EXPECTED, readAll, written } from "./files_on_tape.ts";
import { HostUnit } from "./host_unit.ts";

const UNLOAD = Uint8Array.of(0x1b, 0, 0, 0, 0, 0);
const RECORD = new Uint8Array(700);

/** The connection is lost, and another host has unloaded the tape. */
async function loseConnection(unit: CutUnit): Promise<void> {
  unit.nexusLost = true;
  const other = new HostUnit(unit.sim.drive, "other");
  for (let times = 0; times < 2; times++) await other.execute({ cdb: UNLOAD });
  assert.equal(unit.sim.drive.position, undefined);
}

for (const who of ["the caller", "another host"]) {
  const open = async () => {
    const { unit, drive } = await written("exact");
    await drive.locate(1);
    if (who === "the caller") await drive.unload();
    await loseConnection(unit);
    return { unit, drive };
  };

  Deno.test(`status() tells behind a lost connection that no tape is loaded, which ${who} has unloaded`, async () => {
    const { unit, drive } = await open();
    const { ready, notReadyReason, position } = await drive.status();
    assert.deepEqual([ready, notReadyReason, position.known], [false, "no-medium", false]);
    await assert.rejects(drive.write(RECORD), PositionLostError);
    await assert.rejects(drive.rewind(), NotReadyError);
    await drive.load();
    assert.deepEqual(await readAll(drive), EXPECTED);
    assert.equal(unit.reconnections, 1);
    await drive.close();
  });

  for (const load of ["load", "retension"] as const) {
    Deno.test(`${load}() loads behind a lost connection the tape that ${who} has unloaded`, async () => {
      const { drive } = await open();
      await drive[load]();
      assert.deepEqual(await readAll(drive), EXPECTED);
      await drive.close();
    });
  }
}

/** What works without a tape. */
const WITHOUT_TAPE: Readonly<Record<string, (drive: TapeDrive) => Promise<unknown>>> = {
  "status()": (drive) => drive.status(),
  "load()": (drive) => drive.load(),
};

for (const [name, use] of Object.entries(WITHOUT_TAPE)) {
  Deno.test(`${name} tells that what had not been flushed may be lost with a tape that is gone`, async () => {
    const { unit, drive } = await written("exact");
    await drive.write(RECORD);
    await loseConnection(unit);
    await assert.rejects(use(drive), (error: unknown) => {
      assert.ok(error instanceof PositionLostError);
      assert.equal(error.writes?.isCertain, false);
      return true;
    });
    await use(drive);
    await drive.close();
  });

  Deno.test(`${name} tells that there is another tape`, async () => {
    const { unit, drive } = await written("exact");
    unit.nexusLost = true;
    unit.meanwhile = () => unit.sim.drive.raiseUnitAttention(0x28, 0);
    await assert.rejects(use(drive), MediumChangedError);
    await drive.close();
  });
}
