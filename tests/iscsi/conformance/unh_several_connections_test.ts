import assert from "node:assert/strict";
import { type SessionOptions, TaskManagementError } from "../../../iscsi/mod.ts";
import { transportFailure } from "../../../transport/errors.ts";
import { pattern, READ, REWIND, WRITE } from "./cdbs.ts";
import { turn, type WireConnection } from "./wire_connection.ts";
import { FINAL, NO_TAG, Op, type WirePdu } from "./wire_pdu.ts";
import { TSIH, WireTarget, type WireTargetOptions, withTarget } from "./wire_target.ts";

const CLOSE_CONNECTION = 1;
const REMOVE_CONNECTION = 2;
const TASK_REASSIGN = 8;
const TASK_DOES_NOT_EXIST = 1;
const LOGOUT_REQUESTED = 1;

/** Runs a test in a session of so many connections at an error recovery level. */
async function withConnections(
  count: number,
  level: number,
  use: (target: WireTarget, wires: WireConnection[]) => Promise<void>,
): Promise<void> {
  const options: WireTargetOptions = {
    session: {
      connections: count,
      negotiation: { maxConnections: count, errorRecoveryLevel: level },
    },
    keys: {
      MaxConnections: String(count),
      ErrorRecoveryLevel: String(level),
      ImmediateData: "No",
    },
  };
  const target = new WireTarget(options);
  await withTarget(target, async () => {
    await target.logIn();
    for (let index = 2; index <= count; index++) await joined(target, index);
    await use(target, target.connections);
  });
}

/** Answers the login of a further connection. */
async function joined(target: WireTarget, count: number): Promise<WireConnection> {
  for (let seconds = 0; seconds < 60 && target.connections.length < count; seconds++) {
    await target.advance(1000);
  }
  await target.answerLogin(count);
  return target.connections[count - 1];
}

/** The connection on which a command has gone out, and its PDU. */
async function findCommand(
  wires: readonly WireConnection[],
): Promise<{ wire: WireConnection; pdu: WirePdu; others: WireConnection[] }> {
  for (const wire of wires) {
    const [pdu] = await wire.received();
    if (pdu === undefined) continue;
    assert.equal(pdu.opcode, Op.Command);
    return { wire, pdu, others: wires.filter((other) => other !== wire) };
  }
  assert.fail("no command has gone out");
}

Deno.test("RFC 7143 §6.3.1: further connections log in with the ISID, the TSIH and a CID of their own, and no key of the leading login", async () => {
  await withConnections(3, 0, async (target, wires) => {
    const [leading] = wires[0].stream.sent;
    for (const [index, wire] of wires.entries()) {
      for (const pdu of wire.stream.sent) {
        assert.deepEqual([pdu.u8(0), pdu.cid, pdu.cmdSn], [0x43, index, leading.cmdSn]);
        assert.deepEqual(pdu.bhs.subarray(8, 14), leading.bhs.subarray(8, 14));
        assert.equal(pdu.u16(14), index === 0 ? 0 : TSIH);
      }
    }
    const keys = Object.keys(wires[1].stream.sent[0].keys).sort();
    assert.deepEqual(keys, [
      "DataDigest",
      "HeaderDigest",
      "InitiatorName",
      "MaxRecvDataSegmentLength",
      "TargetName",
    ]);
    assert.equal(leading.keys.MaxConnections, "3");
    assert.equal(target.session.connections.length, 3);
    await turn();
  });
});

Deno.test("RFC 7143 §11.12.8: a login keeps the CmdSN that it began with, while commands go out on other connections", async () => {
  const session = { connections: 2 };
  const target = new WireTarget({ session, keys: { MaxConnections: "2" } });
  await withTarget(target, async () => {
    await target.logIn();
    const joining = await target.connection(2);
    const first = await joining.only(Op.LoginRequest);
    joining.loginResponse(first, "", { flags: 1 << 2 });
    const leading = target.connections[0];
    target.execute(REWIND);
    assert.equal((await leading.next(Op.Command)).cmdSn, first.cmdSn);
    joining.loginResponse(await joining.only(Op.LoginRequest), "", { flags: 1 << 2 });
    const third = await joining.only(Op.LoginRequest);
    assert.deepEqual([third.itt, third.cmdSn], [first.itt, first.cmdSn]);
  });
});

Deno.test("RFC 7143 §4.2.2.1: CmdSN counts over all connections, StatSN on each by itself", async () => {
  await withConnections(3, 0, async (target, wires) => {
    wires[1].statSn = 5000;
    for (let index = 0; index < 9; index++) target.execute(WRITE, { dataOut: pattern(100) });
    await turn();
    const sent = [];
    for (const [index, wire] of wires.entries()) {
      for (const pdu of await wire.received()) sent.push({ index, pdu });
    }
    assert.deepEqual(sent.map(({ pdu }) => pdu.cmdSn).sort(), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.equal(new Set(sent.map(({ index }) => index)).size, 3, "all are used");
    assert.equal(new Set(sent.map(({ pdu }) => pdu.itt)).size, 9);
    for (const wire of wires) {
      const numbers = wire.stream.sent.slice(2).map(({ cmdSn }) => cmdSn);
      assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b), "in order on each");
    }
  });
});

Deno.test("RFC 7143 §4.2.5.1: all PDUs of a task go over its connection", async () => {
  await withConnections(2, 0, async (target, wires) => {
    const execution = target.execute(WRITE, { dataOut: pattern(100) });
    const { wire, pdu, others } = await findCommand(wires);
    wire.r2t(pdu.itt, { ttt: 1, offset: 0, length: 100 });
    assert.equal((await wire.only(Op.DataOut)).itt, pdu.itt);
    execution.cancel(new Error("called off"));
    const abort = await wire.only(Op.TaskRequest);
    assert.equal(abort.ttt, pdu.itt);
    for (const other of others) await other.quiet();
    wire.taskResponse(abort.itt);
    await assert.rejects(execution.result, /called off/);
  });
});

Deno.test("RFC 7143 §6.3: a target that agrees to one connection gets one", async () => {
  const session = { connections: 4, negotiation: { maxConnections: 4 } };
  const target = new WireTarget({ session });
  await withTarget(target, async () => {
    await target.logIn();
    await target.advance(30_000);
    assert.equal(target.connections.length, 1);
  });
});

Deno.test("RFC 7143 §7: at error recovery level 0 the loss of one connection ends the session, and all its connections", async () => {
  await withConnections(2, 0, async (target, wires) => {
    const execution = target.execute(REWIND);
    const { wire, others } = await findCommand(wires);
    others[0].stream.cut();
    await assert.rejects(execution.result);
    assert.ok(wire.stream.closed);
    assert.ok(target.session.closed);
  });
});

Deno.test("UNH 14.2: asked to log one connection out, the initiator does so there, with its CID, and goes on with the others", async () => {
  await withConnections(2, 0, async (target, [first, second]) => {
    second.async(LOGOUT_REQUESTED, [0, 0, 5]);
    await target.advance(4999);
    const logout = await second.only(Op.LogoutRequest);
    assert.deepEqual([logout.u8(0), logout.function, logout.cid], [0x46, CLOSE_CONNECTION, 1]);
    const execution = target.execute(REWIND);
    await second.quiet();
    const { itt } = await first.only(Op.Command);
    second.logoutResponse(logout.itt);
    await turn();
    assert.ok(second.stream.closed);
    first.response(itt);
    assert.equal((await execution.result).status, 0);
    assert.ok(!target.session.closed);
  });
});

Deno.test("UNH 14.2: a command that does not end keeps its connection's logout no longer than the time given", async () => {
  await withConnections(2, 0, async (target, wires) => {
    const execution = target.execute(REWIND);
    const { wire, others: [other] } = await findCommand(wires);
    wire.async(LOGOUT_REQUESTED, [0, 0, 6]);
    await turn();
    const later = target.execute(REWIND);
    await wire.quiet();
    await target.advance(5999);
    const logout = await wire.only(Op.LogoutRequest);
    assert.deepEqual([logout.function, logout.cid], [CLOSE_CONNECTION, wires.indexOf(wire)]);
    wire.logoutResponse(logout.itt);
    await assert.rejects(execution.result);
    other.response((await other.only(Op.Command)).itt);
    assert.equal((await later.result).status, 0);
  });
});

/** Loses a connection, and returns the one that is set up in its place: the same CID, in the same session. */
async function replaced(target: WireTarget, lost: WireConnection): Promise<WireConnection> {
  const cid = target.connections.indexOf(lost);
  const count = target.connections.length;
  lost.stream.cut();
  await turn();
  const wire = await joined(target, count + 1);
  const [first, second] = wire.stream.sent;
  assert.deepEqual([first.cid, first.u16(14)], [cid, TSIH]);
  assert.ok(!("MaxConnections" in second.keys));
  return wire;
}

/** The next PDU of a kind, with time passing until it comes; logins of further connections are not answered. */
async function eventually(
  target: WireTarget,
  wire: WireConnection,
  opcode: number,
): Promise<WirePdu> {
  for (let seconds = 0; seconds < 20; seconds++) {
    const found = (await wire.received()).find((pdu) => pdu.opcode === opcode);
    if (found) return found;
    await target.advance(1000);
  }
  assert.fail(`no PDU ${opcode.toString(16)} came`);
}

for (const count of [1, 2]) {
  Deno.test(`UNH 7.1: a task of a lost connection (${count} in all) is reassigned to another, where it goes on`, async () => {
    await withConnections(count, 2, async (target, wires) => {
      const dataIn = new Uint8Array(1024);
      const data = pattern(1024);
      const execution = target.execute(READ, { dataIn, lun: 5 });
      const { wire, pdu } = await findCommand(wires);
      wire.dataIn(pdu.itt, data.subarray(0, 512), { flags: 0 });
      await turn();
      const next = await replaced(target, wire);
      const reassign = await eventually(target, next, Op.TaskRequest);
      assert.deepEqual([reassign.u8(0), reassign.u8(1)], [0x42, FINAL | TASK_REASSIGN]);
      assert.deepEqual([reassign.ttt, reassign.lun], [pdu.itt, pdu.lun]);
      assert.equal(reassign.cmdSn, pdu.cmdSn + 1, "the session's numbers go on");
      assert.equal(reassign.dataSn, 1, "ExpDataSN");
      assert.equal(execution.outcome, undefined);
      next.taskResponse(reassign.itt);
      next.dataIn(pdu.itt, data.subarray(512), { dataSn: 1, offset: 512 });
      next.response(pdu.itt, { expDataSn: 2 });
      const result = await execution.result;
      assert.deepEqual([result.status, result.dataInLength], [0, 1024]);
      assert.deepEqual(dataIn, data);
    });
  });
}

Deno.test("UNH 19.5: TASK REASSIGN references the task's own tag and has one of its own", async () => {
  await withConnections(2, 2, async (target, wires) => {
    const execution = target.execute(WRITE, { dataOut: pattern(100) });
    const { wire, pdu } = await findCommand(wires);
    const next = await replaced(target, wire);
    const reassign = await eventually(target, next, Op.TaskRequest);
    assert.deepEqual([reassign.function, reassign.ttt], [TASK_REASSIGN, pdu.itt]);
    assert.ok(reassign.itt !== pdu.itt && reassign.itt !== NO_TAG);
    next.taskResponse(reassign.itt);
    next.r2t(pdu.itt, { ttt: 7, r2tSn: 0, offset: 0, length: 100 });
    const data = await eventually(target, next, Op.DataOut);
    assert.deepEqual([data.itt, data.ttt], [pdu.itt, 7]);
    next.response(pdu.itt);
    assert.equal((await execution.result).status, 0);
  });
});

Deno.test("UNH 20.2: at error recovery level 2 the loss that async event 2 announces is that of the connection it names", async () => {
  await withConnections(2, 2, async (target, wires) => {
    const execution = target.execute(REWIND);
    const { wire, pdu, others } = await findCommand(wires);
    const CONNECTION_DROPPED = 2;
    others[0].async(CONNECTION_DROPPED, [wires.indexOf(wire), 4, 20]);
    await turn();
    assert.ok(wire.stream.closed);
    await target.advance(3999);
    assert.equal(target.connections.length, 2);
    const next = await joined(target, 3);
    assert.equal(next.stream.sent[0].cid, wires.indexOf(wire));
    const reassign = await eventually(target, next, Op.TaskRequest);
    assert.equal(reassign.ttt, pdu.itt);
    next.taskResponse(reassign.itt);
    next.response(pdu.itt);
    assert.equal((await execution.result).status, 0);
  });
});

Deno.test("UNH 20.3: async event 3 ends all connections at once, at every error recovery level", async () => {
  for (const level of [0, 2]) {
    await withConnections(2, level, async (target, [first, second]) => {
      first.async(3, [0, 5, 20]);
      await turn();
      assert.ok(first.stream.closed && second.stream.closed);
      assert.ok(target.session.closed);
      assert.equal(target.session.reconnectDelayMs, 5000);
    });
  }
});

Deno.test("RFC 7143 §11.14: a connection that is closed by itself is logged out there, and the others go on", async () => {
  await withConnections(2, 0, async (target, [first, second]) => {
    const closing = target.session.closeConnection(1);
    const logout = await second.only(Op.LogoutRequest);
    assert.deepEqual([logout.function, logout.cid], [CLOSE_CONNECTION, 1]);
    second.logoutResponse(logout.itt);
    await closing;
    assert.ok(second.stream.closed && !first.stream.closed);
    const execution = target.execute(REWIND);
    first.response((await first.only(Op.Command)).itt);
    assert.equal((await execution.result).status, 0);
  });
});

Deno.test("RFC 7143 §11.15.3: a task of a connection that was logged out for recovery is reassigned to another after the response's Time2Wait", async () => {
  await withConnections(2, 2, async (target, wires) => {
    const execution = target.execute(REWIND);
    const { wire, pdu, others: [other] } = await findCommand(wires);
    wire.async(LOGOUT_REQUESTED, [0, 0, 6]);
    await target.advance(5999);
    const logout = await wire.only(Op.LogoutRequest);
    assert.deepEqual([logout.function, logout.cid], [REMOVE_CONNECTION, wires.indexOf(wire)]);
    wire.logoutResponse(logout.itt, 0, 5);
    await target.advance(4999);
    await other.quiet();
    await target.advance(1);
    const reassign = await other.only(Op.TaskRequest);
    assert.deepEqual([reassign.function, reassign.ttt], [TASK_REASSIGN, pdu.itt]);
    other.taskResponse(reassign.itt);
    other.response(pdu.itt);
    assert.equal((await execution.result).status, 0);
    await target.advance(60_000);
    assert.equal(target.connections.length, 2, "the one that was logged out is not dialed again");
  });
});

Deno.test("RFC 7143 §11.14: one Logout Request closes a session of several connections, and nothing follows it on any", async () => {
  await withConnections(3, 0, async (target, wires) => {
    const closing = target.session.close();
    await turn();
    const logouts = [];
    for (const wire of wires) {
      for (const pdu of await wire.received()) logouts.push({ wire, pdu });
    }
    assert.deepEqual(logouts.map(({ pdu }) => [pdu.opcode, pdu.function]), [[Op.LogoutRequest, 0]]);
    for (const wire of wires) {
      wire.nopIn({ ttt: 1 });
      await wire.quiet();
    }
    logouts[0].wire.logoutResponse(logouts[0].pdu.itt);
    await closing;
    assert.ok(wires.every(({ stream }) => stream.closed));
  });
});

Deno.test("RFC 7143 §11.18: a ping is answered on its own connection, with that connection's ExpStatSN", async () => {
  await withConnections(2, 0, async (_, wires) => {
    wires[1].statSn += 1000;
    const before = wires[0].statSn;
    wires[0].nopIn({ ttt: 6 });
    const answer = await wires[0].only(Op.NopOut);
    assert.deepEqual([answer.ttt, answer.expStatSn], [6, before]);
    await wires[1].quiet();
  });
});

Deno.test("RFC 7143 §7.8: at error recovery level 2 a wrong header digest costs the connection, not the task", async () => {
  const session: Partial<SessionOptions> = {
    negotiation: { errorRecoveryLevel: 2 },
    headerDigest: "crc32c",
  };
  const target = new WireTarget({
    session,
    keys: { ErrorRecoveryLevel: "2", HeaderDigest: "CRC32C" },
  });
  await withTarget(target, async () => {
    await target.logIn();
    const { execution, pdu } = await target.begin(REWIND);
    target.wire.response(pdu.itt, { spoil: "header", statSn: target.wire.statSn });
    await turn();
    assert.ok(target.wire.stream.closed);
    const next = await joined(target, 2);
    const reassign = await eventually(target, next, Op.TaskRequest);
    assert.deepEqual([reassign.function, reassign.ttt], [TASK_REASSIGN, pdu.itt]);
    next.taskResponse(reassign.itt);
    next.response(pdu.itt);
    assert.equal((await execution.result).status, 0);
  });
});

Deno.test("RFC 7143 §11.14.1: a lost connection that cannot be set up again is removed by a logout on another, which takes over", async () => {
  await withConnections(2, 2, async (target, wires) => {
    const execution = target.execute(REWIND);
    const { wire, pdu, others: [other] } = await findCommand(wires);
    target.unreachable = transportFailure({ op: "dial", reason: "refused" });
    wire.stream.cut();
    const removal = await eventually(target, other, Op.LogoutRequest);
    assert.deepEqual([removal.u8(0), removal.function], [0x46, REMOVE_CONNECTION]);
    assert.equal(removal.cid, wires.indexOf(wire));
    other.logoutResponse(removal.itt);
    const reassign = await eventually(target, other, Op.TaskRequest);
    assert.deepEqual([reassign.function, reassign.ttt], [TASK_REASSIGN, pdu.itt]);
    other.taskResponse(reassign.itt);
    other.response(pdu.itt);
    assert.equal((await execution.result).status, 0);
  });
});

Deno.test("RFC 7143 §7.5: a target that does not let go of a lost connection within Time2Retain loses the session", async () => {
  await withConnections(2, 2, async (target, wires) => {
    const execution = target.execute(REWIND, { timeoutMs: 3_600_000 });
    const { wire, others: [other] } = await findCommand(wires);
    target.unreachable = transportFailure({ op: "dial", reason: "refused" });
    wire.stream.cut();
    await eventually(target, other, Op.LogoutRequest);
    await target.advance(25_000);
    await assert.rejects(execution.result);
    assert.ok(other.stream.closed && target.session.closed);
  });
});

Deno.test("RFC 7143 §7.2.1: a command that the target never took in is sent again over another connection, the same in tag and CmdSN", async () => {
  await withConnections(2, 2, async (target, wires) => {
    const execution = target.execute(REWIND);
    const { wire, pdu } = await findCommand(wires);
    target.expCmdSn = pdu.cmdSn;
    const next = await replaced(target, wire);
    const again = await eventually(target, next, Op.Command);
    assert.deepEqual(again.bhs.subarray(0, 28), pdu.bhs.subarray(0, 28));
    next.response(again.itt);
    assert.equal((await execution.result).status, 0);
  });
});

Deno.test("RFC 7143 §11.6.1: a task that the target no longer has is told as of unknown outcome, and not sent again", async () => {
  await withConnections(2, 2, async (target, wires) => {
    const execution = target.execute(REWIND);
    const { wire } = await findCommand(wires);
    const next = await replaced(target, wire);
    const reassign = await eventually(target, next, Op.TaskRequest);
    next.taskResponse(reassign.itt, TASK_DOES_NOT_EXIST);
    await assert.rejects(
      execution.result,
      (error) =>
        error instanceof Error && "outcome" in error && error.outcome === "unknown" &&
        error.cause instanceof TaskManagementError,
    );
    assert.ok(!target.session.closed);
  });
});

Deno.test("RFC 7143 §7.5: Time2Wait passes before anything is taken over, and after Time2Retain the session ends", async () => {
  await withConnections(1, 2, async (target, [wire]) => {
    const execution = target.execute(REWIND, { timeoutMs: 3_600_000 });
    await findCommand([wire]);
    wire.stream.cut();
    await target.advance(1999);
    assert.equal(target.connections.length, 1);
    await target.advance(1);
    assert.equal(target.connections.length, 2);
    for (let seconds = 0; seconds < 60; seconds++) {
      target.wire.stream.cut();
      await target.advance(1000);
    }
    await assert.rejects(execution.result);
    assert.ok(target.session.closed);
  });
});
