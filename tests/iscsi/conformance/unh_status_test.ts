import assert from "node:assert/strict";
import { ProtocolError } from "../../../iscsi/mod.ts";
import type { LogicalUnit } from "../../../scsi/logical_unit.ts";
import { Device } from "../../../tape/device.ts";
import { pattern, READ, REWIND, WRITE } from "./cdbs.ts";
import { STATUS, turn } from "./wire_connection.ts";
import { FINAL, Op } from "./wire_pdu.ts";
import { type WireTarget, withSession } from "./wire_target.ts";

/** Data of a CHECK CONDITION: SenseLength, then fixed format sense (SPC-5 §4.4.3). */
function sense(key: number, asc: number, ascq: number): Uint8Array {
  const bytes = new Uint8Array(20);
  bytes.set([0, 18, 0x70, 0, key]);
  bytes.set([10], 9);
  bytes.set([asc, ascq], 14);
  return bytes;
}

const CHECK_CONDITION = 0x02;
const BUSY = 0x08;
const RESERVATION_CONFLICT = 0x18;

Deno.test("UNH 10.1: status in the last Data-In ends the command, without a SCSI Response", async () => {
  await withSession({}, async (target, wire) => {
    const dataIn = new Uint8Array(1000);
    const { execution, pdu: { itt } } = await target.begin(READ, { dataIn });
    const data = pattern(1000);
    wire.dataIn(itt, data.subarray(0, 600), { flags: 0 });
    wire.dataIn(itt, data.subarray(600), { flags: FINAL | STATUS, dataSn: 1, offset: 600 });
    assert.deepEqual((await execution.result).dataInLength, 1000);
    assert.deepEqual(dataIn, data);
    assert.equal((await target.begin(REWIND)).pdu.expStatSn, wire.statSn);
  });
});

Deno.test("UNH 10.1: an error status does not belong in Data-In", async () => {
  await withSession({}, async (target, wire) => {
    const { execution, pdu } = await target.begin(READ, { dataIn: new Uint8Array(10) });
    wire.dataIn(pdu.itt, new Uint8Array(10), { flags: FINAL | STATUS, status: CHECK_CONDITION });
    await assert.rejects(execution.result, ProtocolError);
    assert.ok(wire.stream.closed);
  });
});

Deno.test("UNH 11.1.2: a Data-In without data is no error", async () => {
  await withSession({}, async (target, wire) => {
    const { execution, pdu: { itt } } = await target.begin(READ, { dataIn: new Uint8Array(8) });
    wire.dataIn(itt, new Uint8Array(0), { flags: 0 });
    wire.dataIn(itt, pattern(8), { flags: FINAL, dataSn: 1 });
    wire.dataIn(itt, new Uint8Array(0), { flags: FINAL | STATUS, dataSn: 2, offset: 8 });
    assert.equal((await execution.result).dataInLength, 8);
  });
});

/** Answers one command, issues it once more, and checks that the second is a new task. */
async function reissued(
  options: { cdb: readonly number[]; dataOut?: Uint8Array; status: number; data?: Uint8Array },
): Promise<void> {
  const { cdb, dataOut, status, data } = options;
  await withSession({}, async (target, wire) => {
    const first = await target.begin(cdb, { dataOut });
    wire.response(first.pdu.itt, { status, data });
    const result = await first.execution.result;
    assert.equal(result.status, status);
    if (data) assert.deepEqual(result.sense, data.subarray(2));
    await wire.quiet();
    const second = await target.begin(cdb, { dataOut });
    assert.equal(second.pdu.cmdSn, first.pdu.cmdSn + 1, "a new command, not a retry");
    assert.notEqual(second.pdu.itt, first.pdu.itt);
    assert.deepEqual(second.pdu.cdb, first.pdu.cdb);
    wire.response(second.pdu.itt);
    assert.equal((await second.execution.result).status, 0);
  });
}

/** A command ended with this additional sense code is told, and issued anew by the caller. */
async function refusedWith(asc: number, ascq: number): Promise<void> {
  const data = sense(0x0b, asc, ascq);
  await reissued({ cdb: WRITE, dataOut: pattern(100), status: CHECK_CONDITION, data });
}

Deno.test("UNH 16.4.1: the sense data of a protocol service CRC error reaches the caller, whose next attempt is a new command", async () => {
  await refusedWith(0x47, 0x05);
});

Deno.test("UNH 16.4.3: the sense data of unexpected unsolicited data reaches the caller, whose next attempt is a new command", async () => {
  await refusedWith(0x0c, 0x0c);
});

Deno.test("UNH 16.4.4: the sense data of an incorrect amount of data reaches the caller, whose next attempt is a new command", async () => {
  await refusedWith(0x0c, 0x0d);
});

Deno.test("UNH 16.4.2: the sense data of a rejected SNACK reaches the caller, whose next attempt is a new command", async () => {
  await refusedWith(0x11, 0x13);
});

Deno.test("UNH 16.4.6: RESERVATION CONFLICT is the command's result, and the next attempt is a new command", async () => {
  await reissued({ cdb: WRITE, dataOut: pattern(100), status: RESERVATION_CONFLICT });
});

/** The driver's view of a unit of the target. */
function driver(target: WireTarget): { device: Device; unit: LogicalUnit } {
  const unit = target.session.logicalUnit(0);
  const events = {
    position: () => undefined,
    failed: () => {},
    modeChanged: () => Promise.resolve(true),
    isBuffered: () => false,
    unheard: () => {},
    heard: () => {},
    facts: () => ({}),
  };
  const device = new Device(unit, events, {
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    sleep: (ms) => new Promise((resolve) => void target.clock.schedule(resolve, ms)),
    timeouts: {},
  });
  return { device, unit };
}

Deno.test("UNH 16.4.5: a command that finds the drive BUSY is issued again after a while, as a new command", async () => {
  await withSession({}, async (target, wire) => {
    const { device } = driver(target);
    const reply = device.perform({ cdb: new Uint8Array(REWIND) });
    const first = await wire.next(Op.Command);
    wire.response(first.itt, { status: BUSY });
    await wire.quiet();
    await target.advance(10_000);
    const second = await wire.only(Op.Command);
    assert.equal(second.cmdSn, first.cmdSn + 1);
    assert.notEqual(second.itt, first.itt);
    assert.deepEqual(second.cdb, first.cdb);
    wire.response(second.itt);
    assert.equal((await reply).status, 0);
  });
});

Deno.test("RFC 7143 §11.4.5: residual counts tell underflow from overflow, beside any status", async () => {
  await withSession({}, async (target, wire) => {
    const residuals: number[] = [];
    for (const [flags, status, residual] of [[0x02, 0, 24], [0x04, 2, 7], [0x00, 0, 99]]) {
      const { execution, pdu } = await target.begin(READ, { dataIn: new Uint8Array(64) });
      wire.response(pdu.itt, {
        flags,
        status,
        residual,
        data: status ? sense(3, 0x11, 0) : undefined,
      });
      residuals.push((await execution.result).residual);
    }
    assert.deepEqual(residuals, [24, -7, 0]);
  });
});

Deno.test("RFC 7143 §11.7.4: a Data-In with status tells its residual", async () => {
  await withSession({}, async (target, wire) => {
    const { execution, pdu } = await target.begin(READ, { dataIn: new Uint8Array(64) });
    const flags = FINAL | STATUS | 0x02;
    wire.dataIn(pdu.itt, pattern(40), { flags, residual: 24 });
    const { dataInLength, residual, status } = await execution.result;
    assert.deepEqual([dataInLength, residual, status], [40, 24, 0]);
  });
});

Deno.test("RFC 7143 §11.4.7: the sense length rules, whatever else the segment holds", async () => {
  await withSession({}, async (target, wire) => {
    const whole = sense(5, 0x24, 0);
    const cases: readonly [data: Uint8Array, expected: Uint8Array][] = [
      [new Uint8Array([...whole, 1, 2, 3, 4]), whole.subarray(2)],
      [new Uint8Array([0xff, 0xff, ...whole.subarray(2)]), whole.subarray(2)],
      [new Uint8Array([0, 0]), new Uint8Array(0)],
    ];
    for (const [data, expected] of cases) {
      const { execution, pdu } = await target.begin(REWIND);
      wire.response(pdu.itt, { status: CHECK_CONDITION, data });
      const result = await execution.result;
      assert.equal(result.status, CHECK_CONDITION);
      assert.deepEqual(result.sense, expected);
    }
    await turn();
  });
});
