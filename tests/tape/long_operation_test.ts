import assert from "node:assert/strict";
import { encodeSense, type SenseInput } from "../../scsi/sense.ts";
import { encodeSupportedOperations } from "../../scsi/supported_operations.ts";
import { DeferredError, HardwareError, NotReadyError, TapeError } from "../../tape/errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { hex } from "../scsi/fake_unit.ts";
import { numbered, openSim } from "./drive_setup.ts";
import { check, good, script, UNKNOWN_COMMAND } from "./scripted.ts";
import { SimUnit } from "./sim_unit.ts";

function sense(input: Partial<SenseInput>) {
  return good(encodeSense({ key: 0, asc: 0, ascq: 0, ...input }));
}

function progress(part: number, code: Partial<SenseInput> = { ascq: 0x18 }) {
  return sense({ ...code, senseKeySpecific: { kind: "progress", progress: part } });
}

const RSOC = { 0xa3: [UNKNOWN_COMMAND] };

Deno.test("A long erase with progress is begun at once, and asked after until it is done", async () => {
  const { unit, drive } = await openSim();
  await drive.rewind();
  const seen = script(unit, {
    ...RSOC,
    0x19: [good()],
    0x03: [progress(0.25), sense({ key: 2, asc: 0x04, ascq: 0x07 }), progress(0.75), sense({})],
  });
  const told: (number | undefined)[] = [];
  await drive.erase({ long: true, onProgress: (part) => told.push(part) });
  assert.deepEqual(told, [0.25, undefined, 0.75, 1]);
  assert.deepEqual(seen.find(({ cdb }) => cdb[0] === 0x19)?.cdb, hex("19 03 000000 00"));
  unit.intercept = undefined;
  await drive.close();
});

Deno.test("A drive that says nothing of it to REQUEST SENSE is done when it is ready", async () => {
  const { unit, drive } = await openSim();
  await drive.rewind();
  const formatting = { key: 2, asc: 0x04, ascq: 0x04 };
  const half = { ...formatting, senseKeySpecific: { kind: "progress", progress: 0.5 } as const };
  script(unit, {
    ...RSOC,
    0x04: [good()],
    0x03: [sense({}), sense({ ascq: 0x17 }), sense({})],
    0x00: [check(formatting), check(half), good()],
  });
  const told: unknown[] = [];
  await drive.format({ onProgress: (part) => told.push(part) });
  assert.deepEqual(told, [undefined, 0.5, 1]);
  unit.intercept = undefined;
  await drive.rewind();
  script(unit, {
    0x04: [good()],
    0x03: [sense({})],
    0x00: [check({ key: 2, asc: 0x3a, ascq: 0 })],
  });
  await assert.rejects(drive.format({ onProgress: () => {} }), NotReadyError);
  unit.intercept = undefined;
  await drive.close();
});

Deno.test("Without progress the drive answers when it is done", async () => {
  const { unit, drive } = await openSim();
  await drive.rewind();
  const seen = script(unit, { ...RSOC, 0x19: [good()], 0x03: [sense({})] });
  await drive.erase({ long: true });
  assert.deepEqual(seen.map(({ cdb }) => [cdb[0], cdb[1]]).filter(([opcode]) => opcode !== 0xa3), [[
    0x19,
    1,
  ]]);
  unit.intercept = undefined;
  await drive.close();
});

Deno.test("A drive that does not answer at once is waited for", async () => {
  const { unit, drive } = await openSim();
  await drive.rewind();
  const seen = script(unit, { ...RSOC, 0x04: [check({ key: 5, asc: 0x24, ascq: 0 }), good()] });
  const told: unknown[] = [];
  await drive.format({ onProgress: (part) => told.push(part) });
  assert.deepEqual(seen.filter(({ cdb }) => cdb[0] === 4).map(({ cdb }) => cdb[1]), [1, 0]);
  assert.deepEqual(told, [1]);
  unit.intercept = undefined;
  await drive.close();
});

Deno.test("What goes wrong in the meantime is an error: by REQUEST SENSE, or deferred", async () => {
  const { unit, drive } = await openSim();
  await drive.rewind();
  const onProgress = () => {};
  script(unit, { ...RSOC, 0x04: [good()], 0x03: [sense({ key: 4, asc: 0x44, ascq: 0 })] });
  await assert.rejects(drive.format({ onProgress }), HardwareError);
  script(unit, {
    0x04: [good()],
    0x03: [sense({})],
    0x00: [check({ key: 3, asc: 0x51, ascq: 0, deferred: true })],
  });
  await assert.rejects(drive.format({ onProgress }), DeferredError);
  unit.intercept = undefined;
  await drive.rewind();
  await drive.close();
});

Deno.test("The asking is bounded by what the command may take, and ended by the signal", async () => {
  const unit = new SimUnit();
  let slept = 0;
  const stop = new AbortController();
  const drive = await TapeDrive.open(unit, {
    sleep: (ms, signal) => {
      slept += ms;
      if (slept > 50_000) stop.abort(new Error("enough"));
      return signal?.aborted ? Promise.reject(signal.reason) : Promise.resolve();
    },
    timeouts: { 0x04: 20_000 },
  });
  script(unit, { ...RSOC, 0x04: [good()], 0x03: [progress(0.5)] });
  const onProgress = () => {};
  await assert.rejects(drive.format({ onProgress }), /does not come to an end/);
  assert.equal(slept, 20_000);
  await assert.rejects(
    drive.erase({ long: true, onProgress, progressIntervalMs: 10_000, signal: stop.signal }),
    (error) => error instanceof TapeError,
    "where the tape stands is not certain after the first",
  );
  await drive.rewind();
  script(unit, { 0x19: [good()], 0x03: [progress(0.5)] });
  await assert.rejects(
    drive.erase({ long: true, onProgress, progressIntervalMs: 10_000, signal: stop.signal }),
    /enough/,
  );
  unit.intercept = undefined;
  await drive.close();
});

Deno.test("The drive's own times are asked for once, before the first long command, and only lengthen ours", async () => {
  const { unit, drive } = await openSim();
  await drive.rewind();
  await drive.write(numbered(1));
  assert.ok(!unit.opcodes().includes(0xa3), "not before they are needed");
  const list = encodeSupportedOperations([
    { opcode: 0x04, cdbLength: 6, recommendedSeconds: 100_000 },
    { opcode: 0x19, cdbLength: 6, recommendedSeconds: 60 },
    { opcode: 0x0b, cdbLength: 6, recommendedSeconds: 0xffffffff },
  ], { timeouts: true });
  const seen = script(unit, { 0xa3: [good(list)], 0x04: [good()], 0x19: [good()], 0x0b: [good()] });
  await drive.format();
  await drive.erase({ long: true });
  await drive.setCapacity(1);
  assert.equal((await drive.supportedCommands()).length, 3);
  const timeouts = new Map(seen.map(({ cdb, timeoutMs }) => [cdb[0], timeoutMs]));
  assert.equal(timeouts.get(0x04), 100_000_000);
  assert.equal(timeouts.get(0x19), undefined, "the table's is longer");
  assert.equal(timeouts.get(0x0b), 0x7fffffff, "as long as a timer can wait");
  assert.equal(seen.filter(({ cdb }) => cdb[0] === 0xa3).length, 1);
  unit.intercept = undefined;
  await drive.close();
});
