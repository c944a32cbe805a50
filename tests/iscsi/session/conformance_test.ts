import assert from "node:assert/strict";
import { ConnectionLostError, ProtocolError, RejectError } from "../../../iscsi/errors.ts";
import { RESERVED_TAG } from "../../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { readTargets } from "../../../iscsi/session/discovery.ts";
import { type Command, ScriptedTarget } from "./scripted_target.ts";

// The ids are those of the UNH-IOL's initiator tests for the full feature phase.

const READ = [0x08, 0, 0, 0x10, 0, 0];
const WRITE = [0x0a, 0, 0, 0x10, 0, 0];
const REWIND = [0x01, 0, 0, 0, 0, 0];
const ASKED = { hostname: "10.0.0.5", port: 3260 };

function statusOf(command: Command): number {
  assert.ok(command.outcome && "result" in command.outcome, "the command has no result");
  return command.outcome.result.status;
}

function failureOf(command: Command): unknown {
  assert.ok(command.outcome && "error" in command.outcome, "the command has not failed");
  return command.outcome.error;
}

Deno.test("2.1: an immediate NOP-Out carries the CmdSN of the next command and does not use it up", () => {
  const target = ScriptedTarget.loggedIn();
  target.command(REWIND);
  assert.equal(target.only(Opcode.ScsiCommand).pdu.cmdSn, 1);
  target.nopIn({ ttt: 9 });
  assert.equal(target.only(Opcode.NopOut).pdu.cmdSn, 2);
  target.command(REWIND);
  assert.equal(target.only(Opcode.ScsiCommand).pdu.cmdSn, 2);
});

Deno.test("2.2, 19.1: an immediate task management request carries the next CmdSN and does not use it up", () => {
  const target = ScriptedTarget.loggedIn();
  const command = target.command(REWIND);
  target.sent();
  target.initiator.abort(command.task, new Error("called off"), 0);
  assert.equal(target.only(Opcode.TaskManagementRequest).pdu.cmdSn, 2);
  target.command(REWIND);
  assert.equal(target.only(Opcode.ScsiCommand).pdu.cmdSn, 2);
});

Deno.test("3.1: immediate PDUs go out while the window is closed", () => {
  const target = ScriptedTarget.loggedIn({ window: 1 });
  const command = target.command(REWIND);
  target.sent();
  target.maxCmdSn = 1;
  target.command(REWIND);
  target.nopIn({ ttt: 1 });
  target.initiator.abort(command.task, new Error("called off"), 0);
  assert.deepEqual(
    target.sent().map(({ pdu }) => pdu.opcode),
    [Opcode.NopOut, Opcode.TaskManagementRequest],
  );
});

for (const initialCmdSn of [0xfffffff0, 0xffffffff, 0x7ffffffe]) {
  Deno.test(`3.2: CmdSN and the window go on past ${initialCmdSn.toString(16)}h`, () => {
    const target = ScriptedTarget.loggedIn({ initialCmdSn, window: 5 });
    const commands = Array.from({ length: 40 }, () => target.command(REWIND));
    const numbers: number[] = [];
    for (let rounds = 0; rounds < 8; rounds++) {
      const sent = target.sent();
      assert.equal(sent.length, 5, "the window lets five in");
      for (const { pdu } of sent) {
        if (pdu.opcode === Opcode.ScsiCommand) numbers.push(pdu.cmdSn);
        target.respond(pdu.itt);
      }
    }
    assert.deepEqual(numbers, Array.from({ length: 40 }, (_, i) => (initialCmdSn + i) >>> 0));
    for (const command of commands) assert.equal(statusOf(command), 0);
  });
}

Deno.test("3.2: a window that shrinks or makes no sense changes nothing", () => {
  const target = ScriptedTarget.loggedIn({ window: 3 });
  target.maxCmdSn = 1;
  target.nopIn();
  target.expCmdSn = 20;
  target.maxCmdSn = 10;
  target.nopIn();
  target.expCmdSn = 1;
  for (let index = 0; index < 5; index++) target.command(REWIND);
  assert.equal(target.sent().length, 3);
});

Deno.test("5.1: StatSN goes on past ffffffffh", () => {
  const target = new ScriptedTarget();
  target.statSn = 0xfffffffe;
  target.logIn();
  for (const expected of [0, 1, 2]) {
    const command = target.command(REWIND);
    const { pdu } = target.only(Opcode.ScsiCommand);
    assert.equal(pdu.expStatSn, expected);
    target.respond(pdu.itt, { statSn: expected });
    assert.equal(statusOf(command), 0);
  }
});

Deno.test("12.1: a Data-Out that answers an R2T has its tag, offset and length", () => {
  const target = ScriptedTarget.loggedIn({ answers: [["ImmediateData", "No"]] });
  target.command(WRITE, { dataOut: Uint8Array.from({ length: 100 }, (_, i) => i) });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.readyToTransfer(itt, { ttt: 77, bufferOffset: 40, desiredDataTransferLength: 30 });
  const { pdu, data } = target.only(Opcode.DataOut);
  assert.deepEqual([pdu.ttt, pdu.bufferOffset, pdu.final, data[0], data.length], [
    77,
    40,
    true,
    40,
    30,
  ]);
});

Deno.test("11.2.2: F ends the answer to each R2T, not the command", () => {
  const target = ScriptedTarget.loggedIn({
    answers: [["ImmediateData", "No"], ["MaxRecvDataSegmentLength", "512"]],
  });
  target.command(WRITE, { dataOut: new Uint8Array(2000) });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  for (const [r2tSn, bufferOffset] of [[0, 0], [1, 1000]]) {
    target.readyToTransfer(itt, { r2tSn, bufferOffset, desiredDataTransferLength: 1000 });
    const finals = target.sent().map(({ pdu }) => pdu.opcode === Opcode.DataOut && pdu.final);
    assert.deepEqual(finals, [false, true]);
  }
});

Deno.test("10.1: Data-In with CHECK CONDITION breaks the rule that errors come in a SCSI Response", () => {
  const target = ScriptedTarget.loggedIn();
  const command = target.command(READ, { dataIn: new Uint8Array(10) });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.dataIn(itt, new Uint8Array(10), { hasStatus: true, status: 2 });
  assert.ok(target.closedWith?.error instanceof ProtocolError);
  assert.ok(failureOf(command) instanceof ProtocolError);
});

Deno.test("15.3: a target that terminates tasks by FastAbort hears that its message was understood", () => {
  const target = ScriptedTarget.loggedIn({ answers: [["ImmediateData", "No"]] });
  const lun = 3n << 48n;
  target.command(WRITE, { dataOut: new Uint8Array(100), lun });
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.readyToTransfer(itt, { desiredDataTransferLength: 100, lun });
  target.asyncMessage(5, { lun });
  const { pdu } = target.only(Opcode.NopOut);
  assert.deepEqual(
    [pdu.itt, pdu.ttt, pdu.immediate, pdu.lun, pdu.expStatSn],
    [RESERVED_TAG, RESERVED_TAG, true, lun, target.statSn],
  );
});

for (const status of [0x08, 0x18, 0x28]) {
  Deno.test(`16.4.5, 16.4.6: status ${status.toString(16)}h is the command's result, for the caller to try again`, () => {
    const target = ScriptedTarget.loggedIn();
    const command = target.command(REWIND);
    target.respond(target.only(Opcode.ScsiCommand).pdu.itt, { status });
    assert.equal(statusOf(command), status);
    assert.equal(target.sent().length, 0);
  });
}

Deno.test("16.5: a SCSI Response may close the window, and a NOP-In opens it", () => {
  const target = ScriptedTarget.loggedIn({ window: 1 });
  target.command(REWIND);
  const { itt } = target.only(Opcode.ScsiCommand).pdu;
  target.command(REWIND);
  target.maxCmdSn = 1;
  target.respond(itt);
  assert.equal(target.sent().length, 0);
  target.maxCmdSn = 2;
  target.nopIn();
  target.only(Opcode.ScsiCommand);
});

Deno.test("17.1: nothing follows a Logout Request: no data, no abort, no answer to a ping", () => {
  const target = ScriptedTarget.loggedIn({ answers: [["ImmediateData", "No"]] });
  const writing = target.command(WRITE, { dataOut: new Uint8Array(100) });
  const called = target.command(REWIND, { timeoutMs: 1000 });
  const [{ pdu: { itt } }, second] = target.sent();
  target.initiator.logout(0);
  target.only(Opcode.LogoutRequest);
  target.readyToTransfer(itt, { desiredDataTransferLength: 100 });
  target.nopIn({ ttt: 5 });
  target.initiator.abort(writing.task, new Error("called off"), 0);
  target.advance(1000);
  assert.equal(target.sent().length, 0);
  target.respond(second.pdu.itt);
  assert.equal(statusOf(called), 0, "answers may still come");
});

Deno.test("18.1: a Text Request has F, a tag of its own and no target's tag, and uses up a CmdSN", () => {
  const target = ScriptedTarget.loggedIn();
  target.text([["SendTargets", "All"]]);
  const { pdu } = target.only(Opcode.TextRequest);
  assert.deepEqual(
    [pdu.final, pdu.continue, pdu.ttt, pdu.cmdSn, pdu.immediate],
    [true, false, RESERVED_TAG, 1, false],
  );
  assert.notEqual(pdu.itt, RESERVED_TAG);
  target.command(REWIND);
  assert.equal(target.only(Opcode.ScsiCommand).pdu.cmdSn, 2);
});

Deno.test("18.1: one Text Request at a time; commands do not wait for it", () => {
  const target = ScriptedTarget.loggedIn();
  const [first, second] = [target.text([["A", "1"]]), target.text([["B", "2"]])];
  target.command(REWIND);
  const [text, command] = target.sent();
  assert.deepEqual([text.pdu.opcode, command.pdu.opcode], [Opcode.TextRequest, Opcode.ScsiCommand]);
  target.textResponse(text.pdu.itt, { final: false, ttt: 1 }, "A=");
  const more = target.only(Opcode.TextRequest);
  assert.equal(more.pdu.itt, text.pdu.itt);
  target.textResponse(text.pdu.itt, { final: true }, "1\0");
  assert.equal(first.outcome, "A=1\0");
  target.textResponse(target.only(Opcode.TextRequest).pdu.itt, { final: true }, "B=2\0");
  assert.equal(second.outcome, "B=2\0");
});

Deno.test("18.3.1: a final Text Response with a tag ends the exchange all the same", () => {
  const target = ScriptedTarget.loggedIn();
  const exchange = target.text([["SendTargets", "All"]]);
  const { itt } = target.only(Opcode.TextRequest).pdu;
  target.textResponse(itt, { final: true, ttt: 0x1234 }, "TargetName=iqn.a\0");
  assert.equal(exchange.outcome, "TargetName=iqn.a\0");
  target.initiator.logout(0);
  target.only(Opcode.LogoutRequest);
});

Deno.test("18.4: keys that do not belong in an answer to SendTargets are a ProtocolError", () => {
  const pairs = [["TargetName", "iqn.a"], ["HeaderDigest", "CRC32C"]] as const;
  assert.throws(() => readTargets(pairs, ASKED), ProtocolError);
  const vendor = [["TargetName", "iqn.a"], ["X-com.example.site", "1"]] as const;
  assert.equal(readTargets(vendor, ASKED).length, 1);
});

Deno.test("18.5: a text request that is rejected as a negotiation reset leaves the connection", () => {
  const target = ScriptedTarget.loggedIn();
  const exchange = target.text([["MaxRecvDataSegmentLength", "8192"]]);
  target.reject(target.only(Opcode.TextRequest).bhs, 0x0b);
  assert.ok(typeof exchange.outcome === "object" && exchange.outcome.error instanceof RejectError);
  target.text([["MaxRecvDataSegmentLength", "8192"]]);
  target.only(Opcode.TextRequest);
  assert.equal(target.closedWith, undefined);
});

Deno.test("20.1: a Reject that waits for a logout is obeyed like the message that asks for one", () => {
  const target = ScriptedTarget.loggedIn();
  const command = target.command(REWIND);
  target.reject(target.only(Opcode.ScsiCommand).bhs, 0x0c);
  const error = failureOf(command);
  assert.ok(error instanceof RejectError);
  assert.equal(error.outcome, "not-executed");
  target.only(Opcode.LogoutRequest);
  assert.ok(failureOf(target.command(REWIND)));
});

for (const event of [2, 3]) {
  Deno.test(`20.${event}: the Time2Wait of async event ${event} is what the next login waits for`, () => {
    const target = ScriptedTarget.loggedIn();
    assert.equal(target.initiator.time2Wait, 2);
    target.asyncMessage(event, { parameter2: 7, parameter3: 20 });
    assert.ok(target.closedWith?.error instanceof ConnectionLostError);
    assert.equal(target.initiator.time2Wait, 7);
  });
}

Deno.test("20.4: what the target declares after async event 4 is its limit, not ours", () => {
  const target = ScriptedTarget.loggedIn({
    answers: [["ImmediateData", "Yes"], ["MaxRecvDataSegmentLength", "4096"]],
  });
  const before = target.initiator.parameters.maxReceiveDataSegmentLength;
  target.asyncMessage(4);
  const { itt } = target.only(Opcode.TextRequest).pdu;
  target.textResponse(itt, { final: false, ttt: 8 }, "MaxRecvDataSegmentLength=1024\0HeaderDig");
  assert.ok(target.closedWith?.error instanceof ProtocolError, "without C the text is malformed");

  const again = ScriptedTarget.loggedIn({ answers: [["MaxRecvDataSegmentLength", "4096"]] });
  again.asyncMessage(4);
  const request = again.only(Opcode.TextRequest).pdu;
  again.textResponse(
    request.itt,
    { final: false, ttt: 8 },
    "MaxRecvDataSegmentLength=1024\0MaxBurstLength=512\0X-com.example.a=1\0",
  );
  const answer = again.only(Opcode.TextRequest);
  assert.equal(
    new TextDecoder().decode(answer.data),
    "MaxBurstLength=Reject\0X-com.example.a=NotUnderstood\0",
  );
  assert.equal(again.initiator.parameters.maxSendDataSegmentLength, 4096, "not before the end");
  again.textResponse(request.itt, { final: true }, "");
  assert.equal(again.initiator.parameters.maxSendDataSegmentLength, 1024);
  assert.equal(again.initiator.parameters.maxReceiveDataSegmentLength, before);
  again.command(WRITE, { dataOut: new Uint8Array(3000) });
  assert.equal(again.only(Opcode.ScsiCommand).data.length, 1024);
});

Deno.test("20.4: a target that does not go on with the negotiation in time loses the session", () => {
  const target = ScriptedTarget.loggedIn();
  target.asyncMessage(4, { parameter3: 3 });
  target.only(Opcode.TextRequest);
  target.advance(2999);
  assert.equal(target.closedWith, undefined);
  target.advance(1);
  assert.ok(target.initiator.closed);
});
