import assert from "node:assert/strict";
import { encodeSense } from "../../scsi/sense.ts";
import {
  HardwareError,
  MediumError,
  NotReadyError,
  ReservationPreemptedError,
  type TapeError,
  UnloadRequestedError,
} from "../../tape/errors.ts";
import type { DriveNotice } from "../../tape/notice.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { Random } from "../scsi/random.ts";
import { CutUnit } from "./cut_unit.ts";
import { fill, numbered, openSim } from "./drive_setup.ts";

const [WRITE, READ, REQUEST_SENSE, TEST_UNIT_READY] = [0x0a, 0x08, 0x03, 0x00];

function listener(): { notices: DriveNotice[]; onNotice: (notice: DriveNotice) => void } {
  const notices: DriveNotice[] = [];
  return { notices, onNotice: (notice) => notices.push(notice) };
}

Deno.test("a drive that becomes ready is told of with its reason and how far it has come", async () => {
  const { notices, onNotice } = listener();
  const { unit, drive } = await openSim({}, { onNotice });
  unit.drive.inject({
    opcode: TEST_UNIT_READY,
    times: 2,
    sense: {
      key: 2,
      asc: 4,
      ascq: 1,
      senseKeySpecific: { kind: "progress", progress: 0.25 },
    },
  });
  await drive.load();
  const [first, second] = notices;
  assert.ok(first.kind === "waiting" && second.kind === "waiting");
  assert.deepEqual([first.reason, first.asked, second.asked], ["becoming-ready", 1, 2]);
  assert.ok(Math.abs(first.progress! - 0.25) < 0.001);
  await drive.close();
});

Deno.test("a drive that does not become ready is given up after as many questions as asked for", async () => {
  const { notices, onNotice } = listener();
  const { unit, drive } = await openSim({}, { onNotice, loadPolling: { count: 3 } });
  unit.drive.inject({ opcode: TEST_UNIT_READY, times: 99, sense: { key: 2, asc: 4, ascq: 1 } });
  await assert.rejects(drive.load(), (error: NotReadyError) => {
    return error instanceof NotReadyError && error.reason === "becoming-ready";
  });
  assert.equal(notices.length, 3);
  await drive.close();
});

Deno.test("that the drive wants to be cleaned is told once, however it says so", async () => {
  for (
    const sense of [
      { key: 1, asc: 0x00, ascq: 0x17 },
      { key: 0, asc: 0x82, ascq: 0x82 },
      { key: 1, asc: 0x17, ascq: 0x01, cleaningRequested: true },
    ]
  ) {
    const { notices, onNotice } = listener();
    const { unit, drive } = await openSim({}, { onNotice });
    unit.drive.inject({ opcode: WRITE, times: 3, execute: true, sense });
    for (const number of [1, 2, 3, 4]) await drive.write(numbered(number));
    assert.equal(notices.filter(({ kind }) => kind === "cleaning").length, 1);
    assert.equal(unit.drive.objects().length, 4);
    await drive.close();
  }
});

Deno.test("remarks on what was done, and attentions that concern nothing, are told and nothing fails", async () => {
  const { notices, onNotice } = listener();
  const { unit, drive } = await openSim({}, { onNotice });
  unit.drive.inject({ opcode: WRITE, execute: true, sense: { key: 1, asc: 0x0c, ascq: 0x01 } });
  await drive.write(numbered(1));
  unit.drive.inject({ opcode: WRITE, sense: { key: 6, asc: 0x3f, ascq: 0x01 } });
  await drive.write(numbered(2));
  unit.drive.inject({ opcode: WRITE, execute: true, sense: { key: 0, asc: 0x5d, ascq: 0x00 } });
  await drive.write(numbered(3));
  assert.deepEqual(notices.map(({ kind }) => kind), ["recovered", "attention", "recovered"]);
  assert.equal(unit.drive.objects().length, 3);
  await drive.close();
});

Deno.test("a connection that is set up again is told of", async () => {
  const { notices, onNotice } = listener();
  const unit = new CutUnit("exact");
  const drive = await TapeDrive.open(unit, { onNotice, sleep: () => Promise.resolve() });
  await fill(drive, [numbered(1), numbered(2)]);
  await drive.read();
  unit.left = 1;
  await drive.read();
  assert.deepEqual(notices.map(({ kind }) => kind), ["reconnecting", "reconnected"]);
  await drive.close();
});

Deno.test("CHECK CONDITION without sense data is followed by REQUEST SENSE, and means what that says", async () => {
  const { unit, drive } = await openSim();
  await drive.write(numbered(1));
  const raw = encodeSense({ key: 3, asc: 0x0c, ascq: 0 });
  unit.intercept = ({ cdb, dataIn }) => {
    if (cdb[0] === WRITE) {
      return Promise.resolve({ status: 2, sense: new Uint8Array(0), dataInLength: 0, residual: 0 });
    }
    if (cdb[0] !== REQUEST_SENSE) return undefined;
    dataIn!.set(raw);
    return Promise.resolve({
      status: 0,
      sense: new Uint8Array(0),
      dataInLength: raw.length,
      residual: dataIn!.length - raw.length,
    });
  };
  await assert.rejects(drive.write(numbered(2)), MediumError);
  unit.intercept = undefined;
  await drive.close();
});

Deno.test("CHECK CONDITION without sense data anywhere is an error, never success", async () => {
  const { unit, drive } = await openSim();
  unit.drive.inject({ opcode: WRITE, sense: new Uint8Array(0) });
  await assert.rejects(drive.write(numbered(1)), (error: TapeError) => error.kind === "other");
  assert.ok(unit.opcodes().includes(REQUEST_SENSE));
  await drive.close();
});

Deno.test("with other commands under way REQUEST SENSE is not sent, for it would tell of another", async () => {
  const { unit, drive } = await openSim({ jitter: new Random(5) }, { readAhead: 8 });
  await fill(drive, Array.from({ length: 20 }, (_, each) => numbered(each)));
  unit.drive.clearCommands();
  unit.drive.inject({ opcode: READ, occurrence: 5, sense: new Uint8Array(0) });
  await assert.rejects(async () => {
    for (;;) await drive.read();
  }, (error: TapeError) => error.kind === "other");
  assert.ok(!unit.opcodes().includes(REQUEST_SENSE));
  await drive.close().catch(() => {});
});

Deno.test("the same medium or hardware error again says that only unloading helps", async () => {
  for (const [key, type] of [[3, MediumError], [4, HardwareError]] as const) {
    const { unit, drive } = await openSim();
    unit.drive.inject({ opcode: 0x01, times: 2, sense: { key, asc: 0x31, ascq: 0 } });
    const isPersistent: boolean[] = [];
    for (let time = 0; time < 2; time++) {
      await assert.rejects(drive.rewind(), (error: TapeError) => {
        assert.ok(error instanceof type);
        isPersistent.push(error.isPersistent);
        assert.equal(/unload the tape/.test(error.message), error.isPersistent);
        return true;
      });
    }
    assert.deepEqual(isPersistent, [false, true]);
    await drive.unload();
    await drive.close();
  }
});

Deno.test("an error is the same again only when the caller meets it twice in a row, with READs under way behind it or not", async () => {
  for (const readAhead of [0, 8]) {
    const { unit, drive } = await openSim({}, { readAhead });
    await fill(drive, Array.from({ length: 40 }, (_, each) => numbered(each)));
    for (const object of [20, 23]) unit.drive.addBadBlock({ object });
    const isPersistent: boolean[] = [];
    const note = (error: MediumError) => {
      isPersistent.push(error.isPersistent);
      return true;
    };
    for (let object = 0; object < 20; object++) await drive.read();
    for (let time = 0; time < 2; time++) await assert.rejects(drive.read(), note);
    await drive.locate({ object: 21 });
    for (let object = 21; object < 23; object++) await drive.read();
    await assert.rejects(drive.read(), note);
    assert.deepEqual(isPersistent, [false, true, false], `reading ${readAhead} ahead`);
    await drive.rewind();
    await drive.close();
  }
});

Deno.test("a lost reservation and a request to unload have classes of their own, and the latter leaves the place", async () => {
  const answers = [[0x2a, 3, ReservationPreemptedError], [0x5a, 1, UnloadRequestedError]] as const;
  for (const [asc, ascq, type] of answers) {
    const { unit, drive } = await openSim();
    unit.drive.inject({ opcode: WRITE, sense: { key: 6, asc, ascq } });
    await assert.rejects(drive.write(numbered(1)), type);
    // Who has taken the drive may have moved the tape.
    if (type === ReservationPreemptedError) {
      await assert.rejects(drive.write(numbered(2)), { kind: "position-lost" });
      await drive.rewind();
    }
    await drive.write(numbered(2));
    assert.equal(unit.drive.objects().length, 1);
    await drive.close();
  }
});

Deno.test("early warning as a unit attention is early warning", async () => {
  const { unit, drive } = await openSim();
  const sense = { key: 6, asc: 0, ascq: 2, endOfMedium: true };
  unit.drive.inject({ opcode: WRITE, execute: true, sense });
  assert.ok((await drive.write(numbered(1))).earlyWarning);
  assert.ok(!(await drive.write(numbered(2))).earlyWarning);
  assert.equal(unit.drive.objects().length, 2);
  await drive.close();
});

Deno.test("programmable early warning is told apart, once, and writing goes on", async () => {
  const { unit, drive } = await openSim();
  const sense = { key: 0, asc: 0, ascq: 7, endOfMedium: true };
  unit.drive.inject({ opcode: WRITE, execute: true, sense });
  const first = await drive.write(numbered(1));
  const second = await drive.write(numbered(2));
  assert.deepEqual([first.programmableEarlyWarning, first.earlyWarning], [true, false]);
  assert.deepEqual([second.programmableEarlyWarning, second.earlyWarning], [false, false]);
  await drive.close();
});

Deno.test("close() on a connection that is lost tries nothing when nothing has to be flushed", async () => {
  const unit = new CutUnit("exact");
  const drive = await TapeDrive.open(unit, { sleep: () => Promise.resolve() });
  await fill(drive, [numbered(1)]);
  unit.nexusLost = true;
  await drive.close();
  assert.equal(unit.reconnections, 0);
});

Deno.test("close() gives up setting up a lost connection when closeTimeoutMs have passed, and says what may be lost", async () => {
  const unit = new CutUnit("exact");
  const waits: number[] = [];
  let isAttempted = () => {};
  const attempted = new Promise<void>((resolve) => isAttempted = resolve);
  const sleep = (ms: number) => {
    waits.push(ms);
    return attempted;
  };
  const drive = await TapeDrive.open(unit, { sleep, closeTimeoutMs: 1234 });
  await drive.write(numbered(1));
  unit.nexusLost = true;
  // A target that is gone: only the signal ends the attempts.
  unit.reestablish = (signal?: AbortSignal) =>
    new Promise((_, reject) => {
      signal!.addEventListener("abort", () => reject(signal!.reason), { once: true });
      isAttempted();
    });
  await assert.rejects(drive.close(), (error: TapeError) => {
    return error.kind === "transport-lost" && error.writes?.durable === 0;
  });
  assert.deepEqual(waits, [1234]);
});
