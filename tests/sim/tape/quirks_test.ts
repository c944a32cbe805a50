import { deepStrictEqual, strictEqual } from "node:assert/strict";
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
