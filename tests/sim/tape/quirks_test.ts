import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { InvalidOptionError } from "../../../iscsi/errors.ts";
import { DriveBench, nexus, read, space, summary, tapeOf, write } from "./drive_bench.ts";

const FM = undefined;
const TUR = [0x00];

Deno.test("positionUnknown: READ POSITION knows nothing", () => {
  const bench = new DriveBench({ medium: tapeOf([10]), quirks: { positionUnknown: true } });
  bench.ok(read(10));
  strictEqual(bench.ok([0x34])[0], 0x14);
  deepStrictEqual([...bench.ok([0x34, 6])], [0x04, ...Array(31).fill(0)]);
  strictEqual(bench.ok([0x34, 8, 0, 0, 0, 0, 0, 0, 32])[0] & 0x04, 0x04);
});

Deno.test("noLocate: there is no LOCATE", () => {
  const bench = new DriveBench({ quirks: { noLocate: true } });
  strictEqual(summary(bench.run([0x2b])), "5/2000");
  strictEqual(summary(bench.run([0x92])), "5/2000");
});

Deno.test("silentOverlength: a variable read never tells an incorrect length", () => {
  const bench = new DriveBench({
    medium: tapeOf([10, 10, 10]),
    quirks: { silentOverlength: true },
  });
  for (const length of [4, 40]) {
    const answer = bench.run(read(length));
    strictEqual(summary(answer), "GOOD");
    strictEqual(answer.data.length, Math.min(length, 10));
  }
  bench.setBlockBytes(20);
  strictEqual(summary(bench.run(read(2, { fixed: true }))), "0/0000 ILI 2");
});

Deno.test("spaceFilemarksBackOneTooFar: SPACE lands before the record that precedes the filemark", () => {
  const quirks = { spaceFilemarksBackOneTooFar: true };
  const bench = new DriveBench({ medium: tapeOf([10, 10, FM, 10]), quirks });
  bench.locate(4);
  bench.ok(space(1, -1));
  strictEqual(bench.position().object, 1);
  bench.ok(space(1, 1));
  strictEqual(bench.position().object, 3);
});

Deno.test("positionOffByOneAfterMotion: 0 at the beginning, one too many elsewhere, and LOCATE agrees", () => {
  const quirks = { positionOffByOneAfterMotion: true };
  const bench = new DriveBench({ medium: tapeOf([10, 20, 30]), quirks });
  strictEqual(bench.position().object, 0);
  bench.ok(read(10));
  strictEqual(bench.position().object, 2);
  bench.ok(read(20));
  bench.locate(2);
  strictEqual(bench.ok(read(20)).length, 20);
});

Deno.test("positionLeavesFilemarksOut: numbers count records, and LOCATE goes behind the filemarks before one", () => {
  const quirks = { positionLeavesFilemarksOut: true };
  const bench = new DriveBench({ medium: tapeOf([FM, 10, 20, FM, FM, 30, FM]), quirks });
  const numbers = [bench.position().object];
  for (const code of [1, 0, 0, 1, 1, 0, 1]) {
    bench.ok(space(code, 1));
    numbers.push(bench.position().object);
  }
  deepStrictEqual(numbers, [0, 0, 1, 2, 2, 2, 3, 3]);
  for (const [record, bytes] of [[1, 20], [2, 30]]) {
    bench.locate(record);
    strictEqual(bench.ok(read(bytes)).length, bytes);
  }
  bench.locate(0);
  bench.ok(space(1, 1));
  strictEqual(bench.ok(read(10)).length, 10);
});

Deno.test("An injected sense takes the place of the n-th command, which is not executed", () => {
  const bench = new DriveBench({ medium: tapeOf([10, 10, 10]) });
  bench.drive.inject({ opcode: 0x08, occurrence: 2, sense: { key: 3, asc: 0x11, ascq: 0 } });
  deepStrictEqual([1, 2, 3].map(() => summary(bench.run(read(10)))), ["GOOD", "3/1100", "GOOD"]);
  strictEqual(bench.position().object, 2);
});

Deno.test("An injected answer may follow an executed command, repeat, and be a bare status or bytes", () => {
  const bench = new DriveBench({ medium: tapeOf([10, 10, 10]) });
  bench.drive.inject({ opcode: 0x08, execute: true, status: 0x28, times: 2 });
  deepStrictEqual([1, 2, 3].map(() => summary(bench.run(read(10)))), [
    "status 28",
    "status 28",
    "GOOD",
  ]);
  bench.drive.inject({ opcode: 0x00 });
  strictEqual(summary(bench.run(TUR)), "status 8");
  const raw = new Uint8Array([0x70, 0, 4]);
  bench.drive.inject({ opcode: 0x00, sense: raw });
  deepStrictEqual(bench.run(TUR).sense.raw, raw);
});

Deno.test("An injected answer without an operation code takes the place of the n-th command of any kind", () => {
  const bench = new DriveBench({ medium: tapeOf([10]) });
  bench.drive.inject({ occurrence: 3, status: 0x08 });
  const answers = [TUR, read(10), [0x01], TUR].map((cdb) => summary(bench.run(cdb)));
  deepStrictEqual(answers, ["GOOD", "GOOD", "status 8", "GOOD"]);
  strictEqual(bench.position().object, 1);
});

Deno.test("An injected answer that could never be given, or not as it is meant, is refused", () => {
  const bench = new DriveBench({ medium: tapeOf([10]) });
  const wrong: readonly object[] = [
    { operationCode: 0x08 },
    { opcode: 0x108 },
    { opcode: "0x08" },
    { occurrence: 0 },
    { times: 0 },
    { times: 1.5 },
    { sense: "3/11/00" },
    { status: "BUSY" },
    { execute: "false" },
  ];
  for (const answer of wrong) {
    throws(() => bench.drive.inject(answer), InvalidOptionError, JSON.stringify(answer));
  }
  strictEqual(summary(bench.run(read(10))), "GOOD");
});

Deno.test("A deferred error is told once, instead of executing the next command", () => {
  const bench = new DriveBench();
  bench.drive.injectDeferredError({ key: 3, asc: 0x0c, ascq: 0 });
  strictEqual(summary(bench.run([0x12, 0, 0, 0, 36])), "GOOD");
  const answer = bench.run(write(1), new Uint8Array(1));
  strictEqual(summary(answer), "3/0c00");
  strictEqual(answer.sense.deferred, true);
  strictEqual(bench.drive.objects().length, 0);
  strictEqual(summary(bench.run(write(1), new Uint8Array(1))), "GOOD");
});

Deno.test("The command log keeps the last commands with their answers", () => {
  const bench = new DriveBench({ commandLogLength: 2 });
  const other = nexus("second");
  bench.drive.nexusEstablished(other);
  for (const cdb of [[0x01], [0xff], [0x05]]) bench.run(cdb);
  bench.run(TUR, undefined, other);
  const { commands } = bench.drive;
  deepStrictEqual(commands.map(({ cdb }) => cdb[0]), [0x05, 0x00]);
  strictEqual(commands[1].initiatorName, other.initiatorName);
  bench.run([0xff]);
  strictEqual(bench.drive.commands[1].status, 0x02);
  strictEqual(bench.drive.commands[1].sense?.[2], 5);
  bench.drive.clearCommands();
  deepStrictEqual(bench.drive.commands, []);
});

Deno.test("A record belongs to the tape: neither the writer's nor the reader's array changes it", () => {
  const bench = new DriveBench();
  const data = new Uint8Array([1, 2, 3]);
  bench.ok(write(3), data);
  data.fill(9);
  bench.ok([0x01]);
  deepStrictEqual([...bench.ok(read(3))], [1, 2, 3]);
});

Deno.test("WRITE asks for as many bytes as its CDB says, MODE SELECT for its list, others for none", () => {
  const bench = new DriveBench();
  const asked = (...cdb: number[]) =>
    bench.drive.dataOutLength(new Uint8Array([...cdb, 0, 0, 0, 0]));
  strictEqual(asked(...write(1000)), 1000);
  strictEqual(asked(...write(3, { fixed: true })), 0);
  bench.setBlockBytes(512);
  strictEqual(asked(...write(3, { fixed: true })), 1536);
  strictEqual(asked(...write(0xffffff, { fixed: true })), 0);
  strictEqual(summary(bench.run(write(0xffffff, { fixed: true }))), "5/2400");
  strictEqual(asked(0x15, 0x10, 0, 0, 12), 12);
  strictEqual(asked(0x55, 0x10, 0, 0, 0, 0, 0, 1, 2), 258);
  strictEqual(asked(...read(1000)), 0);
  strictEqual(asked(0xff), 0);
});

Deno.test("swappedResidual: a short record comes with as many bytes as are missing, a long one with none", () => {
  const quirks = { swappedResidual: true };
  const bench = new DriveBench({ medium: tapeOf([10, 10, FM]), quirks });
  const short = bench.run(read(13));
  strictEqual(summary(short), "0/0000 ILI 3");
  strictEqual(short.data.length, 3);
  const long = bench.run(read(4));
  strictEqual(summary(long), "0/0000 ILI -6");
  strictEqual(long.data.length, 0);
  strictEqual(bench.run(read(8)).data.length, 8);
  strictEqual(bench.run(read(8)).data.length, 8);
});

Deno.test("siliIgnored: a short variable read is told in spite of SILI", () => {
  const bench = new DriveBench({ medium: tapeOf([10]), quirks: { siliIgnored: true } });
  strictEqual(summary(bench.run(read(20, { sili: true }))), "0/0000 ILI 10");
});

Deno.test("missingEndOfMedium: the codes alone tell of early warning, the end and the beginning", () => {
  const quirks = { missingEndOfMedium: true };
  const bench = new DriveBench({ quirks, capacityBytes: 20, earlyWarningBytes: 15 });
  strictEqual(summary(bench.run(space(0, -1))), "0/0004 1");
  const answers = [1, 2, 3].map(() => summary(bench.run(write(8), new Uint8Array(8))));
  deepStrictEqual(answers, ["0/0002 0", "0/0002 0", "d/0002 8"]);
});

Deno.test("spaceEndOfDataShort: SPACE to end of data stops before a last record, and behind a last filemark", () => {
  const quirks = { spaceEndOfDataShort: true };
  for (const [layout, stop] of [[[10, 10], 1], [[10, FM], 2], [[], 0]] as const) {
    const bench = new DriveBench({ medium: tapeOf(layout), quirks });
    bench.ok(space(3, 0));
    strictEqual(bench.position().object, stop);
  }
});

Deno.test("spaceShortAfterRewind: one block too few, right after REWIND alone", () => {
  const quirks = { spaceShortAfterRewind: true };
  const bench = new DriveBench({ medium: tapeOf([10, 10, 10, 10]), quirks });
  const spaced = (count: number) => {
    bench.ok(space(0, count));
    return bench.position().object;
  };
  strictEqual(spaced(1), 1);
  bench.ok([0x01]);
  strictEqual(spaced(3), 2);
  strictEqual(spaced(1), 3);
  bench.ok([0x01]);
  bench.ok(read(10));
  strictEqual(spaced(2), 3);
});

Deno.test("spaceIgnoresFilemarks: filemarks are counted as blocks, and the beginning is no condition", () => {
  const quirks = { spaceIgnoresFilemarks: true };
  const bench = new DriveBench({ medium: tapeOf([10, FM, 10]), quirks });
  bench.ok(space(0, 2));
  strictEqual(bench.position().object, 2);
  strictEqual(summary(bench.run(space(0, 3))), "8/0005 2");
  bench.ok(space(0, -9));
  strictEqual(bench.position().object, 0);
});

Deno.test("spacePastEndMovesNothing: too few filemarks ahead, and the tape stays", () => {
  const quirks = { spacePastEndMovesNothing: true };
  const bench = new DriveBench({ medium: tapeOf([10, FM, 10]), quirks });
  strictEqual(summary(bench.run(space(1, 3))), "8/0005 2");
  strictEqual(bench.position().object, 0);
});

Deno.test("fileNumberLost: the file number is unknown after LOCATE and end of data, up to a rewind", () => {
  const bench = new DriveBench({ medium: tapeOf([10, FM, 10]), quirks: { fileNumberLost: true } });
  bench.ok(space(1, 1));
  deepStrictEqual(bench.position(), { object: 2, file: 1, flags: 0 });
  for (const motion of [() => bench.locate(2), () => bench.ok(space(3, 0))]) {
    motion();
    deepStrictEqual([bench.position().file, bench.position().flags], [0, 0x08]);
    bench.ok([0x01]);
    deepStrictEqual(bench.position().flags, 0x80);
  }
});

Deno.test("refusesRoomBeyondEnd: once refused, every READ is, until the tape stands elsewhere", () => {
  const bench = new DriveBench({
    medium: tapeOf([1000, 1000, 1000]),
    quirks: { refusesRoomBeyondEnd: true, spacePastEndMovesNothing: true },
  });
  const refused = "3/0002 EOM";
  bench.ok(read(1000));
  strictEqual(summary(bench.run(read(4000))), `${refused} 4000`);
  strictEqual(summary(bench.run(read(1000))), `${refused} 1000`);
  strictEqual(summary(bench.run(space(1, 1))), "8/0005 1");
  strictEqual(summary(bench.run(read(1000))), `${refused} 1000`);
  bench.ok(space(0, -1));
  bench.ok(space(0, 1));
  bench.ok(read(1000));
  strictEqual(bench.position().object, 2);
});

Deno.test("powerOnEveryLogin: 29/00 each time; else 29/07 for who comes back", () => {
  for (const [powerOnEveryLogin, second] of [[true, "6/2900"], [false, "6/2907"]] as const) {
    const bench = new DriveBench({ unitAttentions: undefined, quirks: { powerOnEveryLogin } });
    strictEqual(summary(bench.run(TUR)), "6/2900");
    bench.drive.nexusLost(bench.nexus);
    bench.drive.nexusEstablished(bench.nexus);
    strictEqual(summary(bench.run(TUR)), second);
    strictEqual(summary(bench.run(TUR)), "GOOD");
  }
});

Deno.test("noLocate16: LOCATE (10) is there all the same", () => {
  const bench = new DriveBench({ quirks: { noLocate16: true } });
  strictEqual(summary(bench.run([0x92])), "5/2000");
  strictEqual(summary(bench.run([0x2b])), "GOOD");
});

Deno.test("missesFilemarkAfterMotion: behind SPACE over blocks and LOCATE, the filemark ahead counts as passed", () => {
  const bench = new DriveBench({
    medium: tapeOf([10, FM, 10, 10, FM, 10, FM]),
    quirks: { missesFilemarkAfterMotion: true },
  });
  const motions = [() => bench.run(space(0, -1)), () => bench.locate(1)];
  for (const motion of motions) {
    bench.locate(2);
    motion();
    strictEqual(summary(bench.run(read(10))), "0/0001 FM 10");
    strictEqual(bench.position().object, 5);
    bench.locate(2);
    motion();
    bench.ok(space(1, 1));
    strictEqual(bench.position().object, 5);
    bench.locate(2);
    motion();
    bench.ok(space(1, -1));
    strictEqual(bench.position().object, 1);
    strictEqual(summary(bench.run(read(10))), "0/0001 FM 10");
    strictEqual(bench.position().object, 2);
  }
  bench.locate(6);
  strictEqual(summary(bench.run(read(10))), "0/0001 FM 10");
  strictEqual(bench.position().object, 0);
  bench.ok(read(10));
  strictEqual(summary(bench.run(read(10))), "0/0001 FM 10");
  strictEqual(bench.position().object, 2);
});
