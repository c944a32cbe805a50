import assert from "node:assert/strict";
import { ConnectionLostError } from "../../../iscsi/mod.ts";
import { transportFailure } from "../../../transport/errors.ts";
import { pattern, READ, REWIND, WRITE } from "./cdbs.ts";
import { STATUS, turn, type WireConnection } from "./wire_connection.ts";
import { FINAL, Op } from "./wire_pdu.ts";
import { TSIH, WireTarget, withTarget } from "./wire_target.ts";

/** Thrown into a conversation where the connection is cut. */
const CUT = new Error("cut here");

/** A conversation in which each step is one PDU; `step` throws where it is to end. */
async function converse(target: WireTarget, step: () => void): Promise<void> {
  const connecting = target.connect();
  const wire = await target.connection(1);
  step();
  await login(wire, step);
  const session = await connecting;
  const unit = session.logicalUnit(0);
  const begun: Promise<unknown>[] = [];
  const execute = (
    cdb: readonly number[],
    buffers: { dataIn?: Uint8Array; dataOut?: Uint8Array },
  ) => {
    const result = unit.execute({ cdb: new Uint8Array(cdb), ...buffers });
    begun.push(result);
    result.catch(() => {});
  };
  try {
    execute(READ, { dataIn: new Uint8Array(600) });
    execute(WRITE, { dataOut: pattern(3000) });
    execute(REWIND, {});
    await transfer(wire, step);
    await Promise.all(begun);
    const closing = session.close();
    const logout = await wire.only(Op.LogoutRequest);
    step();
    wire.logoutResponse(logout.itt);
    await closing;
  } catch (error) {
    await turn();
    for (const result of begun) await settlesOrderly(result);
    await session.close();
    throw error;
  }
}

async function login(wire: WireConnection, step: () => void): Promise<void> {
  const first = await wire.only(Op.LoginRequest);
  step();
  wire.loginResponse(first, "ImmediateData=No\0", { flags: 1 << 2 });
  const second = await wire.only(Op.LoginRequest);
  step();
  wire.loginResponse(second, "", { tsih: TSIH });
}

async function transfer(wire: WireConnection, step: () => void): Promise<void> {
  const [reading, writing, rewinding] = await wire.received();
  step();
  wire.dataIn(reading.itt, pattern(300), { flags: 0 });
  await turn();
  step();
  wire.dataIn(reading.itt, pattern(300), { flags: FINAL | STATUS, dataSn: 1, offset: 300 });
  await turn();
  step();
  wire.r2t(writing.itt, { ttt: 1, offset: 0, length: 3000 });
  await wire.only(Op.DataOut);
  step();
  wire.response(rewinding.itt);
  await turn();
  step();
  wire.nopIn({ ttt: 1 });
  await wire.only(Op.NopOut);
  step();
  wire.response(writing.itt);
  await turn();
  step();
}

/** A command ends with a result or an error that a caller knows, by the time the connection has gone. */
async function settlesOrderly(result: Promise<unknown>): Promise<void> {
  const pending = Symbol();
  const outcome = await Promise.race([
    result.then(() => undefined, (error) => error),
    turn().then(() => pending),
  ]);
  assert.notEqual(outcome, pending, "nobody waits for ever");
  if (outcome === undefined) return;
  assert.ok(outcome instanceof ConnectionLostError, String(outcome));
  assert.ok(["unknown", "not-executed"].includes(outcome.outcome));
}

/** Holds the conversation with the connection cut at one step; false when there is no such step. */
async function cutAt(cut: number, how: "end" | "error"): Promise<boolean> {
  const target = new WireTarget();
  target.maxCmdSn = 32;
  let steps = 0;
  const step = () => {
    if (steps++ !== cut) return;
    const reset = transportFailure({ op: "read", reason: "reset" });
    target.wire.stream.cut(how === "error" ? reset : undefined);
    throw CUT;
  };
  await withTarget(target, async () => {
    const talking = converse(target, step);
    const failure = await talking.then(() => undefined, (error) => error);
    if (steps > cut) assert.equal(failure, CUT);
    else assert.equal(failure, undefined);
    await turn();
    assert.ok(target.wire.stream.closed);
    assert.equal(target.clock.pending, 0, "no timer is left");
  });
  return steps > cut;
}

for (const how of ["end", "error"] as const) {
  Deno.test(`RFC 7143 §7.15: wherever the connection is cut between two PDUs (${how}), everybody is told, and no timer is left`, async () => {
    let cut = 0;
    while (await cutAt(cut, how)) cut++;
    assert.ok(cut >= 10, `${cut} places`);
  });
}
