import assert from "node:assert/strict";
import { encodeText, type KeyValuePair } from "../../../iscsi/negotiation/text_keys.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { RejectReason } from "../../../iscsi/pdu/reject.ts";
import { decodeResponseSegment } from "../../../iscsi/pdu/scsi_response.ts";
import type { ScsiCommand } from "../../../iscsi/pdu/scsi_command.ts";
import { SnackType } from "../../../iscsi/pdu/snack.ts";
import { decodeSense } from "../../../scsi/sense.ts";
import type { ServeOptions } from "../../../sim/target/serve_target.ts";
import { Command } from "./scripted_device.ts";
import { pattern, type ScriptedInitiator } from "./scripted_initiator.ts";
import { type TargetFixture, withTarget } from "./target_fixture.ts";

const LEVEL_1: KeyValuePair[] = [["ErrorRecoveryLevel", "1"]];
/** Data-In in PDUs of 512 bytes, with bursts of 1024. */
const SMALL: KeyValuePair[] = [
  ...LEVEL_1,
  ["MaxRecvDataSegmentLength", "512"],
  ["MaxBurstLength", "1024"],
  ["FirstBurstLength", "512"],
];
const DIGESTS: KeyValuePair[] = [["DataDigest", "CRC32C"], ["HeaderDigest", "CRC32C"]];

function read(length: number): Partial<ScsiCommand> {
  return { read: true, expectedDataTransferLength: length, cdb: Command.read(length) };
}

function write(length: number): Partial<ScsiCommand> {
  return { write: true, expectedDataTransferLength: length, cdb: Command.write(length) };
}

/** A session at error recovery level 1. */
function atLevel1(
  keys: readonly KeyValuePair[],
  use: (initiator: ScriptedInitiator, fixture: TargetFixture) => Promise<void>,
  options: Partial<ServeOptions> = {},
): Promise<void> {
  return withTarget(options, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login({ keys });
    await use(initiator, fixture);
  });
}

async function expectReject(initiator: ScriptedInitiator, reason: number): Promise<number> {
  const { pdu } = await initiator.expect(Opcode.Reject);
  assert.equal(pdu.reason, reason);
  return pdu.dataSn;
}

Deno.test("A status SNACK brings back what is not acknowledged, whatever kind it is", () =>
  atLevel1(LEVEL_1, async (initiator) => {
    const command = await initiator.command({ cdb: Command.read(0) });
    const { pdu: response } = await initiator.expect(Opcode.ScsiResponse);
    await initiator.ping({ itt: 40 }, pattern(10));
    const { pdu: pong } = await initiator.expect(Opcode.NopIn);
    await initiator.snack({ type: SnackType.Status, begRun: response.statSn, runLength: 0 });
    const again = await initiator.expect(Opcode.ScsiResponse);
    assert.deepEqual(again.pdu, response);
    assert.equal(again.pdu.itt, command.itt);
    const pongAgain = await initiator.expect(Opcode.NopIn);
    assert.deepEqual([pongAgain.pdu, pongAgain.data], [pong, pattern(10)]);
    await initiator.snack({ type: SnackType.Status, begRun: pong.statSn, runLength: 1 });
    assert.equal((await initiator.expect(Opcode.NopIn)).pdu.statSn, pong.statSn);
    await initiator.expectSilence();
  }));

Deno.test("A status that went with the data comes back with that data", () =>
  atLevel1(LEVEL_1, async (initiator, fixture) => {
    fixture.device.data = pattern(700);
    await initiator.command(read(700));
    const { pdus: [first] } = await initiator.readData();
    await initiator.snack({ type: SnackType.Status, begRun: first.statSn, runLength: 1 });
    const { pdus: [again], data } = await initiator.readData();
    assert.deepEqual(again, first);
    assert.deepEqual(data, pattern(700));
  }));

Deno.test("A status SNACK for what was acknowledged, or never sent, is rejected", () =>
  atLevel1(LEVEL_1, async (initiator) => {
    await initiator.command({ cdb: Command.read(0) });
    const { pdu: { statSn } } = await initiator.expect(Opcode.ScsiResponse);
    initiator.expStatSn = statSn + 1;
    await initiator.snack({ type: SnackType.Status, begRun: statSn, runLength: 1 });
    await expectReject(initiator, RejectReason.ProtocolError);
    await initiator.snack({ type: SnackType.Status, begRun: statSn + 5, runLength: 1 });
    await expectReject(initiator, RejectReason.ProtocolError);
    await initiator.snack({ type: SnackType.Status, begRun: statSn + 1, runLength: 9 });
    await expectReject(initiator, RejectReason.ProtocolError);
    await initiator.snack({ type: SnackType.Status, itt: 5, begRun: statSn + 1 });
    await expectReject(initiator, RejectReason.ProtocolError);
    await initiator.snack({ type: 9, begRun: statSn + 1 });
    await expectReject(initiator, RejectReason.ProtocolError);
  }));

Deno.test("An ExpStatSN beyond what was sent acknowledges nothing", () =>
  atLevel1(LEVEL_1, async (initiator) => {
    await initiator.command({ cdb: Command.read(0) });
    const { pdu: { statSn } } = await initiator.expect(Opcode.ScsiResponse);
    initiator.expStatSn = statSn + 1000;
    await initiator.snack({ type: SnackType.Status, begRun: statSn, runLength: 1 });
    assert.equal((await initiator.expect(Opcode.ScsiResponse)).pdu.statSn, statSn);
  }));

for (
  const [name, limits] of [
    ["too many answers", { maxRetainedAnswers: 2 }],
    ["too much data", { retainedBytes: 115 }],
  ] as const
) {
  Deno.test(`With ${name} the oldest is forgotten, and cannot come back`, () =>
    atLevel1(LEVEL_1, async (initiator, fixture) => {
      fixture.device.data = pattern(80);
      const statSns: number[] = [];
      for (let i = 0; i < 3; i++) {
        await initiator.command(read(i === 0 ? 0 : 60));
        const { pdus, response } = await initiator.readData();
        statSns.push(response?.statSn ?? pdus[0].statSn);
      }
      const [first, second, last] = statSns;
      const forgotten = name === "too much data" ? second : first;
      await initiator.snack({ type: SnackType.Status, begRun: forgotten, runLength: 1 });
      await expectReject(initiator, RejectReason.SnackReject);
      await initiator.snack({ type: SnackType.Status, begRun: last, runLength: 1 });
      await initiator.expect(Opcode.DataIn);
    }, { limits }));
}

for (const isAcknowledged of [true, false]) {
  const when = isAcknowledged ? "once its answer is acknowledged" : "although it is not yet";
  Deno.test(`A tag that is used again brings back what it stands for now, ${when}`, () =>
    atLevel1(LEVEL_1, async (initiator, fixture) => {
      fixture.device.data = pattern(300, 1);
      const { itt } = await initiator.command(read(300));
      const { pdus: [{ statSn }] } = await initiator.readData();
      if (isAcknowledged) initiator.expStatSn = statSn + 1;
      fixture.device.data = pattern(300, 2);
      await initiator.command({ ...read(300), itt });
      await initiator.readData();
      const bringBack = async () => {
        await initiator.snack({ type: SnackType.DataR2t, itt, begRun: 0, runLength: 1 });
        const { pdu, data } = await initiator.expect(Opcode.DataIn);
        assert.deepEqual([pdu.itt, data], [itt, pattern(300, 2)]);
      };
      await bringBack();
      // What it stood for before is gone.
      await initiator.snack({ type: SnackType.Status, begRun: statSn, runLength: 1 });
      if (isAcknowledged) await expectReject(initiator, RejectReason.ProtocolError);
      await initiator.expectSilence();
      initiator.expStatSn = statSn + 1;
      await bringBack();
    }));
}

Deno.test("A Data SNACK brings back the PDUs that it names, as they were", () =>
  atLevel1(SMALL, async (initiator, fixture) => {
    fixture.device.data = pattern(2800);
    const { itt } = await initiator.command(read(2800));
    const { pdus } = await initiator.readData();
    assert.equal(pdus.length, 6);
    await initiator.snack({ type: SnackType.DataR2t, itt, begRun: 1, runLength: 2 });
    for (const dataSn of [1, 2]) {
      const { pdu, data } = await initiator.expect(Opcode.DataIn);
      assert.deepEqual(pdu, pdus[dataSn]);
      assert.deepEqual(data, pattern(2800).subarray(512 * dataSn, 512 * (dataSn + 1)));
    }
    await initiator.snack({ type: SnackType.DataR2t, itt, begRun: 4, runLength: 0 });
    assert.deepEqual((await initiator.readData()).pdus, pdus.slice(4));
    await initiator.expectSilence();
  }));

Deno.test("A Data SNACK for what was not sent is rejected with the number of what comes next", () =>
  atLevel1(SMALL, async (initiator, fixture) => {
    fixture.device.data = pattern(1000);
    const { itt } = await initiator.command(read(1000));
    await initiator.readData();
    await initiator.snack({ type: SnackType.DataR2t, itt, begRun: 1, runLength: 2 });
    assert.equal(await expectReject(initiator, RejectReason.ProtocolError), 2);
    await initiator.snack({ type: SnackType.DataR2t, itt: 4242, begRun: 0 });
    await expectReject(initiator, RejectReason.ProtocolError);
  }));

Deno.test("A status that was acknowledged takes the data of its command with it", () =>
  atLevel1(SMALL, async (initiator, fixture) => {
    fixture.device.data = pattern(1000);
    const { itt } = await initiator.command(read(1000));
    const { pdus } = await initiator.readData();
    initiator.expStatSn = pdus[1].statSn + 1;
    await initiator.snack({ type: SnackType.DataR2t, itt, begRun: 0 });
    await expectReject(initiator, RejectReason.ProtocolError);
  }));

Deno.test("Each burst but the last asks for a DataACK, which ends what can be asked for", () =>
  atLevel1(SMALL, async (initiator, fixture) => {
    fixture.device.data = pattern(2500);
    const { itt } = await initiator.command(read(2500));
    const { pdus } = await initiator.readData();
    assert.deepEqual(pdus.map(({ acknowledge }) => acknowledge), [
      false,
      true,
      false,
      true,
      false,
    ]);
    const { ttt } = pdus[1];
    assert.notEqual(ttt, 0xffffffff);
    assert.equal(pdus[0].ttt, 0xffffffff);
    await initiator.snack({ type: SnackType.DataAck, ttt, begRun: 2 });
    await initiator.snack({ type: SnackType.DataR2t, itt, begRun: 1, runLength: 1 });
    await expectReject(initiator, RejectReason.ProtocolError);
    await initiator.snack({ type: SnackType.DataR2t, itt, begRun: 2, runLength: 1 });
    assert.deepEqual((await initiator.expect(Opcode.DataIn)).pdu, pdus[2]);
    for (const wrong of [{ ttt, begRun: 9 }, { ttt, begRun: 1 }, { ttt: ttt + 1, begRun: 3 }]) {
      await initiator.snack({ type: SnackType.DataAck, ...wrong });
      await expectReject(initiator, RejectReason.InvalidDataAck);
    }
  }));

Deno.test("A DataACK may bring the acknowledgement of the status along", () =>
  atLevel1(SMALL, async (initiator, fixture) => {
    fixture.device.data = pattern(2048);
    await initiator.command(read(2048));
    const { pdus } = await initiator.readData();
    initiator.expStatSn = pdus.at(-1)!.statSn + 1;
    await initiator.snack({ type: SnackType.DataAck, ttt: pdus[1].ttt, begRun: 2 });
    await initiator.expectSilence();
    await initiator.snack({ type: SnackType.DataAck, ttt: pdus[1].ttt, begRun: 2 });
    await expectReject(initiator, RejectReason.InvalidDataAck);
  }));

Deno.test("A DataACK for data that waits to be sent is taken for what it is", () =>
  atLevel1(SMALL, async (initiator, fixture) => {
    fixture.device.data = pattern(200_000);
    await initiator.command(read(200_000));
    await fixture.turn();
    await initiator.command(read(200_000));
    await fixture.turn();
    // Tags count up: the second command's is easy to guess.
    await initiator.snack({ type: SnackType.DataAck, ttt: 1, begRun: 0 });
    for (let i = 0; i < 2; i++) {
      const { data } = await initiator.readData();
      assert.equal(data.length, 200_000);
    }
    assert.deepEqual(fixture.eventsOf("disconnected"), []);
  }));

Deno.test("At level 0 no Data-In asks to be acknowledged", () =>
  atLevel1(SMALL.slice(1), async (initiator, fixture) => {
    fixture.device.data = pattern(2500);
    await initiator.command(read(2500));
    const { pdus } = await initiator.readData();
    assert.ok(pdus.every(({ acknowledge, ttt }) => !acknowledge && ttt === 0xffffffff));
  }));

/** Declares another MaxRecvDataSegmentLength. */
async function declare(initiator: ScriptedInitiator, bytes: number): Promise<void> {
  await initiator.send({
    opcode: Opcode.TextRequest,
    immediate: true,
    final: true,
    continue: false,
    lun: 0n,
    itt: initiator.tag(),
    ttt: 0xffffffff,
    cmdSn: initiator.cmdSn,
    expStatSn: initiator.expStatSn,
  }, encodeText([["MaxRecvDataSegmentLength", String(bytes)]]));
  await initiator.expect(Opcode.TextResponse);
}

Deno.test("An R-Data SNACK has the data cut anew, and the status tells its tag", () =>
  atLevel1(
    SMALL.map(([key, value]) => [key, key === "MaxRecvDataSegmentLength" ? "1024" : value]),
    async (initiator, fixture) => {
      fixture.device.data = pattern(2500);
      const { itt } = await initiator.command(read(2500));
      const first = await initiator.readData();
      const { statSn } = first.pdus.at(-1)!;
      await initiator.snack({ type: SnackType.DataAck, ttt: first.pdus[0].ttt, begRun: 1 });
      await declare(initiator, 512);
      await initiator.snack({ type: SnackType.RData, itt, ttt: 77 });
      const { pdus, data, response } = await initiator.readData();
      assert.deepEqual(pdus.map(({ dataSn }) => dataSn), [1, 2, 3]);
      assert.deepEqual(pdus.map(({ bufferOffset }) => bufferOffset), [1024, 1536, 2048]);
      assert.deepEqual(data, pattern(2500).subarray(1024));
      assert.deepEqual([response?.snackTag, response?.statSn], [77, statSn]);
      await initiator.snack({ type: SnackType.Status, begRun: statSn, runLength: 1 });
      const { pdu } = await initiator.expect(Opcode.ScsiResponse);
      assert.deepEqual([pdu.snackTag, pdu.statSn, pdu.expDataSn], [77, statSn, 4]);
    },
  ));

Deno.test("A status that is asked for while its data is being cut anew comes behind that, once", () =>
  atLevel1(
    SMALL.map(([key, value]) => [key, key === "MaxRecvDataSegmentLength" ? "1024" : value]),
    async (initiator, fixture) => {
      fixture.device.data = pattern(2500);
      const { itt } = await initiator.command(read(2500));
      const { pdus } = await initiator.readData();
      const { statSn } = pdus.at(-1)!;
      await declare(initiator, 512);
      await initiator.ping({ itt: 90 });
      await initiator.snack({ type: SnackType.Status, begRun: statSn, runLength: 1 });
      await initiator.snack({ type: SnackType.RData, itt, ttt: 77 });
      await fixture.settled();
      fixture.clock.advance(100);
      await initiator.expect(Opcode.NopIn);
      const { data, response } = await initiator.readData();
      assert.deepEqual(data, pattern(2500));
      assert.deepEqual([response?.snackTag, response?.expDataSn], [77, 5]);
      await initiator.expectSilence();
    },
    { faults: [{ kind: "delay", pdu: "nop-in", ms: 100 }] },
  ));

Deno.test("A status that went with data too long for the initiator by now comes without", () =>
  atLevel1(
    LEVEL_1.map(([key, value]) => [key, key === "MaxRecvDataSegmentLength" ? "1024" : value]),
    async (initiator, fixture) => {
      fixture.device.data = pattern(700);
      await initiator.command(read(700));
      const { pdus: [{ statSn, hasStatus }] } = await initiator.readData();
      assert.ok(hasStatus);
      await declare(initiator, 512);
      await initiator.snack({ type: SnackType.Status, begRun: statSn, runLength: 1 });
      const { pdu } = await initiator.expect(Opcode.ScsiResponse);
      assert.deepEqual([pdu.statSn, pdu.status, pdu.expDataSn], [statSn, 0, 1]);
    },
  ));

Deno.test("A replica that became too long for the initiator cannot be sent: the command fails", () =>
  atLevel1(LEVEL_1, async (initiator, fixture) => {
    fixture.device.data = pattern(2000);
    const { itt } = await initiator.command(read(2000));
    const { pdus: [{ statSn }] } = await initiator.readData();
    await declare(initiator, 512);
    await initiator.snack({ type: SnackType.DataR2t, itt, begRun: 0, runLength: 1 });
    const { pdu, data } = await initiator.expect(Opcode.ScsiResponse);
    const { key, asc, ascq } = decodeSense(decodeResponseSegment(data).sense);
    assert.deepEqual([pdu.statSn, key, asc, ascq], [statSn, 0xb, 0x11, 0x13]);
    await expectReject(initiator, RejectReason.SnackReject);
  }));

Deno.test("An R2T SNACK brings back an R2T that has not been answered", () =>
  atLevel1([...SMALL, ["InitialR2T", "Yes"]], async (initiator, fixture) => {
    const data = pattern(2000);
    const { itt } = await initiator.command(write(2000));
    const { pdu: first } = await initiator.expect(Opcode.ReadyToTransfer);
    await initiator.snack({ type: SnackType.DataR2t, itt, begRun: 0, runLength: 1 });
    assert.deepEqual((await initiator.expect(Opcode.ReadyToTransfer)).pdu, first);
    await initiator.dataOut({ itt, ttt: first.ttt, offset: 0 }, data.subarray(0, 1024));
    const { pdu: second } = await initiator.expect(Opcode.ReadyToTransfer);
    await initiator.snack({ type: SnackType.DataR2t, itt, begRun: 0 });
    assert.deepEqual((await initiator.expect(Opcode.ReadyToTransfer)).pdu, second);
    await initiator.snack({ type: SnackType.DataR2t, itt, begRun: 1, runLength: 2 });
    assert.equal(await expectReject(initiator, RejectReason.ProtocolError), 2);
    await initiator.dataOut({ itt, ttt: second.ttt, offset: 1024 }, data.subarray(1024));
    await initiator.expect(Opcode.ScsiResponse);
    assert.deepEqual(fixture.device.written, [data]);
  }));

Deno.test("Solicited data with a wrong digest is rejected, and asked for again", () =>
  atLevel1([...LEVEL_1, ...DIGESTS, ["InitialR2T", "Yes"], ["ImmediateData", "No"]], async (
    initiator,
    fixture,
  ) => {
    const data = pattern(3000);
    const { itt } = await initiator.command(write(3000));
    const { pdu: { ttt } } = await initiator.expect(Opcode.ReadyToTransfer);
    const out = (dataSn: number, final: boolean, corrupt = false) =>
      initiator.dataOut(
        { itt, ttt, offset: dataSn * 1000, dataSn, final },
        data.subarray(dataSn * 1000, (dataSn + 1) * 1000),
        { corrupt },
      );
    await out(0, false);
    await out(1, false, true);
    await expectReject(initiator, RejectReason.DataDigestError);
    await initiator.expectSilence();
    await out(2, true);
    const { pdu: recovery } = await initiator.expect(Opcode.ReadyToTransfer);
    const { r2tSn, bufferOffset, desiredDataTransferLength } = recovery;
    assert.deepEqual([r2tSn, bufferOffset, desiredDataTransferLength], [1, 1000, 1000]);
    assert.notEqual(recovery.ttt, ttt);
    await initiator.dataOut({ itt, ttt: recovery.ttt, offset: 1000 }, data.subarray(1000, 2000));
    assert.equal((await initiator.expect(Opcode.ScsiResponse)).pdu.status, 0);
    assert.deepEqual(fixture.device.written, [data]);
  }, { headerDigest: "crc32c", dataDigest: "crc32c" }));

Deno.test("Unsolicited data that was lost or damaged is asked for once all of it is here", () =>
  atLevel1([...LEVEL_1, ...DIGESTS, ["InitialR2T", "No"], ["FirstBurstLength", "4000"]], async (
    initiator,
    fixture,
  ) => {
    const data = pattern(5000);
    const { itt } = await initiator.command({ ...write(5000), final: false });
    const out = (dataSn: number, final: boolean, corrupt = false) =>
      initiator.dataOut(
        { itt, offset: dataSn * 1000, dataSn, final },
        data.subarray(dataSn * 1000, (dataSn + 1) * 1000),
        { corrupt },
      );
    await out(0, false, true);
    // The second is lost on the way.
    await out(2, false);
    await out(3, true, true);
    const asked: [number, number][] = [];
    let rejects = 0;
    for (;;) {
      const received = await initiator.next();
      if (received?.pdu.opcode === Opcode.Reject) rejects++;
      if (received?.pdu.opcode === Opcode.ScsiResponse) break;
      if (received?.pdu.opcode !== Opcode.ReadyToTransfer) continue;
      const { ttt, bufferOffset: offset, desiredDataTransferLength: length } = received.pdu;
      asked.push([offset, length]);
      await initiator.dataOut({ itt, ttt, offset }, data.subarray(offset, offset + length));
    }
    assert.equal(rejects, 2);
    assert.deepEqual(asked, [[4000, 1000], [0, 1000], [1000, 1000], [3000, 1000]]);
    assert.deepEqual(fixture.device.written, [data]);
  }));

Deno.test("Recovered data can be damaged again, and recovered again", () =>
  atLevel1([...LEVEL_1, ...DIGESTS, ["ImmediateData", "No"], ["InitialR2T", "Yes"]], async (
    initiator,
    fixture,
  ) => {
    const data = pattern(900);
    const { itt } = await initiator.command(write(900));
    for (let round = 0; round < 4; round++) {
      const { pdu } = await initiator.expect(Opcode.ReadyToTransfer);
      assert.deepEqual([pdu.r2tSn, pdu.bufferOffset], [round, 0]);
      const corrupt = round < 3;
      await initiator.dataOut({ itt, ttt: pdu.ttt, offset: 0 }, data, { corrupt });
      if (corrupt) await expectReject(initiator, RejectReason.DataDigestError);
    }
    await initiator.expect(Opcode.ScsiResponse);
    assert.deepEqual(fixture.device.written, [data]);
  }));

Deno.test("A retried command, and the data that comes with it, is absorbed", () =>
  atLevel1([...LEVEL_1, ["InitialR2T", "No"], ["FirstBurstLength", "2000"]], async (
    initiator,
    fixture,
  ) => {
    const data = pattern(2000);
    const command = await initiator.command({ ...write(2000), final: false });
    const { itt, cmdSn } = command;
    await initiator.dataOut({ itt, offset: 0, final: false }, data.subarray(0, 1000));
    await initiator.command({ ...write(2000), final: false, itt, cmdSn });
    await initiator.dataOut({ itt, offset: 0, final: false }, pattern(1000, 99));
    await initiator.dataOut({ itt, offset: 1000, dataSn: 1 }, data.subarray(1000));
    assert.equal((await initiator.expect(Opcode.ScsiResponse)).pdu.status, 0);
    await initiator.command({ ...write(2000), final: false, itt, cmdSn });
    await initiator.dataOut({ itt, offset: 0 }, data);
    await initiator.expectSilence();
    assert.deepEqual(fixture.device.written, [data]);
  }));

Deno.test("Data that comes early to an end is a fault that no repetition mends", () =>
  atLevel1([...LEVEL_1, ["InitialR2T", "Yes"], ["ImmediateData", "No"]], async (initiator) => {
    const { itt } = await initiator.command(write(1000));
    const { pdu: { ttt } } = await initiator.expect(Opcode.ReadyToTransfer);
    await initiator.dataOut({ itt, ttt, offset: 0 }, pattern(10));
    const { pdu, data } = await initiator.expect(Opcode.ScsiResponse);
    assert.equal(pdu.status, 2);
    const { asc, ascq } = decodeSense(decodeResponseSegment(data).sense);
    assert.deepEqual([asc, ascq], [0x0c, 0x0d]);
  }));

Deno.test("SNACKs without end are bounded as all answers are", () =>
  atLevel1(LEVEL_1, async (initiator, fixture) => {
    fixture.device.data = pattern(200_000);
    const { itt } = await initiator.command(read(200_000));
    await initiator.readData();
    const flood = async () => {
      for (let i = 0; i < 400; i++) await initiator.snack({ type: SnackType.DataR2t, itt });
    };
    await assert.rejects(flood(), { name: "TransportError" });
    const [{ error }] = fixture.eventsOf("disconnected") as { error?: Error }[];
    assert.match(String(error), /without taking its answers/);
  }, { limits: { maxQueuedAnswers: 20 } }));
