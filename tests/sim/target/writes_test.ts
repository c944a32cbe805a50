import assert from "node:assert/strict";
import type { KeyValuePair } from "../../../iscsi/negotiation/text_keys.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { RejectReason } from "../../../iscsi/pdu/reject.ts";
import type { ReadyToTransfer } from "../../../iscsi/pdu/r2t.ts";
import { decodeResponseSegment } from "../../../iscsi/pdu/scsi_response.ts";
import type { ScsiCommand } from "../../../iscsi/pdu/scsi_command.ts";
import { decodeSense } from "../../../scsi/sense.ts";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { Command } from "./scripted_device.ts";
import { pattern, type ScriptedInitiator } from "./scripted_initiator.ts";
import { withTarget } from "./target_fixture.ts";

const LENGTH = 10_000;
const SMALL_BURSTS = [
  ["FirstBurstLength", "1536"],
  ["MaxBurstLength", "2048"],
  ["MaxOutstandingR2T", "3"],
] as const;

function write(length: number, expected = length): Partial<ScsiCommand> {
  return { write: true, expectedDataTransferLength: expected, cdb: Command.write(length) };
}

function cdb16(...bytes: number[]): Uint8Array {
  const cdb = new Uint8Array(16);
  cdb.set(bytes);
  return cdb;
}

/** Sends what an R2T asks for in PDUs of at most 700 bytes. */
async function answerR2t(initiator: ScriptedInitiator, r2t: ReadyToTransfer, data: Uint8Array) {
  const { itt, ttt, bufferOffset, desiredDataTransferLength } = r2t;
  const end = bufferOffset + desiredDataTransferLength;
  for (let offset = bufferOffset, dataSn = 0; offset < end; dataSn++) {
    const next = Math.min(offset + 700, end);
    const fields = { itt, ttt, offset, dataSn, final: next === end };
    await initiator.dataOut(fields, data.subarray(offset, next));
    offset = next;
  }
}

/** The sense codes of a SCSI Response with CHECK CONDITION. */
async function expectSense(initiator: ScriptedInitiator): Promise<number[]> {
  const { pdu, data } = await initiator.expect(Opcode.ScsiResponse);
  assert.equal(pdu.status, 2);
  const { key, asc, ascq } = decodeSense(decodeResponseSegment(data).sense);
  return [key, asc, ascq];
}

for (const initialR2T of ["Yes", "No"]) {
  for (const immediateData of ["Yes", "No"]) {
    Deno.test(`A write arrives whole with InitialR2T=${initialR2T}, ImmediateData=${immediateData}`, () =>
      withTarget({}, async (fixture) => {
        const initiator = await fixture.connect();
        await initiator.login({
          keys: [["InitialR2T", initialR2T], ["ImmediateData", immediateData], ...SMALL_BURSTS],
        });
        const data = pattern(LENGTH);
        const immediate = immediateData === "Yes" ? 1000 : 0;
        const unsolicited = initialR2T === "No" ? 1536 : immediate;
        const fields = { ...write(LENGTH), final: initialR2T === "Yes" };
        const { itt } = await initiator.command(fields, data.subarray(0, immediate));
        if (initialR2T === "No") {
          await initiator.dataOut({ itt, offset: immediate }, data.subarray(immediate, 1536));
        }
        const open: ReadyToTransfer[] = [];
        for (let offset = unsolicited, r2tSn = 0; offset < LENGTH; r2tSn++) {
          // Three are outstanding from the start, and each that is answered brings another.
          if (r2tSn >= 3) await answerR2t(initiator, open.shift()!, data);
          const { pdu } = await initiator.expect(Opcode.ReadyToTransfer);
          assert.deepEqual([pdu.r2tSn, pdu.bufferOffset], [r2tSn, offset]);
          assert.equal(pdu.desiredDataTransferLength, Math.min(2048, LENGTH - offset));
          open.push(pdu);
          offset += pdu.desiredDataTransferLength;
        }
        await initiator.expectSilence();
        for (const r2t of open) await answerR2t(initiator, r2t, data);
        const { pdu } = await initiator.expect(Opcode.ScsiResponse);
        assert.deepEqual([pdu.status, pdu.overflow, pdu.underflow], [0, false, false]);
        assert.deepEqual(fixture.device.written, [data]);
      }));
  }
}

Deno.test("Two writes at a time keep their data apart", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login({ keys: [["InitialR2T", "Yes"], ["ImmediateData", "No"]] });
    const [first, second] = [pattern(3000, 1), pattern(3000, 99)];
    await initiator.command(write(3000));
    await initiator.command(write(3000));
    const one = (await initiator.expect(Opcode.ReadyToTransfer)).pdu;
    const two = (await initiator.expect(Opcode.ReadyToTransfer)).pdu;
    assert.notEqual(one.ttt, two.ttt);
    await answerR2t(initiator, two, second);
    await initiator.expectSilence();
    assert.deepEqual(fixture.device.written, [], "the second waits for the first");
    await answerR2t(initiator, one, first);
    assert.equal((await initiator.expect(Opcode.ScsiResponse)).pdu.itt, one.itt);
    assert.equal((await initiator.expect(Opcode.ScsiResponse)).pdu.itt, two.itt);
    assert.deepEqual(fixture.device.written, [first, second]);
  }));

Deno.test("A buffer is used again without a trace of what was in it", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    await initiator.command(write(1000), pattern(1000));
    await initiator.expect(Opcode.ScsiResponse);
    // 1000 bytes are there, of which the device asks for 10.
    await initiator.command(write(10, 1000), pattern(1000, 50));
    await initiator.expect(Opcode.ScsiResponse);
    assert.deepEqual(fixture.device.written, [pattern(1000), pattern(10, 50)]);
  }));

for (
  const [name, wanted, expected, overflow] of [
    ["more", 600, 512, true],
    ["less", 100, 512, false],
  ] as const
) {
  Deno.test(`A write whose CDB asks for ${name} than the initiator brings reports the residual`, () =>
    withTarget({}, async (fixture) => {
      const initiator = await fixture.connect();
      await initiator.login();
      const data = pattern(expected);
      await initiator.command(write(wanted, expected), data);
      const { pdu } = await initiator.expect(Opcode.ScsiResponse);
      assert.deepEqual([pdu.overflow, pdu.underflow], [overflow, !overflow]);
      assert.equal(pdu.residual, Math.abs(wanted - expected));
      assert.deepEqual(fixture.device.written, [data.subarray(0, wanted)]);
    }));
}

Deno.test("A write behind a command that changes what it asks for brings enough data", () =>
  withTarget({}, async (fixture) => {
    const { device } = fixture;
    const initiator = await fixture.connect();
    await initiator.login();
    device.dataOutLength = () => 0;
    await initiator.command({ cdb: Command.wait() });
    await initiator.command(write(3000), pattern(3000).subarray(0, 1000));
    const { pdu: r2t } = await initiator.expect(Opcode.ReadyToTransfer);
    await answerR2t(initiator, r2t, pattern(3000));
    device.dataOutLength = () => 3000;
    device.answers[0]({ status: 0 });
    await initiator.expect(Opcode.ScsiResponse);
    assert.equal((await initiator.expect(Opcode.ScsiResponse)).pdu.underflow, false);
    assert.deepEqual(device.written, [pattern(3000)]);
  }));

Deno.test("A write that overtakes the command that changes what it asks for brings enough data", async () => {
  const unitAttentions = { newNexus: [], returningNexus: [] };
  const drive = new SimulatedDrive({ medium: new MemoryMedium(), unitAttentions });
  await withTarget({ units: [{ lun: 0, device: drive }] }, async (fixture) => {
    const [first, second] = [await fixture.connect(), await fixture.connect()];
    const keys = [["MaxConnections", "2"], ["InitialR2T", "Yes"]] as const;
    const { tsih } = await first.login({ keys });
    await second.login({ tsih, cid: 1 });
    const { cmdSn } = first;
    const blocks = { write: true, expectedDataTransferLength: 512, cdb: cdb16(0x0a, 1, 0, 0, 1) };
    const { itt } = await second.command({ ...blocks, cmdSn: cmdSn + 1 });
    await fixture.turn();
    const blockLength512 = Uint8Array.of(0, 0, 0x10, 8, 0, 0, 0, 0, 0, 0, 2, 0);
    const selecting = {
      write: true,
      expectedDataTransferLength: 12,
      cdb: cdb16(0x15, 0x10, 0, 0, 12),
    };
    await first.command(selecting, blockLength512);
    assert.equal((await first.expect(Opcode.ScsiResponse)).pdu.status, 0);
    const { pdu: { ttt } } = await second.expect(Opcode.ReadyToTransfer);
    await second.dataOut({ itt, ttt, offset: 0 }, pattern(512));
    assert.equal((await second.expect(Opcode.ScsiResponse)).pdu.status, 0);
    assert.equal(drive.objects().length, 1);
  });
});

Deno.test("Commands beyond the session's memory wait for their R2T", () =>
  withTarget({ limits: { maxTransferBytes: 4096, dataOutBytes: 4096 } }, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login({ keys: [["InitialR2T", "Yes"], ["FirstBurstLength", "512"]] });
    const [first, second] = [pattern(4000, 1), pattern(4000, 2)];
    await initiator.command(write(4000), first.subarray(0, 100));
    await initiator.command(write(4000), second.subarray(0, 200));
    const one = (await initiator.expect(Opcode.ReadyToTransfer)).pdu;
    await initiator.expectSilence();
    await answerR2t(initiator, one, first);
    // The R2T overtakes the answer: it was due first.
    const two = (await initiator.expect(Opcode.ReadyToTransfer)).pdu;
    assert.equal(two.bufferOffset, 200);
    await initiator.expect(Opcode.ScsiResponse);
    await answerR2t(initiator, two, second);
    await initiator.expect(Opcode.ScsiResponse);
    assert.deepEqual(fixture.device.written, [first, second]);
  }));

const ONE_WRITE = { limits: { dataOutBytes: LENGTH, maxTransferBytes: LENGTH } };
const ONLY_R2T = [["InitialR2T", "Yes"], ["ImmediateData", "No"]] as const;

Deno.test("A write that goes to the head of the queue lets that pass which has the memory it waits for", () =>
  withTarget(ONE_WRITE, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login({ keys: ONLY_R2T });
    const simple = await initiator.command(write(LENGTH));
    const first = await initiator.expect(Opcode.ReadyToTransfer);
    const urgent = await initiator.command({ ...write(LENGTH), attributes: 3 });
    await initiator.expectSilence();
    await answerR2t(initiator, first.pdu, pattern(LENGTH));
    const second = await initiator.expect(Opcode.ReadyToTransfer);
    assert.equal((await initiator.expect(Opcode.ScsiResponse)).pdu.itt, simple.itt);
    await answerR2t(initiator, second.pdu, pattern(LENGTH));
    assert.equal((await initiator.expect(Opcode.ScsiResponse)).pdu.itt, urgent.itt);
  }));

Deno.test("A write that has overtaken another takes no memory before it", () =>
  withTarget(ONE_WRITE, async (fixture) => {
    const [first, second] = [await fixture.connect(), await fixture.connect()];
    const { tsih } = await first.login({ keys: [["MaxConnections", "2"], ...ONLY_R2T] });
    await second.login({ tsih, cid: 1 });
    const { cmdSn } = first;
    await second.command({ ...write(LENGTH), cmdSn: cmdSn + 1 });
    await fixture.turn();
    await first.command({ ...write(LENGTH), cmdSn });
    for (const initiator of [first, second]) {
      const { pdu } = await initiator.expect(Opcode.ReadyToTransfer);
      await answerR2t(initiator, pdu, pattern(LENGTH));
      await initiator.expect(Opcode.ScsiResponse);
    }
  }));

Deno.test("A transfer beyond the limit is refused, and its data is not collected", () =>
  withTarget({ limits: { maxTransferBytes: 4096 } }, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    await initiator.command(write(5000), pattern(5000).subarray(0, 100));
    assert.deepEqual(await expectSense(initiator), [5, 0x24, 0]);
    assert.deepEqual(fixture.device.written, []);
  }));

Deno.test("An initiator whose data does not come holds up nobody else", () =>
  withTarget({}, async (fixture) => {
    const slow = await fixture.connect();
    await slow.login();
    await slow.command(write(9000), pattern(9000).subarray(0, 10));
    await slow.expect(Opcode.ReadyToTransfer);
    const other = await fixture.connect();
    await other.login({ isid: [0x80, 0, 0, 0, 0, 9] });
    await other.command(write(100), pattern(100));
    await other.expect(Opcode.ScsiResponse);
    assert.deepEqual(fixture.device.written, [pattern(100)]);
  }));

const FAULTS: {
  name: string;
  keys?: readonly KeyValuePair[];
  send(initiator: ScriptedInitiator): Promise<unknown>;
  sense: number[];
}[] = [
  {
    name: "Immediate data that was not negotiated",
    keys: [["ImmediateData", "No"]],
    send: (initiator) => initiator.command(write(100), pattern(100)),
    sense: [0xb, 0x0c, 0x0c],
  },
  {
    name: "Unsolicited Data-Out that was not negotiated",
    keys: [["InitialR2T", "Yes"]],
    send: async (initiator) => {
      const { itt } = await initiator.command({ ...write(100), final: false });
      await initiator.dataOut({ itt, offset: 0 }, pattern(100));
    },
    sense: [0xb, 0x0c, 0x0c],
  },
  {
    name: "More immediate data than the first burst",
    keys: [["FirstBurstLength", "512"]],
    send: (initiator) => initiator.command(write(600), pattern(600)),
    sense: [0xb, 0x0c, 0x0d],
  },
  {
    name: "Less unsolicited data than the first burst",
    send: async (initiator) => {
      const { itt } = await initiator.command({ ...write(1000), final: false });
      await initiator.dataOut({ itt, offset: 0 }, pattern(500));
    },
    sense: [0xb, 0x0c, 0x0d],
  },
  {
    name: "A gap in DataSN",
    send: async (initiator) => {
      const { itt } = await initiator.command({ ...write(1000), final: false });
      await initiator.dataOut({ itt, offset: 0, final: false }, pattern(500));
      await initiator.dataOut({ itt, offset: 500, dataSn: 2 }, pattern(500));
    },
    sense: [0xb, 0x47, 0x05],
  },
  {
    name: "A Data-Out at the wrong offset",
    send: async (initiator) => {
      const { itt } = await initiator.command({ ...write(1000), final: false });
      await initiator.dataOut({ itt, offset: 1 }, pattern(999));
    },
    sense: [0xb, 0x0c, 0x0d],
  },
  {
    name: "An answer to an R2T that ends early",
    keys: [["InitialR2T", "Yes"]],
    send: async (initiator) => {
      const { itt } = await initiator.command(write(1000));
      const { pdu } = await initiator.expect(Opcode.ReadyToTransfer);
      await initiator.dataOut({ itt, ttt: pdu.ttt, offset: 0 }, pattern(10));
    },
    sense: [0xb, 0x0c, 0x0d],
  },
];
const UNSOLICITED: readonly KeyValuePair[] = [["InitialR2T", "No"]];
for (const { name, keys = UNSOLICITED, send, sense } of FAULTS) {
  Deno.test(`${name} ends the command, not the session`, () =>
    withTarget({}, async (fixture) => {
      const initiator = await fixture.connect();
      await initiator.login({ keys });
      await send(initiator);
      assert.deepEqual(await expectSense(initiator), sense);
      assert.deepEqual(fixture.device.written, []);
      await initiator.expectSilence();
    }));
}

Deno.test("A Data-Out with a wrong digest is rejected, and the command ends after all its data", () =>
  withTarget({ dataDigest: "crc32c", headerDigest: "crc32c" }, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login({
      keys: [["HeaderDigest", "CRC32C"], ["DataDigest", "CRC32C"], ["InitialR2T", "No"]],
    });
    const data = pattern(3001);
    const { itt } = await initiator.command(
      { ...write(3001), final: false },
      data.subarray(0, 1000),
    );
    const damaged = { itt, offset: 1000, final: false };
    await initiator.dataOut(damaged, data.subarray(1000, 2000), { corrupt: true });
    const { pdu } = await initiator.expect(Opcode.Reject);
    assert.equal(pdu.reason, RejectReason.DataDigestError);
    await initiator.expectSilence();
    await initiator.dataOut({ itt, offset: 2000, dataSn: 1 }, data.subarray(2000));
    assert.deepEqual(await expectSense(initiator), [0xb, 0x47, 0x05]);
    await initiator.command(write(3001), data);
    await initiator.expect(Opcode.ScsiResponse);
    assert.deepEqual(fixture.device.written, [data]);
  }));

Deno.test("A command with a wrong data digest is rejected and does not count as received", () =>
  withTarget({ dataDigest: "crc32c" }, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login({ keys: [["DataDigest", "CRC32C"]] });
    const lost = await initiator.command(write(100), pattern(100), { corrupt: true });
    const { pdu } = await initiator.expect(Opcode.Reject);
    assert.deepEqual([pdu.reason, pdu.expCmdSn], [RejectReason.DataDigestError, lost.cmdSn]);
    await initiator.command({ ...write(100), cmdSn: lost.cmdSn, itt: lost.itt }, pattern(100));
    await initiator.expect(Opcode.ScsiResponse);
    assert.deepEqual(fixture.device.written, [pattern(100)]);
  }));

Deno.test("A Data-Out for an R2T that was never sent ends the connection", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login({ keys: [["InitialR2T", "Yes"]] });
    const { itt } = await initiator.command(write(1000));
    const { pdu } = await initiator.expect(Opcode.ReadyToTransfer);
    await initiator.dataOut({ itt, ttt: pdu.ttt + 1, offset: 0 }, pattern(1000));
    await initiator.expectEnd();
  }));

Deno.test("Data that comes after its command has ended is dropped", () =>
  withTarget({}, async (fixture) => {
    const initiator = await fixture.connect();
    await initiator.login();
    await initiator.dataOut({ itt: 9999, offset: 0 }, pattern(2000));
    await initiator.expectSilence();
  }));
