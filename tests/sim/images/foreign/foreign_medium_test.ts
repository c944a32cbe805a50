import { deepStrictEqual, match, ok, strictEqual, throws } from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { deflateSync } from "node:zlib";
import { ImageFormatError, ImageInUseError } from "../../../../sim/images/errors.ts";
import { ForeignMedium } from "../../../../sim/images/foreign/foreign_medium.ts";
import { ImageFile } from "../../../../sim/images/image_file.ts";
import { convertImage, openImage } from "../../../../sim/images/open_image.ts";
import { TapMedium } from "../../../../sim/images/tap_medium.ts";
import { MediumStoreError } from "../../../../sim/tape/medium.ts";
import { SimulatedDrive } from "../../../../sim/tape/drive.ts";
import { listObjects } from "../../../../sim/tape/tape_object.ts";
import { randomNumbers } from "../../../soak/random_numbers.ts";
import { withImage } from "../scratch_folder.ts";

/** "hello" in zlib's format, in one stored block. */
const PACKED = "78 01 01 05 00 fa ff 68 65 6c 6c 6f 06 2c 02 15";

/** The same tape in each format, byte by byte: "abc", a filemark, "hello", "xy", a filemark. */
const SAMPLES: readonly (readonly [string, string, string])[] = [
  [
    "aws",
    "tape.aws",
    "03 00 00 00 a0 00 61 62 63  00 00 03 00 40 00  05 00 00 00 a0 00 68 65 6c 6c 6f " +
    "02 00 05 00 a0 00 78 79  00 00 02 00 40 00",
  ],
  // A record in two chunks.
  [
    "aws",
    "tape.img",
    "03 00 00 00 a0 00 61 62 63  00 00 03 00 40 00  02 00 00 00 80 00 68 65 " +
    "03 00 02 00 20 00 6c 6c 6f  02 00 03 00 a0 00 78 79  00 00 02 00 40 00",
  ],
  [
    "het",
    "tape.het",
    `03 00 00 00 a0 00 61 62 63  00 00 03 00 40 00  10 00 00 00 a1 00 ${PACKED} ` +
    "02 00 10 00 a0 00 78 79  00 00 02 00 40 00",
  ],
  // Packed, in two chunks, as Bus-Tech marks it.
  [
    "het",
    "tape.het",
    "03 00 00 00 a0 00 61 62 63  00 00 03 00 40 00  04 00 00 00 80 80 78 01 01 05 " +
    "0c 00 04 00 20 80 00 fa ff 68 65 6c 6c 6f 06 2c 02 15  02 00 0c 00 a0 00 78 79  00 00 02 00 40 00",
  ],
  [
    "e11",
    "tape.tap",
    "03 00 00 00 61 62 63 03 00 00 00  00 00 00 00  05 00 00 00 68 65 6c 6c 6f 05 00 00 00 " +
    "02 00 00 00 78 79 02 00 00 00  00 00 00 00  ff ff ff ff",
  ],
  [
    "tpc",
    "tape.tpc",
    "03 00 61 62 63 00  00 00  05 00 68 65 6c 6c 6f 00  02 00 78 79  00 00  ff ff",
  ],
  [
    "cptp",
    "tape.cptp",
    text(
      "CPTP:BLK 000003\nabc\nCPTP:MRK\nCPTP:BLK 000005\nhello\nCPTP:BLK 000002\nxy\nCPTP:MRK\nCPTP:EOT\n",
    ),
  ],
];

const CONTENTS = ["abc", "filemark", "hello", "xy", "filemark"];

function text(ascii: string): string {
  return [...ascii].map((each) => each.charCodeAt(0).toString(16).padStart(2, "0")).join(" ");
}

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.trim().split(/\s+/), (each) => parseInt(each, 16));
}

/** Runs a test with a file of this name and contents. */
function withFile(
  name: string,
  contents: Uint8Array,
  test: (path: string) => void | Promise<void>,
) {
  return withImage((path) => {
    const file = join(dirname(path), name);
    writeFileSync(file, contents);
    return test(file);
  });
}

function contentsOf(medium: TapMedium | ForeignMedium): string[] {
  return listObjects(medium.partitions[0]).map((object) =>
    object.kind === "record" ? new TextDecoder().decode(object.data) : object.kind
  );
}

for (const [format, name, hex] of SAMPLES) {
  Deno.test(`A tape in the format ${format}, as ${name}, is read, and becomes a .tap image`, () =>
    withFile(name, bytes(hex), (path) => {
      const medium = openImage(path);
      ok(medium instanceof ForeignMedium);
      strictEqual(medium.imageFormat, format);
      strictEqual(medium.warning, undefined);
      deepStrictEqual(contentsOf(medium), CONTENTS);
      deepStrictEqual([...medium.partitions[0].read(2, 3)], [0x68, 0x65, 0x6c]);
      medium.close();
      const to = join(dirname(path), "new.tap");
      const { records, filemarks, damaged, warning, format: read } = convertImage(path, to);
      deepStrictEqual([read, records, filemarks, damaged, warning], [format, 3, 2, [], undefined]);
      const converted = TapMedium.open(to);
      deepStrictEqual(contentsOf(converted), CONTENTS);
      converted.close();
      deepStrictEqual(new Uint8Array(readFileSync(path)), bytes(hex));
    }));

  Deno.test(`A tape in the format ${format}, as ${name}, that is cut anywhere is read as far as it goes`, () =>
    withFile(name, bytes(hex), (path) => {
      const whole = bytes(hex);
      for (let length = whole.length - 1; length > 0; length--) {
        writeFileSync(path, whole.subarray(0, length));
        let medium: TapMedium | ForeignMedium;
        try {
          medium = openImage(path, { readOnly: true });
        } catch (error) {
          // With nothing whole in it, a file may be anything.
          ok(error instanceof ImageFormatError, `${error}`);
          ok(length < 20, `cut at ${length}: ${error.message}`);
          continue;
        }
        const found = contentsOf(medium);
        deepStrictEqual(found, CONTENTS.slice(0, found.length), `cut at ${length}`);
        medium.close();
      }
    }));
}

Deno.test("A drive with a foreign image reads it, and refuses to write as with a tab that is set", () =>
  withFile("tape.aws", bytes(SAMPLES[0][2]), async (path) => {
    const nexus = { initiatorName: "iqn.2026-01.com.example:reader", isid: "400000000001" };
    const drive = new SimulatedDrive({
      medium: openImage(path),
      unitAttentions: { newNexus: [] },
    });
    drive.nexusEstablished(nexus);
    const run = (cdb: number[], dataOut = new Uint8Array(0)) =>
      drive.execute({ cdb: new Uint8Array(cdb), dataOut, nexus }) as {
        status: number;
        sense?: Uint8Array;
      };
    strictEqual(run([0x08, 0, 0, 0, 3, 0]).status, 0);
    const { sense } = run([0x0a, 0, 0, 0, 1, 0], new Uint8Array(1));
    deepStrictEqual([sense?.[2], sense?.[12]], [7, 0x27]);
    await drive.close();
  }));

Deno.test("Where the tape stands on a foreign image is kept beside it, but for those who only look", () =>
  withFile("tape.aws", bytes(SAMPLES[0][2]), (path) => {
    const leaveAt = (object: number, readOnly = false) => {
      const medium = openImage(path, { readOnly });
      const { state: { object: found } } = medium;
      medium.state.object = object;
      medium.close();
      return found;
    };
    deepStrictEqual([leaveAt(2, true), leaveAt(0)], [0, 0]);
    strictEqual(existsSync(`${path}.json`), false);
    deepStrictEqual([leaveAt(2), leaveAt(1, true), leaveAt(3), leaveAt(3)], [0, 2, 2, 3]);
    ok(readFileSync(path).equals(bytes(SAMPLES[0][2])));
  }));

Deno.test("A file beside a foreign image that has the name of a sidecar and is none stays, and the place is not kept", () =>
  withFile("tape.aws", bytes(SAMPLES[0][2]), (path) => {
    writeFileSync(`${path}.json`, "notes");
    const medium = openImage(path);
    strictEqual(medium.keepsPosition, false);
    medium.state.object = 1;
    medium.close();
    strictEqual(readFileSync(`${path}.json`, "utf8"), "notes");
  }));

Deno.test("A foreign image whose sidecar cannot be read opens all the same, and the place is not kept", () =>
  withFile("tape.aws", bytes(SAMPLES[0][2]), (path) => {
    mkdirSync(`${path}.json`);
    const medium = openImage(path);
    strictEqual(medium.keepsPosition, false);
    medium.state.object = 1;
    medium.close();
  }));

Deno.test("Writing to a foreign image is an error that says what to do", () =>
  withFile("tape.aws", bytes(SAMPLES[0][2]), (path) => {
    const medium = ForeignMedium.open(path);
    const [tape] = medium.partitions;
    for (
      const attempt of [
        () => tape.appendRecord(new Uint8Array(1)),
        () => tape.appendFilemarks(1),
        () => tape.truncate(0),
        () => medium.format(),
      ]
    ) {
      throws(attempt, (error: unknown) => {
        ok(error instanceof MediumStoreError);
        match(error.message, /^Cannot write to .*tape\.aws: .*convert it to a \.tap image first$/);
        return true;
      });
    }
    medium.close();
  }));

const WRONG: readonly (readonly [string, string, string, RegExp])[] = [
  ["another previous length", "tape.aws", "01 00 00 00 a0 00 61 01 00 02 00 a0 00 61", /offset 7$/],
  ["flags that are none", "tape.aws", "01 00 00 00 b0 00 61", /flags B0h at offset 0$/],
  [
    "a record within a record",
    "tape.aws",
    "01 00 00 00 80 00 61 01 00 01 00 a0 00 61",
    /offset 7$/,
  ],
  ["a tape mark with data", "tape.aws", "01 00 00 00 40 00 61", /flags 40h at offset 0$/],
  [
    "bzip2",
    "tape.het",
    "01 00 00 00 a2 00 61",
    /bzip2; have its program pack it with zlib instead/,
  ],
  [
    "a line that is none",
    "tape.cptp",
    text("CPTP:BLK 000001\na\nCPTP:XYZ\nCPTP:EOT\n#########"),
    /offset 18$/,
  ],
  ["no newline", "tape.cptp", text("CPTP:BLK 000001\naaCPTP:EOT\n"), /no newline .* offset 17$/],
  [
    "no image at all",
    "tape.img",
    text("The quick brown fox jumps over the lazy dog.\n"),
    /^Cannot use /,
  ],
];

for (const [what, name, hex, reason] of WRONG) {
  Deno.test(`A file ${name} with ${what} is refused, with the place, and makes no .tap image`, () =>
    withFile(name, bytes(hex), (path) => {
      const isRight = (error: unknown) => {
        ok(error instanceof ImageFormatError, `${error}`);
        strictEqual(error.path, path);
        match(error.message, reason);
        return true;
      };
      throws(() => openImage(path), isRight);
      const to = join(dirname(path), "new.tap");
      throws(() => convertImage(path, to), isRight);
      ok(!existsSync(to));
      deepStrictEqual(new Uint8Array(readFileSync(path)), bytes(hex));
    }));
}

Deno.test("A record of no bytes, which no tape has, is a damaged one, and no filemark in the new image", () =>
  withFile(
    "tape.aws",
    bytes("01 00 00 00 a0 00 61  00 00 01 00 a0 00  01 00 00 00 a0 00 62"),
    (path) => {
      const to = join(dirname(path), "new.tap");
      deepStrictEqual(convertImage(path, to).damaged, [1]);
      const converted = TapMedium.open(to);
      deepStrictEqual(contentsOf(converted), ["a", "damaged", "b"]);
      converted.close();
    },
  ));

const SEED = 20_261_121;

Deno.test(`Images altered at random (seed ${SEED}) are read or refused with the documented error, and convert to what was read`, () =>
  withImage((folder) => {
    const random = randomNumbers(SEED);
    const at = (count: number) => Math.floor(random() * count);
    const to = join(dirname(folder), "new.tap");
    for (let n = 0; n < 350; n++) {
      const [, name, hex] = SAMPLES[n % SAMPLES.length];
      const path = join(dirname(folder), name);
      const altered = bytes(hex);
      for (let changes = 1 + at(3); changes > 0; changes--) altered[at(altered.length)] = at(256);
      writeFileSync(path, altered.subarray(0, altered.length - at(2) * at(altered.length)));
      try {
        const medium = openImage(path, { readOnly: true });
        const found = listObjects(medium.partitions[0]);
        medium.close();
        convertImage(path, to);
        const converted = TapMedium.open(to, { readOnly: true });
        deepStrictEqual(listObjects(converted.partitions[0]), found);
        converted.close();
      } catch (error) {
        ok(error instanceof ImageFormatError, `input ${n}: ${error}`);
      }
      for (const each of [to, `${to}.json`]) rmSync(each, { force: true });
    }
  }));

Deno.test("A conversion never writes over a file", () =>
  withFile("tape.aws", bytes(SAMPLES[0][2]), (path) => {
    const to = join(dirname(path), "new.tap");
    writeFileSync(to, "precious");
    throws(() => convertImage(path, to), refusalFor(path, to));
    strictEqual(readFileSync(to, "utf8"), "precious");
  }));

const SIDECAR = JSON.stringify({
  format: "uiscsi tape image",
  version: 1,
  writeProtected: false,
  partition: 0,
  object: 0,
});

for (const left of ["new.tap.json", "new.p0.tap", "new.p3.tap"]) {
  Deno.test(`A conversion makes no image where ${left} is left of another tape, and leaves that as it is`, () =>
    withFile("tape.aws", bytes(SAMPLES[0][2]), (path) => {
      const there = join(dirname(path), left);
      writeFileSync(there, left.endsWith(".json") ? SIDECAR : "");
      const files = filesBeside(path);
      throws(() => convertImage(path, join(dirname(path), "new.tap")), refusalFor(path, there));
      deepStrictEqual(filesBeside(path), files);
    }));
}

Deno.test("A conversion does not append to a tape of several partitions, and leaves it whole", () =>
  withFile("tape.aws", bytes(SAMPLES[0][2]), (path) => {
    const to = join(dirname(path), "new.tap");
    const old = TapMedium.open(to);
    old.format(2);
    for (const partition of old.partitions) partition.appendRecord(new Uint8Array(5).fill(5));
    old.close();
    const files = filesBeside(path);
    deepStrictEqual([...files.keys()], ["new.p0.tap", "new.p1.tap", "new.tap.json", "tape.aws"]);
    throws(() => convertImage(path, to), refusalFor(path, `${to}.json`));
    deepStrictEqual(filesBeside(path), files);
  }));

/** The refusal to make an image of `from`, for a file that is there. */
function refusalFor(from: string, there: string) {
  return {
    name: "MediumStoreError",
    message: `Cannot convert ${from}: there is a file ${there} already; remove it, or name another`,
  };
}

/** What is in the folder of a file, by name. */
function filesBeside(path: string): Map<string, Uint8Array> {
  const folder = dirname(path);
  return new Map(
    readdirSync(folder).sort().map((
      name,
    ) => [name, new Uint8Array(readFileSync(join(folder, name)))]),
  );
}

Deno.test("A conversion that finds no room leaves nothing of the new image, and tells of its first failure", () =>
  // More than the new image keeps in memory.
  withFile("tape.tpc", new Uint8Array(3 << 20).fill(0x7f), (path) => {
    const { write } = ImageFile.prototype;
    let failures = 0;
    ImageFile.prototype.write = () => {
      throw new MediumStoreError(`the disk is full, ${++failures}`);
    };
    try {
      const to = join(dirname(path), "new.tap");
      throws(() => convertImage(path, to), /^MediumStoreError: the disk is full, 1$/);
      deepStrictEqual(readdirSync(dirname(path)), ["tape.tpc"]);
    } finally {
      ImageFile.prototype.write = write;
    }
  }));

for (const obstacle of ["new.tap.lock", "new.tap.json.new"]) {
  Deno.test(`A conversion that cannot write ${obstacle} leaves nothing of the new image`, () =>
    withFile("tape.aws", bytes(SAMPLES[0][2]), (path) => {
      mkdirSync(join(dirname(path), obstacle));
      throws(
        () => convertImage(path, join(dirname(path), "new.tap")),
        /^MediumStoreError: Cannot (lock with|write) .*new\.tap/,
      );
      deepStrictEqual(readdirSync(dirname(path)).sort(), [obstacle, "tape.aws"]);
    }));
}

Deno.test("A conversion to an image that another process is making leaves that alone", () =>
  withFile("tape.aws", bytes(SAMPLES[0][2]), (path) => {
    const to = join(dirname(path), "new.tap");
    writeFileSync(`${to}.lock`, JSON.stringify({ pid: 1, host: "elsewhere", started: "" }));
    const files = filesBeside(path);
    throws(() => convertImage(path, to), ImageInUseError);
    deepStrictEqual(filesBeside(path), files);
  }));

Deno.test("A .tap image is a .tap image, and a missing one is made, as before", () =>
  withImage((path) => {
    const medium = openImage(path);
    ok(medium instanceof TapMedium);
    medium.partitions[0].appendRecord(new Uint8Array(3));
    medium.close();
    ok(openAndClose(path) instanceof TapMedium);
  }));

function openAndClose(path: string): TapMedium | ForeignMedium {
  const medium = openImage(path);
  medium.close();
  return medium;
}

Deno.test("A packed record of the greatest length comes back, and one beyond it is refused", () =>
  withImage((path) => {
    const file = join(dirname(path), "tape.het");
    const write = (length: number) => {
      const packed = deflateSync(new Uint8Array(length).fill(7));
      const header = [packed.length & 0xff, packed.length >> 8, 0, 0, 0xa1, 0];
      writeFileSync(file, new Uint8Array([...header, ...packed]));
    };
    write(0xffffff);
    const medium = openImage(file);
    strictEqual(medium.partitions[0].recordLength(0), 0xffffff);
    ok(medium.partitions[0].read(0, 0xffffff).every((byte) => byte === 7));
    medium.close();
    write(0x1000000);
    strictEqual(kindOfFirst(file), "damaged");
  }));

Deno.test("A packed record that does not unpack is a damaged record among the others, and a conversion names it", () =>
  withFile(
    "tape.het",
    bytes("01 00 00 00 a0 00 61  04 00 01 00 a1 00 78 01 01 02  01 00 04 00 a0 00 62"),
    (path) => {
      const medium = openImage(path);
      deepStrictEqual(contentsOf(medium), ["a", "damaged", "b"]);
      medium.close();
      const to = join(dirname(path), "new.tap");
      const { damaged, records } = convertImage(path, to);
      deepStrictEqual([damaged, records], [[1], 3]);
      const converted = TapMedium.open(to);
      deepStrictEqual(contentsOf(converted), ["a", "damaged", "b"]);
      converted.close();
    },
  ));

function kindOfFirst(path: string): string {
  const medium = openImage(path);
  medium.close();
  return medium.partitions[0].kind(0);
}

Deno.test("A file that begins with a tape mark of AWSTAPE is none of ours, whatever its name, and stays as it is", () =>
  withImage((path) => {
    const image = bytes("00 00 00 00 40 00  01 00 00 00 a0 00 61");
    writeFileSync(path, image);
    const medium = openImage(path);
    ok(medium instanceof ForeignMedium);
    deepStrictEqual(contentsOf(medium), ["filemark", "a"]);
    medium.close();
    deepStrictEqual(new Uint8Array(readFileSync(path)), image);
    ok(!existsSync(`${path}.json`));
  }));

Deno.test("Packing that is not known is told of wherever the format is beyond doubt", () =>
  withImage((path) => {
    writeFileSync(path, bytes("04 00 00 00 a2 00 61 62 63 64  04 00 04 00 a2 00 61 62 63 64"));
    throws(() => openImage(path), /HET image: found a record packed with bzip2.* at offset 0$/);
    ok(!existsSync(`${path}.lock`));
  }));
