import assert from "node:assert/strict";
import { ServiceDeliveryError } from "../../scsi/errors.ts";
import {
  DeferredError,
  HardwareError,
  MediumChangedError,
  MediumError,
  NotReadyError,
  PositionLostError,
  RecordLengthError,
  ReservationConflictError,
  ResetError,
  TapeError,
  TransportLostError,
  VolumeOverflowError,
  WormViolationError,
  WriteProtectedError,
} from "../../tape/errors.ts";
import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import { tapePersonalities } from "../../sim/personality.ts";
import { EncryptionError } from "../../tape/feature_errors.ts";
import type { DriveNotice } from "../../tape/notice.ts";
import { contents, fill, numbered, openSim } from "./drive_setup.ts";

const [READ, WRITE, REWIND] = [0x08, 0x0a, 0x01];

/** Sense of a write, the class it becomes, and whether further writes are refused. */
const WRITE_FAILURES = [
  [{ key: 2, asc: 0x3a, ascq: 0 }, NotReadyError, true],
  [{ key: 3, asc: 0x0c, ascq: 0 }, MediumError, true],
  [{ key: 4, asc: 0x44, ascq: 0 }, HardwareError, true],
  [{ key: 5, asc: 0x24, ascq: 0 }, TapeError, false],
  [{ key: 6, asc: 0x28, ascq: 0 }, MediumChangedError, true],
  [{ key: 6, asc: 0x29, ascq: 2 }, ResetError, true],
  [{ key: 6, asc: 0x2a, ascq: 1 }, TapeError, false],
  [{ key: 7, asc: 0x27, ascq: 0 }, WriteProtectedError, false],
  [{ key: 7, asc: 0x30, ascq: 0x0c }, WormViolationError, false],
  [{ key: 0xb, asc: 0x47, ascq: 5 }, TapeError, true],
  [{ key: 0xd, asc: 0, ascq: 2, endOfMedium: true, information: 100 }, VolumeOverflowError, false],
  [{ key: 0xd, asc: 0, ascq: 2, endOfMedium: true, information: 500 }, VolumeOverflowError, true],
  [{ key: 3, asc: 0x0c, ascq: 0, deferred: true }, DeferredError, true],
] as const;

for (const [sense, type, isLost] of WRITE_FAILURES) {
  const { key, asc, ascq } = sense;
  const name = `${key.toString(16)}/${asc.toString(16)}/${ascq}`;
  const then = isLost ? "refuses further writes" : "lets the next write through";
  Deno.test(`write() that ends in ${name} throws ${type.name} and ${then}`, async () => {
    const { unit, drive } = await openSim();
    await drive.write(numbered(1));
    unit.drive.inject({ opcode: WRITE, sense });
    await assert.rejects(drive.write(numbered(2)), (error: TapeError) => {
      assert.ok(error instanceof type);
      assert.deepEqual([error.senseKey, error.asc, error.ascq], [key, asc, ascq]);
      assert.equal(error.command, "WRITE(6)");
      assert.equal(error.deferred, error instanceof DeferredError);
      assert.ok(error.rawSense.length >= 18);
      return true;
    });
    if (isLost) await assert.rejects(drive.write(numbered(3)), PositionLostError);
    else await drive.write(numbered(3));
    assert.equal(contents(unit), isLost ? "1" : "1 3");
  });
}

Deno.test("an informational unit attention is taken in and the command sent again", async () => {
  const { unit, drive } = await openSim();
  unit.drive.inject({ opcode: WRITE, sense: { key: 6, asc: 0x3f, ascq: 1 }, times: 2 });
  await drive.write(numbered(1));
  assert.equal(contents(unit), "1");
});

Deno.test("BUSY is waited out, on a write and on reads under way", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 4 });
  unit.drive.inject({ opcode: WRITE, status: 0x08, times: 3 });
  await drive.write(numbered(1));
  await fill(drive, [2, 3, 4].map((number) => numbered(number)));
  await drive.rewind();
  unit.drive.inject({ opcode: READ, status: 0x08, occurrence: 2, times: 3 });
  const read = [];
  for (let result = await drive.read(); result.kind === "record"; result = await drive.read()) {
    read.push(result.data[0]);
  }
  assert.deepEqual(read, [1, 2, 3, 4]);
});

Deno.test("a drive that stays busy is given up in the end", async () => {
  const { unit, drive } = await openSim();
  unit.drive.inject({ opcode: READ, status: 0x08, times: 1000 });
  await assert.rejects(drive.read(), (error: TapeError) => error.kind === "busy");
  unit.drive.inject({ opcode: REWIND, status: 0x08, times: 1000 });
  await assert.rejects(drive.rewind(), (error: TapeError) => error.kind === "busy");
});

Deno.test("RESERVATION CONFLICT has a class of its own", async () => {
  const { unit, drive } = await openSim();
  unit.drive.inject({ opcode: WRITE, status: 0x18 });
  await assert.rejects(drive.write(numbered(1)), ReservationConflictError);
});

for (const readAhead of [0, 8]) {
  Deno.test(`a medium error comes out between its neighbours, read-ahead ${readAhead}`, async () => {
    const { unit, drive } = await openSim({}, { readAhead });
    await fill(drive, [1, 2, 3, 4, 5].map((number) => numbered(number)));
    unit.drive.inject({ opcode: READ, occurrence: 3, sense: { key: 3, asc: 0x11, ascq: 0 } });
    const seen: unknown[] = [];
    for (let read = 0; read < 7; read++) {
      try {
        const result = await drive.read();
        seen.push(result.kind === "record" ? result.data[0] : result.kind);
      } catch (error) {
        assert.ok(error instanceof MediumError);
        seen.push("error");
      }
    }
    assert.deepEqual(seen, [1, 2, "error", 3, 4, 5, "end-of-data"]);
    await assert.rejects(drive.write(numbered(9)), PositionLostError);
  });
}

Deno.test("a deferred error comes out of the read that it kept from being executed", async () => {
  const { unit, drive } = await openSim();
  await fill(drive, [numbered(1)]);
  unit.drive.injectDeferredError({ key: 3, asc: 0x0c, ascq: 0 });
  await assert.rejects(drive.read(), (error: TapeError) => {
    return error instanceof DeferredError && error.deferred;
  });
  assert.equal((await drive.read()).kind, "record");
});

Deno.test("a command without an answer throws TransportLostError with what is underneath", async () => {
  const { unit, drive } = await openSim();
  const cause = new ServiceDeliveryError("The connection broke", { outcome: "unknown" });
  unit.intercept = () => Promise.reject(cause);
  await assert.rejects(drive.write(numbered(1)), (error: TapeError) => {
    return error instanceof TransportLostError && error.cause === cause;
  });
  await assert.rejects(drive.read(), TransportLostError);
  unit.intercept = undefined;
  await assert.rejects(drive.write(numbered(1)), PositionLostError);
  await drive.close();
});

Deno.test("write() on a write-protected tape throws WriteProtectedError", async () => {
  const { drive } = await openSim({ medium: new MemoryMedium({ writeProtected: true }) });
  await assert.rejects(drive.write(numbered(1)), WriteProtectedError);
});

Deno.test("near the end of the tape write() reports early warning, and then the overflow", async () => {
  const { unit, drive } = await openSim({ capacityBytes: 1000, earlyWarningBytes: 400 });
  const warnings = [];
  for (let count = 0; count < 10; count++) {
    warnings.push((await drive.write(numbered(count))).earlyWarning);
  }
  assert.deepEqual(warnings.slice(0, 5), Array(5).fill(false));
  assert.deepEqual(warnings.slice(-3), Array(3).fill(true));
  await assert.rejects(drive.write(numbered(10)), (error: VolumeOverflowError) => {
    return error instanceof VolumeOverflowError && error.unwritten === 100 && error.endOfMedium;
  });
  assert.equal(unit.drive.objects().length, 10);
  assert.equal((await drive.position()).object, 10);
});

Deno.test("a fixed block of another length throws after the good ones, and the tape stands behind it", async () => {
  for (const readAhead of [0, 4]) {
    const { drive } = await openSim({}, { readAhead });
    await fill(drive, [numbered(1, 64), numbered(2, 64), numbered(3, 50), numbered(4, 64)]);
    await drive.setBlockSize(64);
    const buffer = new Uint8Array(256);
    assert.deepEqual(await drive.readInto(buffer), { kind: "record", length: 128 });
    await assert.rejects(drive.read(), (error: RecordLengthError) => {
      return error instanceof RecordLengthError && error.kind === "incorrect-length" &&
        error.incorrectLength;
    });
    assert.equal((await drive.position()).object, 3);
    const result = await drive.read();
    assert.equal(result.kind === "record" && result.data[0], 4);
    await drive.close();
  }
});

Deno.test("that block is counted where the drive does not tell where it stands", async () => {
  const { drive } = await openSim({ quirks: { positionUnknown: true } });
  await fill(drive, [numbered(1, 64), numbered(2, 64), numbered(3, 50), numbered(4, 64)]);
  await drive.setBlockSize(64);
  for (let block = 0; block < 2; block++) await drive.read();
  await assert.rejects(drive.read(), { kind: "incorrect-length" });
  const { object, source } = await drive.position();
  assert.deepEqual([object, source], [3, "counted"]);
  await drive.close();
});

Deno.test("lengths that contradict one another throw, and no data is given out", async () => {
  const { unit, drive } = await openSim();
  await fill(drive, [numbered(1), numbered(2)]);
  unit.intercept = ({ cdb, dataIn }) => {
    if (cdb[0] !== READ) return undefined;
    unit.intercept = undefined;
    const sense = new Uint8Array(0);
    return Promise.resolve({
      status: 0,
      sense,
      dataInLength: 100,
      residual: dataIn!.length - 90,
    });
  };
  await assert.rejects(drive.read(), (error: RecordLengthError) => {
    return error instanceof RecordLengthError && error.kind === "length-disagreement";
  });
});

Deno.test("a read that is called off leaves its record for the next one", async () => {
  const { unit, drive } = await openSim();
  await fill(drive, [numbered(1), numbered(2)]);
  const held = Promise.withResolvers<void>();
  unit.intercept = (command) => {
    if (command.cdb[0] !== READ) return undefined;
    unit.intercept = undefined;
    return held.promise.then(() => unit.execute(command));
  };
  const controller = new AbortController();
  const read = drive.read({ signal: controller.signal });
  const reason = new Error("enough");
  queueMicrotask(() => controller.abort(reason));
  await assert.rejects(read, (error) => error === reason);
  held.resolve();
  assert.equal((await drive.position()).object, 0);
  const result = await drive.read();
  assert.equal(result.kind === "record" && result.data[0], 1);
});

Deno.test("a motion that is called off leaves the position unknown, and one not begun does not", async () => {
  const { unit, drive } = await openSim();
  await drive.write(numbered(1));
  await assert.rejects(drive.rewind({ signal: AbortSignal.abort(new Error("before")) }), /before/);
  await drive.write(numbered(2));
  unit.intercept = () => Promise.reject(new Error("called off"));
  await assert.rejects(drive.rewind(), /called off/);
  unit.intercept = undefined;
  await assert.rejects(drive.write(numbered(3)), PositionLostError);
  assert.equal(contents(unit), "1 2");
});

Deno.test("another initiator's new block size is told, and then in force", async () => {
  const { unit, drive } = await openSim();
  await fill(drive, [numbered(1, 64), numbered(2, 64)]);
  unit.drive.inject({ opcode: READ, sense: { key: 6, asc: 0x2a, ascq: 1 } });
  await assert.rejects(drive.read(), (error: TapeError) => {
    return error.kind === "mode-parameters-changed";
  });
  const result = await drive.read();
  assert.equal(result.kind === "record" && result.data[0], 1);
});

Deno.test("a closed drive refuses everything, and closing it again does nothing", async () => {
  const { unit, drive } = await openSim();
  const closing = drive.close();
  assert.equal(drive.close(), closing);
  await closing;
  assert.ok(unit.isClosed);
  await assert.rejects(drive.read(), (error: TapeError) => error.kind === "closed");
});

Deno.test("close() closes the unit also when flushing fails", async () => {
  const { unit, drive } = await openSim();
  await drive.write(numbered(1));
  unit.drive.inject({ opcode: 0x10, sense: { key: 3, asc: 0x0c, ascq: 0 } });
  await assert.rejects(drive.close(), MediumError);
  assert.ok(unit.isClosed);
});

Deno.test("blocks and filemarks that went to tape before it was full are counted", async () => {
  const { unit, drive } = await openSim({ capacityBytes: 1000, earlyWarningBytes: 0 }, {
    blockSize: 100,
    readAhead: 4,
  });
  await assert.rejects(drive.write(new Uint8Array(1500)), (error: VolumeOverflowError) => {
    return error instanceof VolumeOverflowError && error.unwritten === 5;
  });
  await drive.space("blocks", -3);
  await drive.read();
  await drive.write(numbered(9));
  assert.deepEqual(contents(unit).split(" "), [...Array(8).fill("0"), "9"]);
});

Deno.test("An error that read-ahead has met says where the caller stands when it comes out", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 4 });
  await fill(drive, Array.from({ length: 6 }, (_, i) => numbered(i)));
  unit.drive.addBadBlock({ object: 3 });
  for (let i = 0; i < 3; i++) await drive.read();
  await assert.rejects(drive.read(), ({ position }: TapeError) => position?.object === 3);
  await drive.rewind();
  await drive.close();
});

Deno.test("and so it does where another operation has waited for that", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 4, recordBytesHint: 100 });
  await fill(drive, Array.from({ length: 6 }, (_, i) => numbered(i)));
  unit.drive.addBadBlock({ object: 3 });
  for (let i = 0; i < 2; i++) await drive.read();
  await drive.compression();
  await drive.read();
  await assert.rejects(drive.read(), ({ position }: TapeError) => position?.object === 3);
  await drive.rewind();
  await drive.close();
});

Deno.test("early warning that a failed write has met is not told of a write elsewhere", async () => {
  const { unit, drive } = await openSim({ capacityBytes: 1000, earlyWarningBytes: 300 }, {
    blockSize: 100,
  });
  await drive.rewind();
  await drive.write(numbered(1, 600));
  await assert.rejects(drive.write(numbered(2, 500)), VolumeOverflowError);
  assert.equal(unit.drive.objects().length, 10);
  await drive.rewind();
  assert.equal((await drive.write(numbered(3, 100))).earlyWarning, false);
  await drive.close();
});

Deno.test("What codes of its own a vendor's drive gives is told in words, in errors and notices", async () => {
  const said: string[] = [];
  const onNotice = (notice: DriveNotice) => {
    if (notice.kind === "recovered") said.push(notice.message);
  };
  const personality = tapePersonalities["ibm-ult3580-td8"];
  const { unit, drive } = await openSim({ personality }, { onNotice });
  await fill(drive, [numbered(1)]);
  unit.drive.inject({ opcode: READ, sense: { key: 7, asc: 0xef, ascq: 0x10 } });
  await assert.rejects(drive.read(), (error: TapeError) => {
    assert.match(error.message, /EF\/10: encryption key required/);
    return error instanceof EncryptionError && error.reason === "no-key";
  });
  await drive.rewind();
  unit.drive.addBadBlock({ object: 0, sense: { key: 1, asc: 0x82, ascq: 0x52 } });
  await drive.read();
  assert.match(said.join(), /82\/52: degraded medium/);
  await drive.close();
});
