import assert from "node:assert/strict";
import { PositionForm } from "../../tape/commands.ts";
import { decodePosition } from "../../tape/position.ts";
import { PositionProof } from "../../tape/position_proof.ts";
import { TapeCount } from "../../tape/tape_count.ts";
import { RecordRoom } from "../../tape/record_room.ts";
import { decodeDensities, densityName } from "../../tape/density.ts";
import { decodeBlockLimits } from "../../tape/block_limits.ts";
import { hex } from "../scsi/fake_unit.ts";
import { fill, numbered, openSim } from "./drive_setup.ts";

Deno.test("READ POSITION is decoded in both forms", () => {
  const long = hex("80 000000 00000001 0000000100000002 0000000000000003 0000000000000000");
  assert.deepEqual(decodePosition(long, PositionForm.Long), {
    partition: 1,
    object: 2 ** 32 + 2,
    file: 3,
    beginningOfPartition: true,
    endOfPartition: false,
    programmableEarlyWarning: false,
  });
  const short = hex("41 01 0000 00000007 00000007 00 000000 00000000");
  assert.deepEqual(decodePosition(short, PositionForm.Short), {
    partition: 1,
    object: 7,
    beginningOfPartition: false,
    endOfPartition: true,
    programmableEarlyWarning: true,
  });
});

Deno.test("READ POSITION that says nothing, or too little, gives no number", () => {
  const unknown = new Uint8Array(20);
  unknown[0] = 0x14;
  for (const form of [PositionForm.Long, PositionForm.Short]) {
    assert.equal(decodePosition(unknown, form)?.object, undefined);
    assert.equal(decodePosition(new Uint8Array(0), form), undefined);
    assert.equal(decodePosition(new Uint8Array(12), form), undefined);
  }
  const overflown = new Uint8Array(20);
  overflown[0] = 0x02;
  assert.equal(decodePosition(overflown, PositionForm.Short), undefined);
  const noFile = new Uint8Array(32);
  noFile[0] = 0x88;
  assert.equal(decodePosition(noFile, PositionForm.Long)?.object, 0);
  assert.equal(decodePosition(noFile, PositionForm.Long)?.file, undefined);
  const zerosOfTgt = new Uint8Array(32);
  zerosOfTgt[0] = 0x20;
  assert.equal(decodePosition(zerosOfTgt, PositionForm.Long)?.object, undefined);

  const belowZero = new Uint8Array(32).fill(0xff, 8, 16);
  assert.equal(decodePosition(belowZero, PositionForm.Long)?.object, undefined);
  const shortBelowZero = new Uint8Array(20).fill(0xff, 4, 8);
  assert.equal(decodePosition(shortBelowZero, PositionForm.Short)?.object, undefined);
});

Deno.test("numbers are proven by two answers that differ by what was read between them", () => {
  const proof = new PositionProof();
  proof.pass(1);
  proof.sample(11);
  assert.ok(!proof.isProven);
  assert.equal(proof.numberBehind(0), undefined);
  proof.pass(3);
  proof.sample(14);
  assert.ok(proof.isProven);
  assert.equal(proof.samplesWanted, 0);
  proof.pass(5);
  assert.deepEqual([proof.numberBehind(0), proof.numberBehind(6)], [19, 13]);
  proof.startRun();
  assert.ok(!proof.isProven);
});

Deno.test("numbers that do not keep step, or come before the first READ, prove nothing", () => {
  const proof = new PositionProof();
  proof.sample(0);
  proof.pass(1);
  proof.sample(2);
  proof.pass(1);
  proof.sample(4);
  assert.ok(!proof.isProven);
  assert.equal(proof.samplesWanted, 0);
  proof.startRun();
  proof.pass(1);
  proof.sample(undefined);
  assert.equal(proof.samplesWanted, 0);
});

Deno.test("the driver's count knows the way from the beginning as long as it is certain", () => {
  const count = new TapeCount();
  assert.ok(!count.isAnchored);
  count.setBeginning();
  count.passRecords(3);
  count.passFilemarks(1);
  count.passRecords(2);
  assert.deepEqual([count.object, count.file, count.record], [6, 1, 2]);
  count.spaceFilemarks(2);
  assert.deepEqual([count.object, count.file, count.record], [undefined, 3, 0]);
  count.passRecords(-1);
  assert.ok(!count.isAnchored, "before the beginning of a file there is no certainty");
});

Deno.test("room is exact where the drive reports lengths, and larger where it may cut", () => {
  const room = new RecordRoom({ minBytes: 4, maxBytes: 4096, granularityBytes: 4 }, 1001);
  assert.equal(room.next, 1008);
  room.saw(500);
  assert.equal(room.next, 1008);
  room.saw(1001);
  assert.equal(room.next, 1008);
  assert.ok(room.isSuspect(1008));
  assert.ok(!room.isSuspect(4096));
  room.sawReport();
  assert.equal(room.next, 1001);
  assert.ok(!room.isSuspect(1001));
  assert.deepEqual([room.beyond(500), room.beyond(500, 700)], [1000, 700]);
  assert.deepEqual([room.beyond(4096), room.beyond(500, 5000)], [undefined, undefined]);
  room.sawSilence();
  assert.equal(room.next, 1008);
});

for (const quirks of [{}, { silentOverlength: true }]) {
  Deno.test(`a first record of just the length that was guessed is read once, with ${JSON.stringify(quirks)}`, async () => {
    const { unit, drive } = await openSim({ quirks }, { recordBytesHint: 1000 });
    await fill(drive, [numbered(1, 1000), numbered(2, 1000)]);
    unit.drive.clearCommands();
    for (let count = 0; count < 2; count++) await drive.read();
    assert.equal(unit.opcodes().filter((opcode) => opcode === 0x08).length, 2);
    await drive.close();
  });
}

Deno.test("block limits and densities are decoded, and nonsense is not", () => {
  assert.deepEqual(decodeBlockLimits(hex("02 000000 0004")), {
    minBytes: 4,
    maxBytes: 0xffffff,
    granularityBytes: 4,
  });
  assert.equal(decodeBlockLimits(hex("00 000001 0004")), undefined);
  assert.equal(decodeBlockLimits(hex("00 0000")), undefined);
  const descriptor = "5e 5e a0 0000 0050bd 007f 0080 00b71b00" +
    "4c544f2d43564520 552d383332202020 556c747269756d20382f3136542020202020 2020";
  const [density, ...others] = decodeDensities(hex("0036 0000" + descriptor));
  assert.deepEqual(others, []);
  assert.deepEqual(
    [density.code, density.name, density.organization, density.capacityMegabytes],
    [0x5e, "U-832", "LTO-CVE", 12_000_000],
  );
  assert.deepEqual(decodeDensities(hex("0036 0000" + descriptor.slice(0, 60))), []);
  assert.equal(densityName(0x48, "HP"), "DAT-160");
  assert.equal(densityName(0x48, "QUANTUM"), "SDLT 220");
  assert.equal(densityName(0x5e, "IBM"), "LTO-8");
});

Deno.test("position() that is called off waits no longer for the READs under way, which go on", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 4 });
  await fill(drive, Array.from({ length: 20 }, (_, i) => numbered(i)));
  for (let i = 0; i < 3; i++) await drive.read();
  const execute = unit.execute.bind(unit);
  const late = Promise.withResolvers<void>();
  unit.execute = async (command) => {
    const result = await execute(command);
    if (command.cdb[0] === 0x08) await late.promise;
    return result;
  };
  await drive.read();
  const caller = new AbortController();
  const reason = new Error("enough");
  let isOver = false;
  const asked = drive.position({ signal: caller.signal }).finally(() => isOver = true);
  const rejected = assert.rejects(asked, (error) => error === reason);
  for (let hops = 0; hops < 100; hops++) await Promise.resolve();
  caller.abort(reason);
  for (let hops = 0; hops < 100; hops++) await Promise.resolve();
  assert.ok(isOver);
  late.resolve();
  await rejected;
  assert.equal((await drive.position()).object, 4);
  const next = await drive.read();
  assert.equal(next.kind === "record" && next.data[0], 4);
  await drive.close();
});
