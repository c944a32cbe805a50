import assert from "node:assert/strict";
import { encodeText, type KeyValuePair } from "../../../iscsi/negotiation/text_keys.ts";
import { LogoutReason } from "../../../iscsi/pdu/logout.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { encodePdu, type InitiatorPdu } from "../../../iscsi/pdu/pdu.ts";
import { TaskManagementFunction } from "../../../iscsi/pdu/task_management.ts";
import type { TargetLimits } from "../../../sim/target/target_options.ts";
import { Command } from "./scripted_device.ts";
import { INITIATOR_NAME, type ScriptedInitiator, TARGET_NAME } from "./scripted_initiator.ts";
import { type TargetFixture, withTarget } from "./target_fixture.ts";

const NAMES: KeyValuePair[] = [["InitiatorName", INITIATOR_NAME], ["TargetName", TARGET_NAME]];
const WITNESS = { isid: [0x80, 0xbb, 0, 0, 0, 1] };

/** A target with a session that behaves, which must be served whatever a peer does beside it. */
function beside(
  limits: TargetLimits,
  use: (peer: ScriptedInitiator, fixture: TargetFixture) => Promise<void>,
): Promise<void> {
  return withTarget({ limits }, async (fixture) => {
    const witness = await fixture.connect();
    await witness.login(WITNESS);
    await use(await fixture.connect(), fixture);
    await witness.command({ lun: 1n << 48n, cdb: Command.read(0) });
    assert.equal((await witness.expect(Opcode.ScsiResponse)).pdu.status, 0);
    await witness.expectSilence();
  });
}

/** Why the last connection ended. */
function lastError(fixture: TargetFixture): string {
  const { error } = fixture.eventsOf("disconnected").at(-1) as unknown as { error: Error };
  return error.message;
}

function bytesOf(pdu: InitiatorPdu): Uint8Array {
  const bhs = new Uint8Array(48);
  encodePdu(pdu, bhs);
  return bhs;
}

function pingBytes(cmdSn: number): Uint8Array {
  return bytesOf({
    opcode: Opcode.NopOut,
    immediate: true,
    lun: 0n,
    itt: 5,
    ttt: 0xffffffff,
    cmdSn,
    expStatSn: 0,
  });
}

Deno.test("A peer that says nothing has the time of a stage, not that of a login", () =>
  beside({ loginStageTimeoutMs: 3000, loginTimeoutMs: 9000 }, async (peer, fixture) => {
    await fixture.settled();
    fixture.clock.advance(2999);
    await fixture.settled();
    assert.equal(fixture.events.filter(({ kind }) => kind === "logged-in").length, 3);
    fixture.clock.advance(1);
    await peer.expectEnd();
    assert.match(lastError(fixture), /did not go on with its login in time/);
  }));

Deno.test("Each stage of a login has its time, and the login as a whole has one", () =>
  beside({ loginStageTimeoutMs: 3000, loginTimeoutMs: 5000 }, async (peer, fixture) => {
    await peer.loginRound({ csg: 0, transit: false }, NAMES);
    fixture.clock.advance(2900);
    await peer.loginRound({ csg: 0, nsg: 1 }, [["AuthMethod", "None"]]);
    fixture.clock.advance(2000);
    await peer.loginRound({ csg: 1, transit: false }, []);
    fixture.clock.advance(100);
    await peer.expectEnd();
    assert.match(lastError(fixture), /did not log in in time/);
  }));

Deno.test("A login that dawdles in one stage ends, however busily", () =>
  beside({ loginStageTimeoutMs: 3000, loginTimeoutMs: 9000 }, async (peer, fixture) => {
    for (let i = 0; i < 3; i++) {
      await peer.loginRound({ csg: 0, transit: false }, i === 0 ? NAMES : []);
      fixture.clock.advance(1000);
    }
    await peer.expectEnd();
  }));

Deno.test("A byte a second does not keep a login alive", () =>
  beside({}, async (peer, fixture) => {
    let seconds = 0;
    const trickle = async () => {
      for (; seconds < 100; seconds++) {
        await peer.sendBytes([Uint8Array.of(0x43)]);
        await fixture.turn();
        fixture.clock.advance(1000);
      }
    };
    await assert.rejects(trickle(), { name: "TransportError" });
    assert.ok(seconds <= 11, `${seconds} s`);
  }));

Deno.test("A byte a second does not keep a PDU of the full feature phase open", () =>
  beside({ pduTimeoutMs: 20_000 }, async (peer, fixture) => {
    await peer.login();
    const bytes = pingBytes(peer.cmdSn);
    await peer.sendBytes([bytes.subarray(0, 1)]);
    for (let at = 1; at < 20; at++) {
      await fixture.turn();
      fixture.clock.advance(1000);
      await peer.sendBytes([bytes.subarray(at, at + 1)]);
    }
    await fixture.turn();
    fixture.clock.advance(1000);
    await peer.expectEnd();
    assert.match(lastError(fixture), /did not finish a PDU that it began in time/);
  }));

Deno.test("PDUs that are whole in time may go on for ever, cut as they like", () =>
  beside({ pduTimeoutMs: 20_000 }, async (peer, fixture) => {
    await peer.login();
    const bytes = pingBytes(peer.cmdSn);
    // Each write is the end of one PDU and the beginning of the next.
    await peer.sendBytes([bytes.subarray(0, 10)]);
    for (let i = 0; i < 30; i++) {
      await fixture.turn();
      fixture.clock.advance(5000);
      await peer.sendBytes([bytes.subarray(10), bytes.subarray(0, 10)]);
      await peer.expect(Opcode.NopIn);
    }
    await peer.sendBytes([bytes.subarray(10)]);
    await peer.expect(Opcode.NopIn);
    fixture.clock.advance(10_000_000);
    await peer.expectSilence();
  }));

Deno.test("A peer that takes nothing of what it asked for is let go", () =>
  beside({ stallTimeoutMs: 7000 }, async (peer, fixture) => {
    await peer.login({ keys: [["MaxRecvDataSegmentLength", "1048576"]] });
    fixture.device.data = new Uint8Array(4_000_000);
    const fields = { read: true, expectedDataTransferLength: 4_000_000 };
    await peer.command({ ...fields, cdb: Command.read(4_000_000) });
    await fixture.turn();
    fixture.clock.advance(6999);
    await fixture.settled();
    assert.deepEqual(fixture.eventsOf("disconnected").length, 1, "the witness of settled()");
    fixture.clock.advance(1);
    assert.match(lastError(fixture), /did not take what was sent in time/);
  }));

Deno.test("A command that takes longer than any of the limits is answered all the same", () =>
  beside({}, async (peer, fixture) => {
    await peer.login();
    await peer.command({ cdb: Command.wait() });
    await peer.expectSilence();
    fixture.clock.advance(3_600_000);
    fixture.device.answers[0]({ status: 0 });
    await fixture.turn();
    fixture.clock.advance(1);
    assert.equal((await peer.expect(Opcode.ScsiResponse)).pdu.status, 0);
    fixture.target.sessions()[1].sendAsync({ event: 1, parameter3: 10 });
    await peer.expect(Opcode.AsyncMessage);
    fixture.clock.advance(9_999);
    await peer.expectSilence();
  }));

const FLOODS: Record<string, (peer: ScriptedInitiator, i: number) => Promise<void>> = {
  "NOP-Out": (peer, i) => peer.ping({ itt: i }),
  "Text Requests": (peer, i) =>
    peer.send({
      opcode: Opcode.TextRequest,
      immediate: true,
      final: true,
      continue: false,
      lun: 0n,
      itt: i,
      ttt: 0xffffffff,
      cmdSn: peer.cmdSn,
      expStatSn: 0,
    }, encodeText([["SendTargets", "All"]])),
  "task management": (peer, i) =>
    peer.send({
      opcode: Opcode.TaskManagementRequest,
      immediate: true,
      function: TaskManagementFunction.AbortTaskSet,
      lun: 0n,
      itt: i,
      referencedTaskTag: 0xffffffff,
      cmdSn: peer.cmdSn,
      expStatSn: 0,
      refCmdSn: 0,
      expDataSn: 0,
    }),
  "unknown PDUs": (peer) => {
    const bytes = pingBytes(peer.cmdSn);
    bytes[0] = 0x5f;
    return peer.sendBytes([bytes]);
  },
};
for (const [name, send] of Object.entries(FLOODS)) {
  Deno.test(`A flood of ${name} whose answers nobody takes ends its connection, and no other`, () =>
    beside({ maxQueuedAnswers: 50 }, async (peer, fixture) => {
      await peer.login();
      const flood = async () => {
        for (let i = 0; i < 5000; i++) await send(peer, i);
      };
      await assert.rejects(flood(), { name: "TransportError" });
      assert.match(lastError(fixture), /without taking its answers/);
    }));

  Deno.test(`A flood of ${name} whose answers are taken is answered`, () =>
    beside({ maxQueuedAnswers: 50 }, async (peer) => {
      await peer.login();
      for (let i = 0; i < 300; i++) {
        await send(peer, i);
        assert.ok(await peer.next());
      }
    }));
}

Deno.test("Commands beyond the window are ignored, not kept", () =>
  beside({ commandWindow: 4 }, async (peer, fixture) => {
    await peer.login();
    await peer.command({ cdb: Command.wait() });
    for (let i = 0; i < 500; i++) await peer.command({ cdb: Command.read(i) });
    await fixture.settled();
    const mine = fixture.target.sessions().find(({ isid }) => isid === "800102030001");
    assert.equal(mine?.commands, 4);
    fixture.device.answers[0]({ status: 0 });
  }));

Deno.test("What comes behind a logout is not looked at", () =>
  beside({}, async (peer, fixture) => {
    await peer.login();
    const logout = bytesOf({
      opcode: Opcode.LogoutRequest,
      immediate: true,
      reason: LogoutReason.CloseSession,
      itt: 50,
      cid: 0,
      cmdSn: peer.cmdSn,
      expStatSn: 0,
    });
    const command = bytesOf({
      opcode: Opcode.ScsiCommand,
      immediate: false,
      final: true,
      read: false,
      write: false,
      attributes: 1,
      lun: 0n,
      itt: 51,
      expectedDataTransferLength: 0,
      cmdSn: peer.cmdSn,
      expStatSn: 0,
      cdb: Command.read(9),
    });
    await peer.sendBytes([logout, command, pingBytes(peer.cmdSn), new Uint8Array(48).fill(0xff)]);
    await peer.expect(Opcode.LogoutResponse);
    await peer.expectEnd();
    assert.ok(!fixture.device.log.includes("read 9"));
    const [{ error }] = fixture.eventsOf("disconnected") as { error?: unknown }[];
    assert.equal(error, undefined, "it ended in order");
  }));

Deno.test("A peer that logs out and does not read is let go", () =>
  beside({ loginTimeoutMs: 4000, stallTimeoutMs: 100_000 }, async (peer, fixture) => {
    await peer.login({ keys: [["MaxRecvDataSegmentLength", "1048576"]] });
    fixture.device.data = new Uint8Array(4_000_000);
    const fields = { read: true, expectedDataTransferLength: 4_000_000 };
    await peer.command({ ...fields, cdb: Command.read(4_000_000) });
    await fixture.turn();
    await peer.send({
      opcode: Opcode.LogoutRequest,
      immediate: true,
      reason: LogoutReason.CloseSession,
      itt: 50,
      cid: 0,
      cmdSn: peer.cmdSn,
      expStatSn: 0,
    });
    await fixture.turn();
    fixture.clock.advance(4000);
    assert.match(lastError(fixture), /did not take its last answers in time/);
  }));

Deno.test("A half of a connection that stays open is found out by pings", () =>
  withTarget({ keepalive: { intervalMs: 1000, timeoutMs: 500, maxMissed: 1 } }, async (fixture) => {
    const [silent, alive] = [await fixture.connect(), await fixture.connect()];
    await silent.login();
    await alive.login(WITNESS);
    fixture.clock.advance(1000);
    const { pdu: { ttt } } = await alive.expect(Opcode.NopIn);
    await alive.ping({ itt: 0xffffffff, ttt });
    await alive.expectSilence();
    fixture.clock.advance(500);
    await silent.expect(Opcode.NopIn);
    await silent.expectEnd();
    await alive.expectSilence();
  }));

Deno.test("A text of the full feature phase that does not end is rejected at its bound", () =>
  beside({ maxTextBytes: 10_000 }, async (peer) => {
    await peer.login();
    const part = async (ttt: number) => {
      await peer.send({
        opcode: Opcode.TextRequest,
        immediate: true,
        final: false,
        continue: true,
        lun: 0n,
        itt: 60,
        ttt,
        cmdSn: peer.cmdSn,
        expStatSn: 0,
      }, new Uint8Array(4000).fill(65));
      return (await peer.next())!.pdu;
    };
    let answer = await part(0xffffffff);
    for (let i = 0; i < 2; i++) {
      assert.equal(answer.opcode, i < 2 ? Opcode.TextResponse : Opcode.Reject);
      if (answer.opcode === Opcode.TextResponse) answer = await part(answer.ttt);
    }
    assert.equal(answer.opcode, Opcode.Reject);
  }));
