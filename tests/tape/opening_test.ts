import assert from "node:assert/strict";
import type { TapeDriveOptions } from "../../tape/options.ts";
import { NotReadyError, type TapeError } from "../../tape/errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { tapePersonalities } from "../../sim/personality.ts";
import { openSim } from "./drive_setup.ts";
import { SimUnit } from "./sim_unit.ts";

const TEST_UNIT_READY = 0x00;
const ATTENTION = { key: 6, asc: 0x28, ascq: 0 };
const LOADING = { key: 2, asc: 0x04, ascq: 1 };
const NEEDS_LOAD = { key: 2, asc: 0x04, ascq: 2 };

/** Opens on a unit that is prepared first; counts the waits. */
async function open(prepare: (unit: SimUnit) => void, options: TapeDriveOptions = {}) {
  const unit = new SimUnit({ unitAttentions: { newNexus: [] } });
  prepare(unit);
  const waits: number[] = [];
  const sleep = (ms: number, signal?: AbortSignal) => {
    waits.push(ms);
    signal?.throwIfAborted();
    return Promise.resolve();
  };
  const drive = await TapeDrive.open(unit, { sleep, ...options });
  return { unit, drive, waits };
}

Deno.test("TapeDrive.open() tells what the drive is and which lengths it takes", async () => {
  const personality = Object.values(tapePersonalities).find(({ vendor }) => vendor === "IBM")!;
  const { drive } = await openSim({ personality, serialNumber: "1310000042" });
  assert.equal(drive.info.vendor, "IBM");
  assert.equal(drive.info.product, personality.product);
  assert.equal(drive.info.serialNumber, "1310000042");
  assert.equal(drive.info.deviceType, 1);
  assert.equal(drive.limits.maxBytes, personality.blockLimits.maxBytes);
});

Deno.test("TapeDrive.open() asks all that brings data at once, and then whether a tape is ready", async () => {
  const { unit } = await open(() => {});
  assert.deepEqual(unit.opcodes(), [0x12, 0x12, 0x05, 0x1a, 0x34, 0x00]);
  assert.equal(unit.maxOutstanding, 5);
});

Deno.test("TapeDrive.open() takes in the unit attentions that wait for it", async () => {
  const { unit, drive } = await open((unit) => {
    for (const opcode of [0x00, 0x05, 0x1a, 0x34]) unit.drive.inject({ opcode, sense: ATTENTION });
  });
  assert.equal((await drive.position()).object, 0);
  await drive.write(new Uint8Array(10));
  assert.equal(unit.drive.objects().length, 1);
});

Deno.test("TapeDrive.open() gives up on a drive that never runs out of unit attentions", async () => {
  const opening = open((unit) => {
    unit.drive.inject({ opcode: TEST_UNIT_READY, sense: ATTENTION, times: 100 });
  });
  await assert.rejects(opening, (error: TapeError) => error.kind === "medium-changed");
});

Deno.test("TapeDrive.open() polls until the tape is ready", async () => {
  const { waits } = await open((unit) => {
    unit.drive.inject({ opcode: TEST_UNIT_READY, sense: LOADING, times: 5 });
  }, { loadPolling: { intervalMs: 250, count: 5 } });
  assert.deepEqual(waits, [250, 250, 250, 250, 250]);
});

Deno.test("TapeDrive.open() stops polling after the given count, and says why", async () => {
  const opening = open((unit) => {
    unit.drive.inject({ opcode: TEST_UNIT_READY, sense: LOADING, times: 100 });
  }, { loadPolling: { count: 3 } });
  await assert.rejects(opening, (error: NotReadyError) => {
    return error instanceof NotReadyError && error.reason === "becoming-ready";
  });
});

Deno.test("TapeDrive.open() stops polling at the signal", async () => {
  const controller = new AbortController();
  const reason = new Error("stop");
  const opening = open((unit) => {
    unit.drive.inject({ opcode: TEST_UNIT_READY, sense: LOADING, times: 100 });
    controller.abort(reason);
  }, { loadPolling: { signal: controller.signal } });
  await assert.rejects(opening, (error) => error === reason);
});

Deno.test("TapeDrive.open() loads a tape that waits for it only when asked to", async () => {
  const prepare = (unit: SimUnit) => {
    unit.drive.inject({ opcode: TEST_UNIT_READY, sense: NEEDS_LOAD });
  };
  await assert.rejects(open(prepare), (error: NotReadyError) => error.reason === "needs-load");
  const { unit } = await open(prepare, { load: true });
  assert.ok(unit.opcodes().includes(0x1b));
});

Deno.test("TapeDrive.open() without a tape throws, unless none is required", async () => {
  await assert.rejects(openSim({ medium: undefined }), (error: NotReadyError) => {
    return error instanceof NotReadyError && error.reason === "no-medium";
  });
  const { drive } = await openSim({ medium: undefined }, { requireMedium: false });
  const status = await drive.status();
  assert.equal(status.ready, false);
  assert.equal(status.notReadyReason, "no-medium");
  assert.equal(status.position.known, false);
  await assert.rejects(drive.read(), NotReadyError);
});

Deno.test("TapeDrive.open() refuses what is not a tape, and says what it is", async () => {
  const unit = new SimUnit();
  const execute = unit.execute.bind(unit);
  unit.execute = async (command) => {
    const result = await execute(command);
    if (command.cdb[0] === 0x12) command.dataIn![0] = 0x08;
    return result;
  };
  await assert.rejects(TapeDrive.open(unit), (error: TapeError) => {
    return error.kind === "not-a-tape" && error.message.includes("mediumx");
  });
  assert.ok(!unit.isClosed);
});

Deno.test("TapeDrive.open() manages with a drive that knows neither block limits nor mode pages nor positions", async () => {
  const refused = { key: 5, asc: 0x20, ascq: 0 };
  const { drive } = await open((unit) => {
    for (const opcode of [0x05, 0x1a, 0x5a, 0x34]) {
      unit.drive.inject({ opcode, sense: refused, times: 100 });
    }
  });
  assert.equal(drive.limits.maxBytes, 0xff_ffff);
  assert.equal((await drive.position()).known, false);
  await drive.rewind();
  await drive.write(new Uint8Array(10));
  assert.deepEqual((await drive.position()).object, 1);
});

Deno.test("TapeDrive.open() sets block size and compression when they are given", async () => {
  const { drive } = await openSim({}, { blockSize: 512, compression: false });
  assert.equal(await drive.blockSize(), 512);
  assert.equal((await drive.compression()).enabled, false);
});

Deno.test("TapeDrive.open() refuses options out of their range before it sends anything", async () => {
  const unit = new SimUnit();
  for (const options of [{ readAhead: -1 }, { readAhead: 1000 }, { recordBytesHint: 0 }]) {
    await assert.rejects(TapeDrive.open(unit, options), (error: TapeError) => {
      return error.kind === "invalid-argument";
    });
  }
  assert.deepEqual(unit.opcodes(), []);
});
