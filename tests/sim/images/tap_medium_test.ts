import { deepStrictEqual, match, ok, strictEqual, throws } from "node:assert/strict";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { ImageFormatError, ImageInUseError } from "../../../sim/images/errors.ts";
import { openImage } from "../../../sim/images/open_image.ts";
import { TapMedium } from "../../../sim/images/tap_medium.ts";
import { MediumStoreError } from "../../../sim/tape/medium.ts";
import { listObjects } from "../../../sim/tape/tape_object.ts";
import { DriveBench, read, summary, write, writeFilemarks } from "../tape/drive_bench.ts";
import { withImage } from "./scratch_folder.ts";

/** Beyond every system's highest process number. */
const NO_PROCESS = 999_999_999;

const UNLOAD = [0x1b];
const REWIND = [0x01];

function open(path: string): DriveBench {
  return new DriveBench({ medium: TapMedium.open(path) });
}

function writeRecord(bench: DriveBench, length: number, fill = 0): void {
  bench.ok(write(length), new Uint8Array(length).fill(fill));
}

/** Lengths of the records, `mark` for filemarks, in a copy of the image made now. */
function lengthsInCopy(path: string): (number | "mark")[] {
  const copy = `${path}.copy`;
  copyFileSync(path, copy);
  const medium = TapMedium.open(copy, { readOnly: true });
  try {
    strictEqual(medium.warning, undefined);
    return listObjects(medium.partitions[0])
      .map((object) => object.kind === "filemark" ? "mark" : object.data.length);
  } finally {
    medium.close();
  }
}

Deno.test("Records of every length come back from the file, short ones and ones beyond the chunk", () =>
  withImage(async (path) => {
    const lengths = [
      1,
      2,
      3,
      4,
      5,
      511,
      512,
      65_537,
      1_048_567,
      1_048_568,
      1_048_569,
      3_000_001,
      7,
    ];
    const bench = open(path);
    lengths.forEach((length, index) => writeRecord(bench, length, index + 1));
    bench.ok(REWIND);
    const readBack = (on: DriveBench) =>
      lengths.forEach((length, index) => {
        const data = on.ok(read(length));
        strictEqual(data.length, length);
        ok(data.every((byte) => byte === index + 1), `record ${index}`);
      });
    readBack(bench);
    bench.ok(REWIND);
    await bench.drive.close();
    const again = open(path);
    readBack(again);
    strictEqual(summary(again.run(read(1))), "8/0005 1");
    await again.drive.close();
  }));

Deno.test("What is not in the file yet is read all the same", () =>
  withImage(async (path) => {
    const bench = open(path);
    writeRecord(bench, 100, 5);
    strictEqual(statSync(path).size, 0);
    bench.locate(0);
    strictEqual(bench.run(read(60)).data.join(), Array(60).fill(5).join());
    await bench.drive.close();
  }));

Deno.test("A record that was read does not change when the chunk is used again", () =>
  withImage(async (path) => {
    const bench = open(path);
    writeRecord(bench, 10, 1);
    bench.locate(0);
    const data = bench.ok(read(10));
    bench.locate(0);
    writeRecord(bench, 10, 2);
    ok(data.every((byte) => byte === 1));
    await bench.drive.close();
  }));

Deno.test("Contents, position and settings last from one run to the next", () =>
  withImage(async (path) => {
    const first = open(path);
    for (const length of [10, 20, 30]) writeRecord(first, length);
    first.ok(writeFilemarks(1));
    first.setBlockBytes(512);
    first.locate(2);
    await first.drive.close();
    const second = open(path);
    strictEqual(second.position().object, 2);
    deepStrictEqual([...second.ok([0x1a, 0, 0, 0, 255]).subarray(9, 12)], [0, 2, 0]);
    strictEqual(second.drive.objects().length, 4);
    second.ok(UNLOAD);
    await second.drive.close();
    const third = open(path);
    strictEqual(third.position().object, 0);
    await third.drive.close();
  }));

Deno.test("Writing in the middle cuts the file there", () =>
  withImage(async (path) => {
    const bench = open(path);
    for (const length of [10, 20, 30]) writeRecord(bench, length);
    bench.ok(writeFilemarks(1));
    bench.locate(1);
    writeRecord(bench, 5);
    bench.ok(writeFilemarks(0));
    deepStrictEqual(lengthsInCopy(path), [10, 5]);
    strictEqual(statSync(path).size, 18 + 14);
    await bench.drive.close();
  }));

Deno.test("After every flush the file holds all that was written, and never less than a readable beginning", () =>
  withImage(async (path) => {
    const bench = open(path);
    const flushes: number[][] = [writeFilemarks(0), writeFilemarks(1), REWIND, UNLOAD, [0x19]];
    for (const flush of flushes) {
      bench.ok([0x1b, 0, 0, 0, 1]);
      bench.run([0x00]);
      bench.ok([0x11, 3]);
      writeRecord(bench, 70_001);
      writeRecord(bench, 3);
      lengthsInCopy(path);
      bench.ok(flush);
      const expected = bench.drive.objects()
        .map((object) => object.kind === "filemark" ? "mark" : object.data.length);
      deepStrictEqual(lengthsInCopy(path), expected);
    }
    await bench.drive.close();
    deepStrictEqual(lengthsInCopy(path).length, 2 * flushes.length + 1);
  }));

Deno.test("The image survives the death of the process that writes it, and its lock does not hold", () =>
  withImage(async (path) => {
    const script = fileURLToPath(new URL("./write_until_killed.ts", import.meta.url));
    const runArguments = "Deno" in globalThis ? ["run", "--no-check", "-A"] : [];
    const child = spawn(process.execPath, [...runArguments, script, path]);
    const [output] = await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "close");
    const flushed = Number(String(output).trim().split("\n").at(-1));
    ok(flushed > 0);
    ok(existsSync(`${path}.lock`));
    const bench = open(path);
    const objects = bench.drive.objects();
    ok(objects.length >= flushed, `${objects.length} of ${flushed}`);
    ok(objects.every((object) => object.kind === "filemark" || object.data.length === 1000));
    await bench.drive.close();
  }));

Deno.test("One image has one drive at a time, and the error names it", () =>
  withImage((path) => {
    const medium = TapMedium.open(path);
    throws(() => TapMedium.open(path), (error: unknown) => {
      ok(error instanceof ImageInUseError);
      strictEqual(error.path, path);
      ok(error.message.includes(path));
      match(error.message, new RegExp(`process ${process.pid} `));
      return true;
    });
    medium.close();
    medium.close();
    TapMedium.open(path).close();
    deepStrictEqual(readdirSync(dirname(path)).sort(), ["image.tap", "image.tap.json"]);
  }));

Deno.test("A lock of another host, or one that cannot be read, holds", () =>
  withImage((path) => {
    for (
      const text of ["", "{}", JSON.stringify({ pid: NO_PROCESS, host: "elsewhere", started: "" })]
    ) {
      writeFileSync(`${path}.lock`, text);
      throws(() => TapMedium.open(path), ImageInUseError);
      strictEqual(readFileSync(`${path}.lock`, "utf8"), text);
    }
  }));

Deno.test("An image opened for reading takes no lock, is write protected, and stays as it is", () =>
  withImage(async (path) => {
    const bench = open(path);
    writeRecord(bench, 10);
    bench.ok(REWIND);
    const reader = new DriveBench({ medium: TapMedium.open(path, { readOnly: true }) });
    strictEqual(summary(reader.run(write(1), new Uint8Array(1))), "7/2700");
    reader.ok(read(10));
    await reader.drive.close();
    await bench.drive.close();
    const again = open(path);
    strictEqual(again.position().object, 0);
    again.ok(write(1), new Uint8Array(1));
    await again.drive.close();
  }));

Deno.test("Write protection, density and capacity in the sidecar hold", () =>
  withImage(async (path) => {
    const medium = TapMedium.open(path);
    Object.assign(medium.state, { writeProtected: true, densityCode: 0x5c, capacityBytes: 1e9 });
    medium.close();
    const bench = open(path);
    strictEqual(summary(bench.run(write(1), new Uint8Array(1))), "7/2700");
    strictEqual(bench.ok([0x1a, 0, 0, 0, 255])[4], 0x5c);
    strictEqual(bench.drive.medium?.state.capacityBytes, 1e9);
    await bench.drive.close();
  }));

Deno.test("A position beyond the end of a shortened image is its end of data", () =>
  withImage(async (path) => {
    const bench = open(path);
    writeRecord(bench, 10);
    writeRecord(bench, 10);
    await bench.drive.close();
    writeFileSync(path, readFileSync(path).subarray(0, 18));
    const again = open(path);
    strictEqual(again.position().object, 1);
    await again.drive.close();
  }));

Deno.test("A sidecar that is none is an error that names it", () =>
  withImage((path) => {
    const texts = ["", "[]", "{", '{"format":"x"}', '{"format":"uiscsi tape image","version":2}'];
    texts.push('{"format":"uiscsi tape image","version":1,"object":-1}');
    for (const text of texts) {
      writeFileSync(`${path}.json`, text);
      throws(() => TapMedium.open(path), (error: unknown) => {
        ok(error instanceof ImageFormatError);
        strictEqual(error.path, `${path}.json`);
        return true;
      });
    }
    ok(!existsSync(`${path}.lock`));
  }));

Deno.test("A damaged record is an unrecovered read error, and may be passed", () =>
  withImage(async (path) => {
    const damaged = [2, 0, 0, 0x80, 7, 7, 2, 0, 0, 0x80];
    writeFileSync(path, new Uint8Array([...damaged, 2, 0, 0, 0, 1, 2, 2, 0, 0, 0]));
    const bench = open(path);
    strictEqual(summary(bench.run(read(10))), "3/1100 10");
    strictEqual(bench.position().object, 0);
    bench.setBlockBytes(2);
    strictEqual(summary(bench.run(read(3, { fixed: true }))), "3/1100 3");
    bench.ok([0x11, 0, 0, 0, 1]);
    deepStrictEqual([...bench.ok(read(1, { fixed: true }))], [1, 2]);
    bench.ok(REWIND);
    writeRecord(bench, 4);
    bench.ok(REWIND);
    strictEqual(bench.ok(read(4)).length, 4);
    await bench.drive.close();
  }));

Deno.test("A missing image is created only when that is wanted", () =>
  withImage((path) => {
    throws(() => TapMedium.open(path, { create: false }), (error: unknown) => {
      ok(error instanceof MediumStoreError);
      strictEqual(error.message, `Cannot open ${path}: no such file or directory`);
      return true;
    });
    throws(() => TapMedium.open(path, { readOnly: true }), MediumStoreError);
    ok(!existsSync(path));
    TapMedium.open(path).close();
    strictEqual(statSync(path).size, 0);
  }));

Deno.test("A new image is locked until all of it is there, and none is made in its place", () =>
  withImage((path) => {
    const made = TapMedium.make(path, (medium) => {
      ok(existsSync(`${path}.lock`));
      throws(() => TapMedium.open(path), ImageInUseError);
      medium.partitions[0].appendRecord(new Uint8Array(5));
      return "made";
    });
    strictEqual(made, "made");
    deepStrictEqual(readdirSync(dirname(path)).sort(), ["image.tap", "image.tap.json"]);
    const medium = TapMedium.open(path);
    strictEqual(medium.partitions[0].objectCount, 1);
    medium.close();
    throws(() => TapMedium.make(path, () => {}), {
      name: "MediumStoreError",
      message: `Cannot make ${path}: there is a file ${path} already; remove it, or name another`,
    });
    deepStrictEqual(readdirSync(dirname(path)).sort(), ["image.tap", "image.tap.json"]);
  }));

Deno.test("Nothing stays of a new image whose making fails, however many partitions it has by then", () =>
  withImage((path) => {
    const fill = (medium: TapMedium) => {
      medium.format(3);
      medium.partitions[2].appendRecord(new Uint8Array(5));
      medium.flush();
      strictEqual(readdirSync(dirname(path)).length, 5);
      throw new RangeError("enough");
    };
    throws(() => TapMedium.make(path, fill), /^RangeError: enough$/);
    deepStrictEqual(readdirSync(dirname(path)), []);
  }));

Deno.test("A folder is no image", () =>
  withImage((path) => {
    mkdirSync(path);
    throws(() => TapMedium.open(path), MediumStoreError);
    throws(() => TapMedium.open(path, { readOnly: true }), MediumStoreError);
  }));

Deno.test("An image that may not be written is opened write protected, even by the superuser", () =>
  withImage((path) => {
    writeFileSync(path, "");
    chmodSync(path, 0o444);
    const medium = TapMedium.open(path);
    strictEqual(medium.state.writeProtected, true);
    medium.close();
  }));

Deno.test("Where the tape stands is kept of an image that may not be written, and its other settings stay", () =>
  withImage(async (path) => {
    const bench = open(path);
    for (let each = 0; each < 3; each++) writeRecord(bench, 100);
    await bench.drive.close();
    const before = JSON.parse(readFileSync(`${path}.json`, "utf8"));
    chmodSync(path, 0o444);
    const protectedBench = open(path);
    protectedBench.ok(REWIND);
    protectedBench.ok(read(100));
    await protectedBench.drive.close();
    deepStrictEqual(JSON.parse(readFileSync(`${path}.json`, "utf8")), { ...before, object: 1 });
    strictEqual(open(path).drive.position?.object, 1);
    strictEqual(existsSync(`${path}.lock`), false);
  }));

Deno.test("Where the tape stands is left alone by those who only look, and while another drive has the image", () =>
  withImage(async (path) => {
    const bench = open(path);
    writeRecord(bench, 100);
    await bench.drive.close();
    const before = readFileSync(`${path}.json`, "utf8");
    const looking = new DriveBench({ medium: TapMedium.open(path, { readOnly: true }) });
    looking.ok(REWIND);
    await looking.drive.close();
    chmodSync(path, 0o444);
    const reading = open(path);
    writeFileSync(`${path}.lock`, "somebody's");
    reading.ok(REWIND);
    await reading.drive.close();
    strictEqual(readFileSync(`${path}.json`, "utf8"), before);
  }));

Deno.test("An image whose sidecar cannot be written says that the place is not kept", () =>
  withImage(async (path) => {
    const bench = open(path);
    writeRecord(bench, 100);
    await bench.drive.close();
    chmodSync(path, 0o444);
    chmodSync(`${path}.json`, 0o444);
    const medium = TapMedium.open(path);
    strictEqual(medium.keepsPosition, false);
    medium.state.object = 0;
    medium.close();
    strictEqual(JSON.parse(readFileSync(`${path}.json`, "utf8")).object, 1);
  }));

Deno.test("An image that cannot be made says why, and not that it is missing", () => {
  throws(() => TapMedium.open("/sys/none.tap"), /Cannot make \/sys\/none\.tap: (?!no such)/);
});

Deno.test("A file that only might be a torn image is not written to", () =>
  withImage((path) => {
    const foreign = new Uint8Array(1000).fill(0x11);
    foreign.set([0, 0, 1, 0]);
    writeFileSync(path, foreign);
    const medium = TapMedium.open(path);
    strictEqual(medium.state.writeProtected, true);
    strictEqual(medium.warning?.offset, 0);
    medium.close();
    deepStrictEqual(new Uint8Array(readFileSync(path)), foreign);
    strictEqual(existsSync(`${path}.json`), false);
  }));

Deno.test("A record put down as damaged keeps its number, short or long, and those around it are as they were", () =>
  withImage((path) => {
    const lengths = [1, 1001, 1_500_001];
    const medium = TapMedium.open(path);
    const [tape] = medium.partitions;
    for (const length of lengths) {
      tape.appendRecord(new Uint8Array(length).fill(1));
      medium.appendDamaged(new Uint8Array(length).fill(2));
    }
    medium.close();
    const again = TapMedium.open(path);
    const [found] = again.partitions;
    lengths.forEach((length, n) => {
      deepStrictEqual([found.kind(2 * n), found.kind(2 * n + 1)], ["record", "damaged"]);
      strictEqual(found.recordLength(2 * n + 1), length);
      ok(found.read(2 * n, length).every((byte) => byte === 1));
      ok(found.read(2 * n + 1, length).every((byte) => byte === 2));
    });
    strictEqual(found.objectCount, 6);
    again.close();
  }));

Deno.test("An image is one tape by whichever link it is opened: one lock, one position", () =>
  withImage(async (path) => {
    const [link, second] = [`${path}.link`, `${path}.second`];
    symlinkSync("image.tap", link);
    symlinkSync(link, second);
    const bench = open(path);
    writeRecord(bench, 10);
    for (const name of [link, second]) throws(() => openImage(name), ImageInUseError);
    await bench.drive.close();

    const again = open(second);
    throws(() => TapMedium.open(path), ImageInUseError);
    deepStrictEqual(again.drive.position, { partition: 0, object: 1 });
    await again.drive.close();
    const files = ["image.tap", "image.tap.json", "image.tap.link", "image.tap.second"];
    deepStrictEqual(readdirSync(dirname(path)).sort(), files);
  }));

Deno.test("An image that a link leads to is made there, with its sidecar beside it", () =>
  withImage((path) => {
    const folder = `${path}.d`;
    mkdirSync(folder);
    symlinkSync("image.tap.d/there.tap", path);
    TapMedium.open(path).close();
    deepStrictEqual(readdirSync(folder).sort(), ["there.tap", "there.tap.json"]);
    throws(() => TapMedium.make(path, () => {}), /there is a file .*there\.tap already/);
  }));

Deno.test("A link that leads to itself is no image", () =>
  withImage((path) => {
    symlinkSync("image.tap", path);
    throws(() => openImage(path), MediumStoreError);
  }));

/** What other programs may do to an image while a drive has it. */
const REMOVALS: readonly (readonly [string, (path: string) => void])[] = [
  ["removed", unlinkSync],
  ["replaced", (path) => {
    writeFileSync(`${path}.other`, "");
    renameSync(`${path}.other`, path);
  }],
];

for (const [done, remove] of REMOVALS) {
  Deno.test(`What is written to an image that was ${done} is never said to be on tape`, () =>
    withImage((path) => {
      const medium = TapMedium.open(path);
      const [partition] = medium.partitions;
      partition.appendRecord(new Uint8Array(10));
      medium.flush();
      remove(path);
      partition.appendRecord(new Uint8Array(10));
      const failure = { name: "MediumStoreError", message: /image\.tap: it has been removed$/ };
      throws(() => medium.flush(), failure);
      throws(() => medium.close(), failure);
      strictEqual(existsSync(`${path}.lock`), false);
    }));
}

Deno.test("What is written to an image that was cut is never said to be on tape", () =>
  withImage((path) => {
    const medium = TapMedium.open(path);
    const [partition] = medium.partitions;
    partition.appendRecord(new Uint8Array(10));
    medium.flush();
    truncateSync(path, 4);
    partition.appendRecord(new Uint8Array(10));
    const failure = { name: "MediumStoreError", message: /image\.tap: it has become shorter$/ };
    throws(() => medium.flush(), failure);
    partition.truncate(1);
    throws(() => medium.flush(), failure);
    strictEqual(statSync(path).size, 4);

    partition.truncate(0);
    partition.appendRecord(new Uint8Array(20));
    medium.close();
    deepStrictEqual(lengthsInCopy(path), [20]);
  }));

Deno.test("What was cut off an image between two flushes is missed by the second", () =>
  withImage((path) => {
    const medium = TapMedium.open(path);
    medium.partitions[0].appendRecord(new Uint8Array(2 ** 20 + 1));
    truncateSync(path, 4);
    throws(() => medium.flush(), /image\.tap: it has become shorter$/);
    throws(() => medium.close(), /image\.tap: it has become shorter$/);
  }));
