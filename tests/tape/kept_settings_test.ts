/** What the caller has set beside the block size, with a drive that forgets it in a reset. */

import assert from "node:assert/strict";
import type { ScsiResult } from "../../scsi/logical_unit.ts";
import {
  HardwareError,
  MediumChangedError,
  ResetError,
  type TapeError,
  WriteProtectedError,
} from "../../tape/errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { CutUnit } from "./cut_unit.ts";
import { contents, fill, numbered, openSim, type Setup } from "./drive_setup.ts";
import { check } from "./scripted.ts";
import type { SimUnit, SimUnitOptions } from "./sim_unit.ts";
import { resetAtReady, resetUnheard } from "./unheard_reset.ts";

const [REQUEST_SENSE, READ, MODE_SELECT, MODE_SENSE] = [0x03, 0x08, 0x15, 0x1a];
const COMPRESSION_PAGE = 0x0f;
const [LTO_8, LTO_7] = [0x5e, 0x5c];

/** Three records on a tape that is to be added to alone, and not compressed. */
async function openSet(options: SimUnitOptions = {}): Promise<Setup> {
  const setup = await openSim(options, { compression: false });
  await setUp(setup.drive);
  return setup;
}

async function setUp(drive: TapeDrive): Promise<void> {
  await drive.setAppendOnly(true);
  await drive.setEarlyWarning(5e6);
  for (let number = 1; number <= 3; number++) await drive.write(numbered(number));
  await drive.flush();
}

/** Nothing can be written over, and all is as it was set. */
async function checkSet(drive: TapeDrive, sim: SimUnit): Promise<void> {
  await drive.locate(1);
  await assert.rejects(drive.write(numbered(9)), WriteProtectedError);
  assert.equal(contents(sim), "1 2 3");
  assert.equal(await drive.appendOnly(), true);
  assert.equal(await drive.earlyWarning(), 5e6);
  assert.equal((await drive.compression()).enabled, false);
}

/** Who hears of the reset. */
const HEARERS: Readonly<Record<string, (drive: TapeDrive) => Promise<unknown>>> = {
  "a write": (drive) => drive.write(numbered(9)),
  "a read": (drive) => drive.read(),
  "a motion": (drive) => drive.rewind(),
  "a question": (drive) => drive.status(),
};

for (const [who, hear] of Object.entries(HEARERS)) {
  Deno.test(`After a reset that ${who} hears of, the caller's settings are in force`, async () => {
    for (const what of ["reset", "powerCycle"] as const) {
      const { unit, drive } = await openSet();
      unit.drive[what]();
      await assert.rejects(hear(drive), ResetError);
      await checkSet(drive, unit);
      await drive.close();
    }
  });
}

Deno.test("So they are after a reset while a tape is loaded", async () => {
  const { unit, drive } = await openSet();
  await drive.unload();
  resetAtReady(unit);
  await drive.load();
  await checkSet(drive, unit);
  await drive.close();
});

Deno.test("and when power was lost with the connection", async () => {
  const unit = new CutUnit("exact");
  const drive = await TapeDrive.open(unit, {
    compression: false,
    sleep: () => Promise.resolve(),
  });
  await setUp(drive);
  unit.nexusLost = true;
  unit.meanwhile = () => unit.sim.drive.powerCycle();
  await drive.rewind();
  await checkSet(drive, unit.sim);
  await drive.close();
});

Deno.test("and when the answer that told of the reset did not come, and the tape stands where it stood", async () => {
  const { unit, drive } = await openSet({ rewindOnReset: false });
  resetUnheard(unit);
  await assert.rejects(drive.compression(), { kind: "transport-lost" });
  await checkSet(drive, unit);
  await drive.close();
});

/** Invalid field in parameter list, and write protected. */
const REFUSALS = [{ key: 5, asc: 0x26, ascq: 0 }, { key: 7, asc: 0x27, ascq: 0 }];

for (const sense of REFUSALS) {
  const said = sense.asc.toString(16);
  Deno.test(`What the drive does not take again is told, once, and reads go on: ${said}h`, async () => {
    const { unit, drive } = await openSet();
    unit.drive.reset();
    await assert.rejects(drive.rewind(), ResetError);
    unit.drive.inject({ opcode: MODE_SELECT, sense });
    await assert.rejects(drive.rewind(), ({ kind, message }: TapeError) => {
      assert.match(message, /no longer has its setting of compression, and does not take it again/);
      assert.ok(message.includes(`${said}/00`));
      return kind === "mode-parameters-changed";
    });
    assert.deepEqual(await drive.read(), { kind: "record", data: numbered(1) });
    assert.equal((await drive.compression()).enabled, true);
    await drive.setCompression({ enabled: false });
    await checkSet(drive, unit);
    await drive.close();
  });
}

Deno.test("What keeps the drive from taking it for a while does not keep it from being tried again", async () => {
  const { unit, drive } = await openSet();
  unit.drive.reset();
  await assert.rejects(drive.rewind(), ResetError);
  unit.drive.inject({ opcode: MODE_SELECT, times: 2, sense: { key: 4, asc: 0x44, ascq: 0 } });
  await assert.rejects(drive.rewind(), HardwareError);
  await assert.rejects(drive.write(numbered(9)), HardwareError);
  await checkSet(drive, unit);
  await drive.close();
});

Deno.test("A drive that is not ready to say is asked once it is", async () => {
  const { unit, drive } = await openSet();
  unit.drive.reset();
  await assert.rejects(drive.rewind(), ResetError);
  const notReady = check({ key: 2, asc: 0x04, ascq: 0x01 });
  unit.intercept = (command) =>
    command.cdb[0] === MODE_SENSE ? Promise.resolve(notReady(command)) : undefined;
  await drive.timestamp();
  unit.intercept = undefined;
  await checkSet(drive, unit);
  await drive.close();
});

Deno.test("What was set last is set again, whichever way it was set", async () => {
  const { unit, drive } = await openSet();
  await drive.rewind();
  await drive.changeSettings("device configuration extension", { writeMode: 0 });
  await drive.changeSettings("device configuration", { compressionAlgorithm: 1 });
  unit.drive.reset();
  await assert.rejects(drive.rewind(), ResetError);
  assert.equal(await drive.appendOnly(), false);
  assert.equal((await drive.compression()).enabled, true);
  await drive.changeSettings("device configuration extension", { writeMode: 1 });
  unit.drive.reset();
  await assert.rejects(drive.rewind(), ResetError);
  assert.equal(await drive.appendOnly(), true);
  await drive.close();
});

Deno.test("What changeSettings() has set is in force after a reset: a tape that is not to be written is not", async () => {
  const { unit, drive } = await openSim();
  await drive.write(numbered(1));
  await drive.flush();
  await drive.changeSettings("control", { softwareWriteProtect: true });
  await drive.changeSettings("device configuration", {
    softwareWriteProtect: true,
    synchronizeAtEarlyWarning: false,
  });
  await drive.changeSettings("read-write error recovery", { writeRetryCount: 3 });
  await drive.changeSettings("device configuration", { softwareWriteProtect: false });
  unit.drive.reset();
  await assert.rejects(drive.rewind(), ResetError);
  await drive.rewind();
  await assert.rejects(drive.write(numbered(2)), WriteProtectedError);
  assert.equal(contents(unit), "1");
  assert.equal((await drive.settings("control")).softwareWriteProtect, true);
  const configuration = await drive.settings("device configuration");
  assert.equal(configuration.softwareWriteProtect, false);
  assert.equal(configuration.synchronizeAtEarlyWarning, false);
  assert.equal((await drive.settings("read-write error recovery")).writeRetryCount, 3);
  await drive.close();
});

Deno.test("A failure that the drive was to make up is not made up again", async () => {
  const { unit, drive } = await openSim();
  const name = "informational exceptions control";
  await drive.changeSettings(name, { test: true, disableExceptionControl: false });
  unit.drive.reset();
  await assert.rejects(drive.rewind(), ResetError);
  assert.equal((await drive.settings(name)).test, false);
  await drive.close();
});

/** A reset, in which the drive forgets the density that nothing is written in yet. */
async function resetDensity({ unit, drive }: Setup): Promise<void> {
  unit.drive.medium!.state.densityCode = LTO_8;
  unit.drive.reset();
  await assert.rejects(drive.rewind(), ResetError);
}

Deno.test("A density is set again for the tape that is in the drive, and for no other", async () => {
  const setup = await openSim();
  const { unit, drive } = setup;
  await drive.setDensity(LTO_7);
  await resetDensity(setup);
  assert.equal((await drive.status()).densityCode, LTO_7);
  await drive.setDensity(0);
  await resetDensity(setup);
  assert.equal((await drive.status()).densityCode, LTO_8);
  const leaving = [() => drive.unload(), () => unit.drive.insert(unit.drive.eject()!)];
  for (const leave of leaving) {
    await drive.rewind();
    await drive.setDensity(LTO_7);
    await leave();
    await drive.load();
    await resetDensity(setup);
    assert.equal((await drive.status()).densityCode, LTO_8);
  }
  await drive.close();
});

Deno.test("A density is not set again once REQUEST SENSE has told in a long erase that the tape may be another", async () => {
  const setup = await openSim();
  const { unit, drive } = setup;
  await drive.setDensity(LTO_7);
  let questions = 0;
  unit.intercept = ({ cdb }) => {
    if (cdb[0] === REQUEST_SENSE && ++questions === 1) unit.drive.raiseUnitAttention(0x28, 0);
    return undefined;
  };
  await assert.rejects(drive.erase({ long: true, onProgress: () => {} }), MediumChangedError);
  unit.intercept = undefined;
  await drive.rewind();
  await resetDensity(setup);
  assert.equal((await drive.status()).densityCode, LTO_8);
  await drive.close();
});

/** Enough for all that does not wait for the drive. */
async function hop(): Promise<void> {
  for (let hops = 0; hops < 100; hops++) await Promise.resolve();
}

Deno.test("Settings are looked for behind the READs ahead, which may tell that the tape is another", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 4, compression: false });
  await drive.setDensity(LTO_8);
  await fill(drive, Array.from({ length: 8 }, (_, number) => numbered(number)));
  await drive.read();
  const exchange = Promise.withResolvers<ScsiResult>();
  let reads = 0;
  unit.intercept = (command) => {
    if (command.cdb[0] === MODE_SENSE && command.cdb[2] === COMPRESSION_PAGE) {
      // Told while the settings before the density are looked for.
      exchange.resolve(check({ key: 6, asc: 0x28, ascq: 0 })(command));
      unit.intercept = undefined;
      return hop().then(() => unit.execute(command));
    }
    if (command.cdb[0] !== READ) return undefined;
    const told = check({ key: 6, asc: 0x2a, ascq: 0x01 })(command);
    return [undefined, Promise.resolve(told), exchange.promise][reads++];
  };
  await drive.read();
  await hop();
  const told = assert.rejects(drive.read(), { kind: "mode-parameters-changed" });
  await hop();
  exchange.resolve(check({ key: 6, asc: 0x28, ascq: 0 })({ cdb: new Uint8Array(6) }));
  await told;
  await assert.rejects(drive.read(), MediumChangedError);
  unit.intercept = undefined;
  await drive.close();
});

Deno.test("What was changed along with a test is not set again, nor what it was before", async () => {
  const { unit, drive } = await openSim();
  const page = "informational exceptions control";
  await drive.changeSettings(page, { method: 3 });
  await drive.changeSettings(page, { method: 6, test: true });
  unit.drive.reset();
  await assert.rejects(drive.rewind(), ResetError);
  assert.equal((await drive.settings(page)).method, 0);
  await drive.close();
});

Deno.test("What nobody has set stays as the drive has it, and costs nothing", async () => {
  const { unit, drive } = await openSim();
  unit.drive.reset();
  await assert.rejects(drive.rewind(), ResetError);
  await drive.rewind();
  assert.ok(!unit.opcodes().includes(MODE_SELECT));
  await drive.close();
});
