import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { decodeLogPage, logNumber } from "../../../scsi/log_pages.ts";
import { VirtualClock } from "../../../sim/tape/virtual_clock.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import {
  DriveBench,
  nexus,
  read,
  space,
  summary,
  tapeOf,
  write,
  writeFilemarks,
} from "./drive_bench.ts";

const FM = undefined;
const TUR = [0x00];
const REWIND = [0x01];

function put(bench: DriveBench, length = 100): string {
  return summary(bench.run(write(length), new Uint8Array(length)));
}

/** READ POSITION, short form: first object, next to the tape, objects and bytes in the buffer. */
function buffered(bench: DriveBench): number[] {
  const data = bench.ok([0x34]);
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  return [view.getUint32(4), view.getUint32(8), view.getUint32(12), view.getUint32(16)];
}

function log(bench: DriveBench, page: number): Map<number, number | undefined> {
  const data = bench.ok([0x4d, 0, 0x40 | page, 0, 0, 0, 0, 0x10, 0]);
  const { parameters } = decodeLogPage(data);
  return new Map(parameters.map((parameter) => [parameter.code, logNumber(parameter)]));
}

Deno.test("A bad place fails reading there, as often as asked, and may be spaced over", () => {
  const bench = new DriveBench({ medium: tapeOf([10, 10, 10]) });
  bench.drive.addBadBlock({ object: 1, times: 2 });
  const answers = [1, 2, 3, 4].map(() => summary(bench.run(read(10))));
  deepStrictEqual(answers, ["GOOD", "3/1100 10", "3/1100 10", "GOOD"]);
  bench.drive.addBadBlock({ object: 0 });
  bench.ok(REWIND);
  strictEqual(summary(bench.run(read(10))), "3/1100 10");
  bench.ok(space(0, 1));
  bench.ok(read(10));
  bench.drive.clearBadBlocks();
  bench.ok(REWIND);
  bench.ok(read(10));
  const counts = log(bench, 0x03);
  deepStrictEqual([counts.get(6), counts.get(3)], [3, 0]);
  strictEqual(log(bench, 0x2e).get(5), 1);
});

Deno.test("A recovered error comes with the record, and is counted", () => {
  const bench = new DriveBench({ medium: tapeOf([10, 10]) });
  bench.drive.addBadBlock({ object: 0, sense: { key: 1, asc: 0x17, ascq: 0x01 } });
  const answer = bench.run(read(10));
  strictEqual(summary(answer), "1/1701");
  strictEqual(answer.data.length, 10);
  strictEqual(bench.position().object, 1);
  strictEqual(log(bench, 0x03).get(3), 1);
});

Deno.test("A bad place fails writing there, and nothing is written", () => {
  const bench = new DriveBench();
  bench.drive.addBadBlock({ object: 1, on: "write", times: 1 });
  deepStrictEqual([put(bench), put(bench), put(bench)], ["GOOD", "3/0c00 100", "GOOD"]);
  strictEqual(bench.drive.objects().length, 2);
  strictEqual(log(bench, 0x02).get(6), 1);
});

Deno.test("What is in the buffer shows in READ POSITION, and goes to the tape with whatever needs it there", () => {
  const flushes = [writeFilemarks(0), REWIND, space(0, -1), [0x2b], read(10), [0x1b]];
  for (const flush of flushes) {
    const bench = new DriveBench({ bufferBytes: 250 });
    for (let record = 0; record < 4; record++) put(bench);
    deepStrictEqual(buffered(bench), [4, 2, 2, 200]);
    bench.ok(writeFilemarks(1, true));
    deepStrictEqual(buffered(bench), [5, 2, 3, 204]);
    bench.run(flush);
    if (flush[0] === 0x1b) continue;
    deepStrictEqual(buffered(bench).slice(2), [0, 0]);
    strictEqual(bench.drive.objects().length, 5);
  }
});

Deno.test("An error of what was buffered is told with the next command, which is not executed; the rest is lost", () => {
  const bench = new DriveBench({ bufferBytes: 250 });
  bench.drive.addBadBlock({ object: 1, on: "write" });
  const answers = Array.from({ length: 4 }, () => put(bench));
  deepStrictEqual(answers, Array(4).fill("GOOD"));
  const deferred = bench.run(write(100), new Uint8Array(100));
  strictEqual(summary(deferred), "3/0c00");
  strictEqual(deferred.sense.deferred, true);
  strictEqual(bench.drive.objects().length, 1);
  strictEqual(bench.position().object, 1);
});

Deno.test("A synchronous command tells the error of what was buffered itself", () => {
  for (const flush of [writeFilemarks(0), writeFilemarks(1), REWIND, space(3, 0), [0x1b]]) {
    const bench = new DriveBench({ bufferBytes: 1000 });
    bench.drive.addBadBlock({ object: 1, on: "write" });
    for (let record = 0; record < 3; record++) put(bench);
    const answer = bench.run(flush);
    strictEqual(summary(answer), "3/0c00");
    strictEqual(answer.sense.deferred, false);
    strictEqual(bench.drive.objects().length, 1);
  }
});

Deno.test("Unbuffered mode puts everything on the tape at once", () => {
  const bench = new DriveBench({ bufferBytes: 1000 });
  bench.ok([0x15, 0x10, 0, 0, 4], new Uint8Array([0, 0, 0, 0]));
  put(bench);
  deepStrictEqual(buffered(bench).slice(2), [0, 0]);
  bench.drive.addBadBlock({ object: 1, on: "write" });
  strictEqual(put(bench), "3/0c00 100");
});

Deno.test("A reset keeps the buffer, or loses it where that was asked for; a power failure loses it", () => {
  const count = (resetLosesBuffer: boolean, end: (bench: DriveBench) => void) => {
    const bench = new DriveBench({ bufferBytes: 1000, resetLosesBuffer, rewindOnReset: false });
    put(bench);
    bench.ok(writeFilemarks(0));
    put(bench);
    put(bench);
    end(bench);
    bench.run(TUR);
    return [bench.drive.objects().length, bench.drive.position?.object];
  };
  deepStrictEqual(count(false, ({ drive }) => drive.reset()), [3, 3]);
  deepStrictEqual(count(true, ({ drive }) => drive.reset()), [1, 1]);
  deepStrictEqual(count(false, ({ drive }) => drive.powerCycle()), [1, 0]);
  deepStrictEqual(count(false, ({ drive }) => drive.loseBuffer()), [1, 1]);
});

Deno.test("A drive that calibrates is not ready for so many commands, or so long, and says so", () => {
  const clock = new VirtualClock();
  const bench = new DriveBench({ clock: clock.now });
  bench.drive.becomeNotReady({ commands: 2 });
  deepStrictEqual([1, 2, 3].map(() => summary(bench.run(TUR))), ["2/0401", "2/0401", "GOOD"]);
  bench.drive.becomeNotReady({ milliseconds: 1000, sense: { asc: 0x04, ascq: 0x07 } });
  strictEqual(summary(bench.run(TUR)), "2/0407");
  strictEqual((log(bench, 0x11).get(0)! >> 8) & 0xff, 0x0b);
  clock.advance(1000);
  strictEqual(summary(bench.run(TUR)), "GOOD");
  strictEqual((log(bench, 0x11).get(0)! >> 8) & 0xff, 0);
});

Deno.test("Cleaning shows in sense data, TapeAlert and log pages until it is done", () => {
  const bench = new DriveBench();
  bench.drive.setCleaning("required");
  const sense = bench.ok([0x03, 0, 0, 0, 252]);
  deepStrictEqual([sense[2] & 0x0f, sense[12], sense[13], sense[21]], [0, 0x00, 0x17, 0x08]);
  strictEqual(bench.run(read(1)).sense.cleaningRequested, true);
  strictEqual(log(bench, 0x0c).get(0x0100), 1);
  strictEqual(log(bench, 0x2e).get(20), 1);
  strictEqual(log(bench, 0x2e).get(20), 1);
  bench.drive.setCleaning("none");
  strictEqual(log(bench, 0x2e).get(20), 0);
  strictEqual(log(bench, 0x14).get(1), 1);
  strictEqual(bench.run(read(1)).sense.cleaningRequested, undefined);
});

Deno.test("TapeAlert flags are lowered for whoever has read them; those of the cartridge go with it", () => {
  const bench = new DriveBench();
  const other = nexus("second");
  bench.drive.nexusEstablished(other);
  bench.drive.raiseTapeAlert(3);
  bench.drive.raiseTapeAlert(30);
  strictEqual(bench.ok([0x4d, 0, 0x52, 0, 0, 0, 0, 0, 255])[8], 0x20);
  const up = (from = bench.nexus) => {
    const { data } = bench.run([0x4d, 0, 0x6e, 0, 0, 0, 0, 0x10, 0], undefined, from);
    return decodeLogPage(data).parameters.filter(({ value }) => value[0] !== 0).map(({ code }) =>
      code
    );
  };
  deepStrictEqual([up(), up(), up(other)], [[3, 30], [], [3, 30]]);
  bench.drive.raiseTapeAlert(3);
  deepStrictEqual(up(), [3]);
  bench.drive.raiseTapeAlert(4);
  bench.drive.raiseTapeAlert(31);
  bench.ok([0x1b]);
  deepStrictEqual(up(), [31]);
});

Deno.test("Log page 11h tells at a glance what the drive is at", () => {
  const bench = new DriveBench({ medium: new MemoryMedium({ writeProtected: true }) });
  const vhf = () => log(bench, 0x11).get(0);
  strictEqual(vhf(), 0x08170000);
  bench.ok([0x1e, 0, 0, 0, 1]);
  bench.drive.setCleaning("required");
  bench.drive.raiseTapeAlert(3);
  strictEqual(vhf(), 0x8e170001);
  bench.drive.eject();
  strictEqual(vhf()! & 0x00ff0000, 0);
});

Deno.test("Log page 14h says that the drive was never too hot, and not how hot it may be", () => {
  const bench = new DriveBench();
  strictEqual(log(bench, 0x14).get(0x0081), 0);
});

Deno.test("A WRITE FILEMARKS that finds the buffer full tells what is lost at once, and with IMMED afterwards", () => {
  for (const immediate of [false, true]) {
    const bench = new DriveBench({ bufferBytes: 100 });
    bench.ok(write(99), new Uint8Array(99));
    bench.drive.addBadBlock({ object: 0, on: "write", times: 1 });
    const answer = bench.run([0x10, immediate ? 1 : 0, 0, 0, 1, 0]);
    const next = bench.run(TUR);
    strictEqual(summary(answer), immediate ? "GOOD" : "3/0c00");
    strictEqual(summary(next), immediate ? "3/0c00" : "GOOD");
    const told = immediate ? next : answer;
    deepStrictEqual([told.sense.deferred, told.sense.information], [immediate, undefined]);
    deepStrictEqual(bench.drive.objects(), []);
  }
});

Deno.test("LOG SELECT clears the counters of all pages or of one, and none of the drive's life", () => {
  const cases: [number[], string, number[]][] = [
    [[2, 0x40], "GOOD", [0, 0]],
    [[2, 0xc0], "GOOD", [0, 0]],
    [[0, 0xc0], "GOOD", [0, 0]],
    [[0, 0x40], "GOOD", [100, 100]],
    [[2, 0x00], "GOOD", [100, 100]],
    [[2, 0x80], "GOOD", [100, 100]],
    [[2, 0x4c], "GOOD", [0, 100]],
    [[2, 0x42, 0xff], "GOOD", [100, 0]],
    [[2, 0x54], "GOOD", [100, 100]],
    [[2, 0x45], "5/2400", [100, 100]],
    [[2, 0x4c, 1], "5/2400", [100, 100]],
    [[2, 0x40, 0, 0, 0, 0, 0, 4], "5/2400", [100, 100]],
    [[0, 0x40, 0, 0, 0, 0, 0, 4], "5/1a00", [100, 100]],
  ];
  for (const [cdb, said, left] of cases) {
    const bench = new DriveBench({ medium: new MemoryMedium() });
    put(bench);
    const other = nexus("second");
    bench.drive.nexusEstablished(other);
    const shown = () => [log(bench, 0x0c).get(0), log(bench, 0x02).get(5)];
    deepStrictEqual(shown(), [100, 100]);
    strictEqual(summary(bench.run([0x4c, ...cdb], new Uint8Array(cdb[7] ?? 0))), said);
    deepStrictEqual(shown(), left, `LOG SELECT ${cdb}`);
    const isHeard = left.includes(0) || cdb[1] === 0x54;
    strictEqual(summary(bench.run(TUR, undefined, other)), isHeard ? "6/2a02" : "GOOD");
    strictEqual(log(bench, 0x14).get(0), 1, "loads");
    put(bench);
    deepStrictEqual(shown(), left.map((bytes) => bytes + 100));
  }
});

Deno.test("Compression shows in the figures, where there is some and it is on", () => {
  const bench = new DriveBench({ compressionRatio: 2.5 });
  put(bench, 1000);
  deepStrictEqual([0, 1].map((code) => log(bench, 0x0c).get(code)), [1000, 400]);
  strictEqual(log(bench, 0x1b).get(1), 250);
  const page = [0x0f, 0x0e, 0x40, 0x80, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0];
  bench.ok([0x15, 0x10, 0, 0, 20], new Uint8Array([0, 0, 0x10, 0, ...page]));
  put(bench, 600);
  deepStrictEqual([0, 1].map((code) => log(bench, 0x0c).get(code)), [1600, 1000]);
  strictEqual(log(bench, 0x32).get(1), 160);
});

/** Page 16h: there have been none. */
const ERRORS = 0x16;

Deno.test("Every log page that is listed can be read, with and without a cartridge", () => {
  const bench = new DriveBench({ medium: tapeOf([10, FM]) });
  const pages = [...bench.ok([0x4d, 0, 0x40, 0, 0, 0, 0, 0, 255]).subarray(4)];
  for (const page of pages.slice(1)) strictEqual(log(bench, page).size > 0, page !== ERRORS);
  bench.drive.eject();
  for (const page of pages.slice(1)) strictEqual(log(bench, page).size > 0, page !== ERRORS);
});
