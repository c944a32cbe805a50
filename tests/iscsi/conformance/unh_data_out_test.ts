import assert from "node:assert/strict";
import { pattern, WRITE } from "./cdbs.ts";
import { NO_TAG, Op, type WirePdu } from "./wire_pdu.ts";
import { type WireTargetOptions, withSession } from "./wire_target.ts";

const FIRST_BURST = 1000;
const SEGMENT = 600;

/** A target with small limits. */
function limits(initialR2T: string, immediateData: string): WireTargetOptions {
  return {
    keys: {
      InitialR2T: initialR2T,
      ImmediateData: immediateData,
      FirstBurstLength: String(FIRST_BURST),
      MaxBurstLength: "2000",
      MaxRecvDataSegmentLength: String(SEGMENT),
      MaxOutstandingR2T: "4",
    },
  };
}

/** The Data-Out of one sequence: DataSN from 0, offsets without a gap, F on the last; returns where it ends. */
function checkSequence(
  sequence: readonly WirePdu[],
  expected: { itt: number; ttt: number; from: number; data: Uint8Array },
): number {
  let offset = expected.from;
  sequence.forEach((pdu, index) => {
    assert.equal(pdu.u8(0), Op.DataOut);
    assert.deepEqual([pdu.itt, pdu.ttt], [expected.itt, expected.ttt]);
    assert.deepEqual([pdu.dataSn, pdu.bufferOffset], [index, offset]);
    assert.equal(pdu.final, index === sequence.length - 1);
    assert.ok(pdu.dataSegmentLength <= SEGMENT);
    assert.deepEqual(pdu.data, expected.data.subarray(offset, offset + pdu.data.length));
    offset += pdu.data.length;
  });
  return offset;
}

/** Writes, and returns the command and the unsolicited Data-Out that follows it. */
async function unsolicited(options: WireTargetOptions, length: number) {
  const data = pattern(length);
  let sent: WirePdu[] = [];
  await withSession(options, async (target, wire) => {
    target.execute(WRITE, { dataOut: data });
    sent = await wire.received();
  });
  const [command, ...rest] = sent;
  assert.equal(command.u8(0), Op.Command);
  assert.equal(command.expectedLength, length);
  assert.equal(command.u8(1) & 0x60, 0x20, "W, not R");
  assert.equal(command.final, rest.length === 0, "F unless unsolicited Data-Out follows");
  assert.deepEqual(command.data, data.subarray(0, command.data.length));
  checkSequence(rest, { itt: command.itt, ttt: NO_TAG, from: command.data.length, data });
  return { immediate: command.data.length, following: rest.map((pdu) => pdu.data.length) };
}

/** How a target takes data: InitialR2T and ImmediateData. */
const IMMEDIATE = limits("Yes", "Yes");
const SOLICITED = limits("Yes", "No");
const UNSOLICITED = limits("No", "No");
const BOTH = limits("No", "Yes");

/** Checks how many bytes go with the command, and in each Data-Out that follows it unasked. */
async function sends(
  options: WireTargetOptions,
  length: number,
  expected: { immediate: number; following: readonly number[] },
): Promise<void> {
  assert.deepEqual(await unsolicited(options, length), expected);
}

Deno.test("UNH 8.1: immediate and unsolicited data end at FirstBurstLength", async () => {
  await sends(BOTH, 5000, { immediate: 600, following: [400] });
});

Deno.test("UNH 8.2: with InitialR2T and without ImmediateData no data goes out unasked", async () => {
  await sends(SOLICITED, 5000, { immediate: 0, following: [] });
});

Deno.test("UNH 8.3: unsolicited Data-Out ends at FirstBurstLength", async () => {
  await sends(UNSOLICITED, 5000, { immediate: 0, following: [600, 400] });
});

Deno.test("UNH 11.1.1: no Data-Out is longer than the target's MaxRecvDataSegmentLength", async () => {
  await sends(UNSOLICITED, 601, { immediate: 0, following: [600, 1] });
});

Deno.test("UNH 11.2.1: the last unsolicited Data-Out has F where the data ends on a PDU's boundary", async () => {
  await sends(UNSOLICITED, 600, { immediate: 0, following: [600] });
});

Deno.test("UNH 16.1.2: without ImmediateData the command has no data", async () => {
  await sends(SOLICITED, 10, { immediate: 0, following: [] });
});

Deno.test("UNH 16.2.1: a command with all of its data has F, and its length as DataSegmentLength", async () => {
  await sends(IMMEDIATE, 600, { immediate: 600, following: [] });
});

Deno.test("UNH 16.2.2: a command that waits for R2T has W and F, and no data", async () => {
  await sends(SOLICITED, 600, { immediate: 0, following: [] });
});

Deno.test("UNH 16.2.3: a command before unsolicited Data-Out has W, no F and no data", async () => {
  await sends(UNSOLICITED, 100, { immediate: 0, following: [100] });
});

Deno.test("UNH 16.2.4: a command with immediate data before unsolicited Data-Out has no F", async () => {
  await sends(BOTH, 601, { immediate: 600, following: [1] });
});

Deno.test("UNH 16.2.4: immediate data that is all data ends the sequence, on a PDU's boundary too", async () => {
  await sends(BOTH, 600, { immediate: 600, following: [] });
});

Deno.test("UNH 16.2.4: a write of exactly FirstBurstLength needs no R2T", async () => {
  await sends(BOTH, 1000, { immediate: 600, following: [400] });
});

Deno.test("UNH 16.3.1: with InitialR2T a command with immediate data has F, and no Data-Out follows", async () => {
  await sends(IMMEDIATE, 601, { immediate: 600, following: [] });
});

Deno.test("UNH 16.6: beyond FirstBurstLength the data waits for R2T", async () => {
  await sends(IMMEDIATE, 5000, { immediate: 600, following: [] });
});

Deno.test("UNH 16.6: immediate data ends at FirstBurstLength where the target takes longer PDUs", async () => {
  await sends({ keys: { ...IMMEDIATE.keys, MaxRecvDataSegmentLength: "8192" } }, 5000, {
    immediate: 1000,
    following: [],
  });
});

Deno.test("UNH 6.1: DataSN counts from 0 in each sequence, unsolicited or asked for", async () => {
  await withSession(limits("No", "No"), async (target, wire) => {
    const data = pattern(3000);
    const { pdu: { itt } } = await target.begin(WRITE, { dataOut: data });
    const first = await wire.received();
    assert.deepEqual(first.map(({ dataSn }) => dataSn), [0, 1]);
    wire.r2t(itt, { ttt: 1, offset: 1000, length: 2000 });
    const second = await wire.received();
    assert.deepEqual(second.map(({ dataSn }) => dataSn), [0, 1, 2, 3]);
  });
});

Deno.test("UNH 9.1: Data-Out that answers an R2T has its Target Transfer Tag and LUN", async () => {
  await withSession(SOLICITED, async (target, wire) => {
    const { pdu: { itt, lun } } = await target.begin(WRITE, { dataOut: pattern(1200), lun: 5 });
    assert.equal(lun, 5n << 48n);
    wire.r2t(itt, { ttt: 0xdeadbeef, offset: 0, length: 1200, lun });
    const sent = await wire.received();
    assert.deepEqual(sent.map((pdu) => [pdu.ttt, pdu.lun]), [[0xdeadbeef, lun], [0xdeadbeef, lun]]);
  });
});

Deno.test("UNH 11.2.2: F ends the answer to each R2T, not only the command's last", async () => {
  await withSession(SOLICITED, async (target, wire) => {
    const { pdu: { itt } } = await target.begin(WRITE, { dataOut: pattern(2400) });
    for (const [r2tSn, offset] of [[0, 0], [1, 1200]]) {
      wire.r2t(itt, { ttt: r2tSn, r2tSn, offset, length: 1200 });
      const sent = await wire.received();
      assert.deepEqual(sent.map(({ final }) => final), [false, true]);
    }
  });
});

Deno.test("UNH 11.3: DataSN begins at 0 again with each R2T", async () => {
  await withSession(SOLICITED, async (target, wire) => {
    const { pdu: { itt } } = await target.begin(WRITE, { dataOut: pattern(2400) });
    wire.r2t(itt, { ttt: 1, offset: 0, length: 1200 });
    wire.r2t(itt, { ttt: 2, r2tSn: 1, offset: 1200, length: 1200 });
    const sent = await wire.received();
    assert.deepEqual(sent.map(({ dataSn }) => dataSn), [0, 1, 0, 1]);
  });
});

Deno.test("UNH 11.4: Buffer Offset tells each segment's place in the data, and rises", async () => {
  await withSession(SOLICITED, async (target, wire) => {
    const data = pattern(1700);
    const { pdu: { itt } } = await target.begin(WRITE, { dataOut: data });
    wire.r2t(itt, { ttt: 1, offset: 100, length: 1500 });
    const sent = await wire.received();
    assert.deepEqual(sent.map(({ bufferOffset }) => bufferOffset), [100, 700, 1300]);
    checkSequence(sent, { itt, ttt: 1, from: 100, data });
  });
});

Deno.test("UNH 12.1: an R2T that fits one PDU is answered by one, with its tag, offset and length", async () => {
  await withSession(SOLICITED, async (target, wire) => {
    const data = pattern(500);
    const { pdu: { itt } } = await target.begin(WRITE, { dataOut: data });
    wire.r2t(itt, { ttt: 77, offset: 40, length: 300 });
    const pdu = await wire.only(Op.DataOut);
    assert.deepEqual([pdu.ttt, pdu.bufferOffset, pdu.dataSegmentLength, pdu.final], [
      77,
      40,
      300,
      true,
    ]);
    assert.deepEqual(pdu.data, data.subarray(40, 340));
  });
});

Deno.test("UNH 12.2: an R2T beyond one PDU is answered without a gap or an overlap, to its end", async () => {
  await withSession(SOLICITED, async (target, wire) => {
    const data = pattern(2500);
    const { pdu: { itt } } = await target.begin(WRITE, { dataOut: data });
    wire.r2t(itt, { ttt: 8, offset: 500, length: 2000 });
    const sent = await wire.received();
    assert.equal(checkSequence(sent, { itt, ttt: 8, from: 500, data }), 2500);
    assert.deepEqual(sent.map(({ dataSegmentLength }) => dataSegmentLength), [600, 600, 600, 200]);
  });
});

Deno.test("UNH 12.3: several R2Ts of a command are answered in the order of their arrival", async () => {
  await withSession(SOLICITED, async (target, wire) => {
    const data = pattern(4000);
    const { execution, pdu: { itt } } = await target.begin(WRITE, { dataOut: data });
    [0, 1, 2, 3].forEach((r2tSn) =>
      wire.r2t(itt, { ttt: 40 - r2tSn, r2tSn, offset: r2tSn * 1000, length: 1000 })
    );
    const sent = await wire.received();
    assert.deepEqual(sent.map(({ ttt }) => ttt), [40, 40, 39, 39, 38, 38, 37, 37]);
    for (let index = 0; index < 4; index++) {
      const sequence = sent.slice(index * 2, index * 2 + 2);
      checkSequence(sequence, { itt, ttt: 40 - index, from: index * 1000, data });
    }
    wire.response(itt);
    assert.equal((await execution.result).status, 0);
  });
});

Deno.test("UNH 12.3: with DataSequenceInOrder=No, R2Ts whose offsets fall are answered as they come", async () => {
  const session = { negotiation: { dataSequenceInOrder: false } };
  const keys = { ...SOLICITED.keys, DataSequenceInOrder: "No" };
  await withSession({ keys, session }, async (target, wire) => {
    const login = wire.stream.sent[0];
    assert.equal(login.keys.DataSequenceInOrder, "No");
    const data = pattern(3000);
    const { execution, pdu: { itt } } = await target.begin(WRITE, { dataOut: data });
    [2000, 0, 1000].forEach((offset, r2tSn) =>
      wire.r2t(itt, { ttt: r2tSn, r2tSn, offset, length: 1000 })
    );
    const sent = await wire.received();
    assert.deepEqual(sent.map(({ bufferOffset }) => bufferOffset), [
      2000,
      2600,
      0,
      600,
      1000,
      1600,
    ]);
    wire.response(itt);
    assert.equal((await execution.result).status, 0);
  });
});

Deno.test("UNH 12.4: R2Ts of several commands are answered in the order of their arrival", async () => {
  await withSession(SOLICITED, async (target, wire) => {
    const tags: number[] = [];
    for (let index = 0; index < 3; index++) {
      tags.push((await target.begin(WRITE, { dataOut: pattern(900) })).pdu.itt);
    }
    const order = [tags[2], tags[0], tags[1]];
    order.forEach((itt, index) => wire.r2t(itt, { ttt: index, offset: 0, length: 900 }));
    const sent = await wire.received();
    assert.deepEqual(sent.map(({ itt }) => itt), order.flatMap((itt) => [itt, itt]));
  });
});
