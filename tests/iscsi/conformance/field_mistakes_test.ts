import assert from "node:assert/strict";
import {
  ConnectionLostError,
  discover,
  type LogicalUnit,
  SessionClosedError,
} from "../../../iscsi/mod.ts";
import { RecoverableUnit } from "../../../iscsi/session/recoverable_unit.ts";
import { lunFromNumber, lunToNumber } from "../../../scsi/lun.ts";
import { CheckConditionError, ScsiStatusError } from "../../../scsi/errors.ts";
import { reportLuns } from "../../../scsi/report_luns.ts";
import { executeChecked } from "../../../scsi/execute.ts";
import { pattern, READ, REWIND, WRITE } from "./cdbs.ts";
import { STATUS, turn } from "./wire_connection.ts";
import { CONTINUE, FINAL, Op } from "./wire_pdu.ts";
import { WireTarget, withSession, withTarget } from "./wire_target.ts";

/** A unit of the target that can be set up again after an outage. */
function recoverable(target: WireTarget, delayMs = 1000): RecoverableUnit {
  return new RecoverableUnit(target.session, {
    lun: 0n,
    name: "tape",
    connect: () => target.connect(),
    clock: target.clock,
    randomBytes: (length) => new Uint8Array(length).fill(128),
  }, { attempts: 4, delayMs });
}

/** Lets seconds pass until the target is dialed again; how many. */
async function secondsUntilDialed(target: WireTarget, count: number): Promise<number> {
  let seconds = 0;
  for (; target.connections.length < count && seconds < 300; seconds++) await target.advance(1000);
  assert.equal(target.connections.length, count);
  return seconds;
}

Deno.test("Seen in the field: logins follow one another slower and slower while they fail, and end after so many", async () => {
  await withSession({}, async (target, wire) => {
    const unit = recoverable(target);
    wire.stream.cut();
    await turn();
    const back = unit.reestablish();
    back.catch(() => {});
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 4; attempt++) {
      waits.push(await secondsUntilDialed(target, attempt + 1));
      target.wire.stream.cut();
    }
    await target.advance(60_000);
    assert.deepEqual(waits, [2, 1, 2, 4]);
    assert.equal(target.connections.length, 5, "the budget is spent");
    await assert.rejects(back, ConnectionLostError);
  });
});

Deno.test("Seen in the field: a target that drops each session at once is not logged in to in a storm, nor any command sent again", async () => {
  await withSession({}, async (target) => {
    const unit = recoverable(target);
    for (let outage = 1; outage <= 3; outage++) {
      target.wire.stream.cut();
      await turn();
      const back = unit.reestablish();
      assert.ok(await secondsUntilDialed(target, outage + 1) >= 2);
      await target.answerLogin(outage + 1);
      await back;
      await target.wire.quiet();
    }
    target.wire.stream.cut();
    await unit.close();
  });
});

Deno.test("Seen in the field: a WRITE under way when the connection breaks is told as of unknown outcome, and never sent again", async () => {
  await withSession({}, async (target, wire) => {
    const unit = recoverable(target);
    const writing = unit.execute({ cdb: new Uint8Array(WRITE), dataOut: pattern(10_000) });
    writing.catch(() => {});
    await wire.only(Op.Command);
    wire.stream.cut();
    await assert.rejects(
      writing,
      (error) => error instanceof ConnectionLostError && error.outcome === "unknown",
    );
    const back = unit.reestablish();
    await secondsUntilDialed(target, 2);
    await target.answerLogin(2);
    await back;
    assert.deepEqual(target.wire.stream.sent.map(({ opcode }) => opcode), [Op.LoginRequest]);
    target.wire.stream.cut();
    await unit.close();
  });
});

for (const length of [100, 8192, 16_384, 65_536, 65_537]) {
  Deno.test(`Seen in the field: a write of ${length} bytes with InitialR2T=No has F exactly where its unsolicited data ends`, async () => {
    await withSession({ keys: { InitialR2T: "No" } }, async (target, wire) => {
      const dataOut = pattern(length);
      target.execute(WRITE, { dataOut });
      const sent = await wire.received();
      const bytes = sent.flatMap(({ data }) => [...data]);
      assert.deepEqual(bytes, [...dataOut.subarray(0, 65_536)]);
      assert.deepEqual(
        sent.map(({ final }) => final),
        sent.map((_, index) => index === sent.length - 1),
      );
      assert.equal(sent[0].expectedLength, length);
    });
  });
}

Deno.test("Seen in the field: a command that is called off while it waits takes no CmdSN, and nothing is sent for it", async () => {
  await withSession({ window: 1 }, async (target, wire) => {
    const { pdu } = await target.begin(REWIND);
    const [second, third] = [target.execute(REWIND), target.execute(REWIND)];
    second.cancel(new Error("called off"));
    await assert.rejects(second.result, /called off/);
    await wire.quiet();
    wire.response(pdu.itt);
    const next = await wire.only(Op.Command);
    assert.equal(next.cmdSn, pdu.cmdSn + 1);
    wire.response(next.itt);
    assert.equal((await third.result).status, 0);
  });
});

Deno.test("Seen in the field: a session may be closed in every state, and twice", async () => {
  const target = new WireTarget();
  await withTarget(target, async () => {
    await target.logIn();
    target.execute(READ, { dataIn: new Uint8Array(10_000) });
    const { itt } = await target.wire.only(Op.Command);
    target.wire.dataIn(itt, pattern(5000), { flags: 0 });
    const closes = [target.session.close(), target.session.close()];
    const logout = await target.wire.only(Op.LogoutRequest);
    target.wire.logoutResponse(logout.itt);
    await Promise.all(closes);
    await target.session.close();
    await assert.rejects(target.execute(REWIND).result, SessionClosedError);
  });
  await withSession({}, async (lost, wire) => {
    wire.stream.cut();
    await turn();
    await lost.session.close();
  });
});

Deno.test("Seen in the field: a result that nobody takes holds up no ping, no other command and no timeout", async () => {
  await withSession({}, async (target, wire) => {
    const { pdu } = await target.begin(READ, { dataIn: new Uint8Array(262_144) });
    const late = target.execute(REWIND, { timeoutMs: 1000 });
    const lateItt = (await wire.only(Op.Command)).itt;
    for (let dataSn = 0; dataSn < 4; dataSn++) {
      wire.dataIn(pdu.itt, pattern(65_536), { dataSn, offset: dataSn * 65_536, flags: 0 });
    }
    wire.nopIn({ ttt: 1 });
    await wire.only(Op.NopOut);
    await target.advance(1000);
    const abort = await wire.only(Op.TaskRequest);
    assert.equal(abort.ttt, lateItt);
    wire.taskResponse(abort.itt);
    await assert.rejects(late.result);
  });
});

Deno.test("Seen in the field: when pings go unanswered, the session ends and everybody is told", async () => {
  const keepalive = { intervalMs: 1000, timeoutMs: 1000, maxMissed: 2 };
  await withSession({ session: { keepalive } }, async (target, wire) => {
    await target.advance(10_000);
    assert.ok((await wire.received()).every(({ opcode }) => opcode === Op.NopOut));
    assert.ok(wire.stream.closed);
    await assert.rejects(target.execute(REWIND).result, SessionClosedError);
  });
});

Deno.test("Seen in the field: a REWIND of hours on a silent connection lives, with pings on or off", async () => {
  for (const keepalive of [false, { intervalMs: 1000, timeoutMs: 1000 }] as const) {
    await withSession({ session: { keepalive } }, async (target, wire) => {
      const { execution, pdu } = await target.begin(REWIND, { timeoutMs: 4 * 3_600_000 });
      for (let hours = 0; hours < 3; hours++) {
        target.clock.advance(3_600_000);
        await wire.quiet();
      }
      wire.response(pdu.itt);
      assert.equal((await execution.result).status, 0);
    });
  }
});

Deno.test("Seen in the field: a SCSI Response where an R2T was expected ends the write, and its residual is no length", async () => {
  await withSession({ keys: { ImmediateData: "No" } }, async (target, wire) => {
    const { execution, pdu } = await target.begin(WRITE, { dataOut: pattern(4096) });
    wire.response(pdu.itt, { status: 0x18, flags: 0x02, residual: 4096 });
    const { status, residual } = await execution.result;
    assert.deepEqual([status, residual], [0x18, 4096]);
    await wire.quiet();
  });
});

Deno.test("Seen in the field: each TargetAddress belongs to the TargetName before it, however the text is cut", async () => {
  const target = new WireTarget();
  await withTarget(target, async () => {
    const found = discover("10.0.0.5:3260", target.sessionOptions);
    await target.answerLogin(1);
    const { wire } = target;
    const request = await wire.only(Op.TextRequest);
    assert.equal(request.text, "SendTargets=All\0");
    const text = "TargetName=iqn.2026-03.com.example:a\0TargetAddress=10.0.0.5:3260,1\0" +
      "TargetAddress=[2001:db8::5]:3261,2\0TargetName=iqn.2026-03.com.example:b\0" +
      "TargetName=iqn.2026-03.com.example:c\0TargetAddress=10.0.0.7,3\0";
    wire.textResponse(request.itt, text.slice(0, 90), { flags: CONTINUE, ttt: 1 });
    await wire.only(Op.TextRequest);
    wire.textResponse(request.itt, text.slice(90, 150), { flags: CONTINUE, ttt: 1 });
    await wire.only(Op.TextRequest);
    wire.textResponse(request.itt, text.slice(150), { flags: FINAL });
    wire.logoutResponse((await wire.only(Op.LogoutRequest)).itt);
    const portals = (await found).map(({ portals }) =>
      portals.map(({ hostname, port, portalGroupTag }) => [hostname, port, portalGroupTag])
    );
    assert.deepEqual(portals, [
      [["10.0.0.5", 3260, 1], ["2001:db8::5", 3261, 2]],
      [["10.0.0.5", 3260, undefined]],
      [["10.0.0.7", 3260, 3]],
    ]);
  });
});

Deno.test("Seen in the field: the LUNs of REPORT LUNS are decoded once, and go back to the target as they came", async () => {
  await withSession({}, async (target, wire) => {
    const numbers = [0, 1, 255, 256, 16383];
    const list = new Uint8Array(8 + numbers.length * 8);
    const view = new DataView(list.buffer);
    view.setUint32(0, numbers.length * 8);
    const fields = [0n, 0x0001n, 0x00ffn, 0x4100n, 0x7fffn].map((field) => field << 48n);
    fields.forEach((field, index) => view.setBigUint64(8 + index * 8, field));
    const asking = reportLuns(target.session.logicalUnit(0));
    const { itt, expectedLength } = await wire.only(Op.Command);
    const flags = FINAL | STATUS | 0x02;
    wire.dataIn(itt, list, { flags, residual: expectedLength - list.length });
    const luns = await asking;
    assert.deepEqual(luns, fields);
    assert.deepEqual(luns.map(lunToNumber), numbers);
    for (const [index, number] of numbers.entries()) {
      assert.equal(lunFromNumber(number), fields[index]);
      assert.equal((await target.begin(REWIND, { lun: luns[index] })).pdu.lun, fields[index]);
    }
  });
});

/** What a checked command makes of a status. */
async function refusal(status: number, data?: Uint8Array): Promise<unknown> {
  let failure: unknown;
  await withSession({}, async (target, wire) => {
    const unit: LogicalUnit = target.session.logicalUnit(0);
    const asking = executeChecked(unit, { cdb: new Uint8Array(6) }).then(
      () => undefined,
      (error) => error,
    );
    wire.response((await wire.only(Op.Command)).itt, { status, data });
    failure = await asking;
  });
  return failure;
}

for (
  const [status, name] of [[0x08, "BUSY"], [0x18, "RESERVATION CONFLICT"], [
    0x28,
    "TASK SET FULL",
  ]] as const
) {
  Deno.test(`Seen in the field: ${name} is an error of its own, and no CHECK CONDITION`, async () => {
    const failure = await refusal(status);
    assert.ok(failure instanceof ScsiStatusError && !(failure instanceof CheckConditionError));
    assert.equal(failure.status, status);
  });
}

Deno.test("Seen in the field: CHECK CONDITION is a typed error with its sense data, fixed or descriptor format", async () => {
  const fixed = new Uint8Array([
    0,
    18,
    0x70,
    0,
    4,
    0,
    0,
    0,
    0,
    10,
    0,
    0,
    0,
    0,
    0x44,
    0,
    0,
    0,
    0,
    0,
  ]);
  const descriptor = new Uint8Array([0, 8, 0x72, 4, 0x44, 0, 0, 0, 0, 0]);
  for (const data of [fixed, descriptor]) {
    const failure = await refusal(2, data);
    assert.ok(failure instanceof CheckConditionError);
    const { key, asc, ascq } = failure.sense;
    assert.deepEqual([key, asc, ascq], [4, 0x44, 0]);
  }
});

Deno.test("Seen in the field: two sessions side by side have their own numbers, tags and ISIDs", async () => {
  const [one, two] = [new WireTarget(), new WireTarget({ statSn: 7000 })];
  await withTarget(one, () =>
    withTarget(two, async () => {
      await Promise.all([one.logIn(), two.logIn()]);
      await one.begin(REWIND);
      await one.begin(REWIND);
      const [first, second] = [await one.begin(REWIND), await two.begin(REWIND)];
      assert.deepEqual([first.pdu.cmdSn, second.pdu.cmdSn], [3, 1]);
      assert.deepEqual([first.pdu.expStatSn, second.pdu.expStatSn], [101, 7001]);
      const isids = [one, two].map(({ wire }) => wire.stream.sent[0].bhs.slice(8, 14).join());
      assert.notEqual(isids[0], isids[1]);
      two.wire.response(second.pdu.itt);
      assert.equal((await second.execution.result).status, 0);
      assert.equal(first.execution.outcome, undefined);
    }));
});
