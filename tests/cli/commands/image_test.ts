import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeHost } from "../../../cli/host/node_host.ts";
import { run } from "../../../cli/run.ts";
import { encodeSense } from "../../../scsi/sense.ts";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { TapMedium } from "../../../sim/images/tap_medium.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { MemoryHost, type MemoryHostOptions, patternBytes } from "../memory_host.ts";
import { SimDevices, tape } from "../sim_devices.ts";

function bench() {
  const drive = new SimulatedDrive({ medium: new MemoryMedium() });
  return { drive, devices: new SimDevices(drive) };
}

/** 1000, 1000, 500, filemark, 301, filemark, filemark. */
async function writeMixed(devices: SimDevices): Promise<void> {
  const host = new MemoryHost({ files: { a: patternBytes(2500, 1), b: patternBytes(301, 2) } });
  assert.equal(await tape("write a b -b 1000", host, devices), 0, host.errors);
  assert.equal(await tape("weof", host, devices), 0);
}

/** Files for the time of a test; `at` gives their paths. */
async function withFiles(
  files: Readonly<Record<string, Uint8Array>>,
  use: (at: (name: string) => string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tape-image-"));
  const at = (name: string) => join(folder, name);
  try {
    for (const [name, bytes] of Object.entries(files)) await writeFile(at(name), bytes);
    await use(at);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function ok(line: string, devices: SimDevices, options: MemoryHostOptions = {}) {
  const host = new MemoryHost(options);
  assert.equal(await tape(line, host, devices), 0, host.errors);
  return host;
}

/** The image of {@link writeMixed}. */
async function mixedImage(): Promise<Uint8Array> {
  const { devices } = bench();
  await writeMixed(devices);
  return (await ok("image save out.tap", devices)).sinks.get("out.tap")!.bytes;
}

Deno.test("image save and image load keep every record and filemark as it is", async () => {
  const from = bench();
  await writeMixed(from.devices);
  const saved = await ok("image save out.tap", from.devices);
  assert.match(saved.errors, /4 records, 2801 bytes .* and 3 filemarks saved/);
  const to = bench();
  await withFiles({ "out.tap": saved.sinks.get("out.tap")!.bytes }, async (at) => {
    const loaded = await ok(`image load ${at("out.tap")}`, to.devices);
    assert.match(loaded.errors, /4 records, 2801 bytes .* and 3 filemarks loaded/);
  });
  assert.deepEqual(to.drive.objects(), from.drive.objects());
});

Deno.test("image load --encrypted leaves a tape as it is that would be written in the clear", async () => {
  await withFiles({ "in.tap": await mixedImage() }, async (at) => {
    const { drive, devices } = bench();
    await tape("weof", new MemoryHost(), devices);
    const host = new MemoryHost();
    const line = `image load ${at("in.tap")} --yes --encrypted`;
    assert.equal(await tape(line, host, devices), 2);
    assert.match(host.errors, /the drive has none that encrypts/);
    assert.equal(drive.objects().length, 1);
  });
});

Deno.test("image save asks nothing of a drive behind the end of the data that could fail what is saved", async () => {
  const { drive, devices } = bench();
  await writeMixed(devices);
  const [READ, MODE_SENSE_6] = [0x08, 0x1a];
  const execute = drive.execute.bind(drive);
  let hasRead = false;
  drive.execute = (task) => {
    const [opcode] = task.cdb;
    hasRead ||= opcode === READ;
    const isAnswered = !hasRead || opcode !== MODE_SENSE_6;
    return isAnswered
      ? execute(task)
      : { status: 2, sense: encodeSense({ key: 4, asc: 0x44, ascq: 0 }) };
  };
  const host = await ok("image save out.tap --read-ahead 0", devices);
  assert.match(host.errors, /4 records, 2801 bytes .* and 3 filemarks saved/);
});

Deno.test("image save --from-here saves what follows, and - is standard output", async () => {
  const { devices } = bench();
  await writeMixed(devices);
  await ok("asf 1", devices);
  const { output, stdout } = await ok("image save - --from-here", devices);
  assert.ok(output.length > 0);
  assert.equal(stdout.bytes.length, 4 + 302 + 4 + 4 + 4);
});

Deno.test("image save refuses to overwrite without --force", async () => {
  const { devices } = bench();
  await writeMixed(devices);
  const files = { "out.tap": new Uint8Array(3) };
  const host = new MemoryHost({ files });
  assert.equal(await tape("image save out.tap", host, devices), 2);
  assert.match(host.errors, /^tape: Saving to out\.tap: it exists; --force overwrites it\n/);
  assert.equal(host.sinks.size, 0);
  const forced = await ok("image save out.tap --force --json", devices, { files });
  assert.deepEqual(forced.sinks.get("out.tap")?.bytes, await mixedImage());
  assert.equal(JSON.parse(forced.output).saved.records, 4);
});

for (
  const [left, force, status] of [
    ["out.tap.json", "", 2],
    ["out.p0.tap", "", 2],
    ["out.p3.tap", "", 2],
    ["out.p0.tap", "--force", 2],
    ["out.tap.json", "--force", 0],
  ] as const
) {
  const what = status === 0 ? "overwrites" : "makes no image";
  Deno.test(`image save ${force || "without --force"} ${what} where ${left} is left of another tape`, async () => {
    const { devices } = bench();
    await writeMixed(devices);
    const host = new MemoryHost({ files: { [left]: new Uint8Array(3) } });
    assert.equal(await tape(`image save out.tap ${force}`.trim(), host, devices), status);
    assert.equal(host.sinks.has("out.tap"), status === 0);
    if (status === 0) return;
    const why = `Saving to out.tap: there is a file ${left} already; remove it, or name another`;
    assert.equal(host.errors, `tape: ${why}\n`);
  });
}

Deno.test("image save leaves an image alone that a simulated drive uses, --force or not", async () => {
  const { devices } = bench();
  await writeMixed(devices);
  const host = new MemoryHost({
    files: {
      "out.tap": new Uint8Array(3),
      "out.tap.lock": new TextEncoder().encode('{"pid":1,"host":"h","started":""}'),
    },
  });
  assert.equal(await tape("image save out.tap --force", host, devices), 2);
  const why = "Saving to out.tap: a simulated drive uses it; if none does, remove out.tap.lock";
  assert.ok(host.errors.startsWith(`tape: ${why}\n`), host.errors);
  assert.equal(host.sinks.size, 0);
});

const BAD_SECOND_READ = { opcode: 0x08, occurrence: 2, sense: { key: 0x3, asc: 0x11, ascq: 0x00 } };

Deno.test("image save stops at what cannot be read, and keeps what came before", async () => {
  const { drive, devices } = bench();
  await writeMixed(devices);
  drive.inject(BAD_SECOND_READ);
  const host = new MemoryHost();
  assert.equal(await tape("image save out.tap --read-ahead 0", host, devices), 2);
  assert.equal(host.sinks.get("out.tap")?.bytes.length, 1008);
  assert.match(host.errors, /Before that: 1 record, .*; out\.tap is not the whole tape/);
});

Deno.test("image save leaves an old image alone until the tape has answered", async () => {
  const { drive, devices } = bench();
  await writeMixed(devices);
  drive.inject({ ...BAD_SECOND_READ, occurrence: 1 });
  const host = new MemoryHost({ files: { "out.tap": patternBytes(10) } });
  assert.equal(await tape("image save out.tap --force --read-ahead 0", host, devices), 2);
  assert.deepEqual(host.sinks.get("out.tap")?.bytes, patternBytes(10));
  assert.doesNotMatch(host.errors, /out\.tap is not the whole tape/);
});

Deno.test("image save counts what the image has of it when the disk is full", async () => {
  const { devices } = bench();
  await writeMixed(devices);
  const host = new MemoryHost();
  host.capacityBytes = 1500;
  assert.equal(await tape("image save out.tap", host, devices), 2);
  assert.match(
    host.errors,
    /^Before that: 1 record, 1000 bytes.*; out\.tap is not the whole tape/m,
  );
});

Deno.test("image load says what of it is certainly on the tape when writing fails", async () => {
  await withFiles({ "in.tap": await mixedImage() }, async (at) => {
    const { drive, devices } = bench();
    drive.inject({ opcode: 0x0a, occurrence: 3, sense: { key: 3, asc: 0x0c, ascq: 0 } });
    const host = new MemoryHost();
    assert.equal(await tape(`image load ${at("in.tap")}`, host, devices), 2);
    assert.match(
      host.errors,
      /^Before that: up to 2 records, 2000 bytes.*; none of that is certainly on the tape$/m,
    );
  });
});

Deno.test("image save --skip-errors marks what cannot be read, and image load needs --salvage for it", async () => {
  const from = bench();
  await writeMixed(from.devices);
  from.drive.inject(BAD_SECOND_READ);
  const host = await ok("image save out.tap --read-ahead 0 --skip-errors", from.devices);
  assert.match(host.errors, /1 block could not be read/);
  await withFiles({ "out.tap": host.sinks.get("out.tap")!.bytes }, async (at) => {
    const { devices, drive } = bench();
    const refused = new MemoryHost();
    assert.equal(await tape(`image load ${at("out.tap")}`, refused, devices), 2);
    assert.match(refused.errors, /1 damaged record; --salvage/);
    assert.deepEqual(drive.objects(), []);
    await ok(`image load ${at("out.tap")} --salvage`, devices);
    assert.deepEqual(drive.objects(), from.drive.objects().toSpliced(1, 1));
    const inspected = new MemoryHost();
    assert.equal(await tape(`image inspect ${at("out.tap")}`, inspected, devices), 2);
    assert.match(inspected.output, /1 unreadable/);
    assert.match(inspected.errors, /^tape: Inspecting .*out\.tap: it has 1 damaged record\n/);
  });
});

Deno.test("image save --skip-errors --json lists what cannot be read", async () => {
  const { drive, devices } = bench();
  await writeMixed(devices);
  drive.inject(BAD_SECOND_READ);
  const host = await ok("image save out.tap --read-ahead 0 --skip-errors --json", devices);
  const { unreadable } = JSON.parse(host.output);
  assert.deepEqual(unreadable.map(({ object }: { object: number }) => object), [1]);
  assert.match(unreadable[0].message, /MEDIUM ERROR/);
});

Deno.test("An interruption ends image save and image load at a record", async () => {
  const { drive, devices } = bench();
  await writeMixed(devices);
  await withFiles({ "in.tap": await mixedImage() }, async (at) => {
    for (
      const [line, opcode] of [
        ["image save out.tap --read-ahead 0", 0x08],
        [`image load ${at("in.tap")} --yes`, 0x0a],
      ] as const
    ) {
      const host = new MemoryHost();
      let seen = 0;
      const execute = drive.execute.bind(drive);
      drive.execute = (task) => {
        if (task.cdb[0] === opcode && ++seen === 2) host.interrupt();
        return execute(task);
      };
      assert.equal(await tape(line, host, devices), 2);
      drive.execute = execute;
      assert.match(host.errors, /Interrupted: 2 records, 2000 bytes/);
      assert.match(host.errors, /The tape stands: At block 2/);
    }
  });
});

Deno.test("image load overwrites a tape that is not blank only when somebody says so", async () => {
  await withFiles({ "in.tap": await mixedImage() }, async (at) => {
    for (
      const [typed, options, status] of [
        [undefined, "", 1],
        ["no", "", 2],
        ["yes", "", 0],
        [undefined, " --yes", 0],
      ] as const
    ) {
      const { drive, devices } = bench();
      await ok("write a", devices, { files: { a: patternBytes(10) } });
      const before = drive.objects();
      const host = new MemoryHost({ typed });
      const line = `image load ${at("in.tap")}${options}`;
      assert.equal(await tape(line, host, devices), status, host.errors);
      assert.equal(drive.objects().length, status === 0 ? 7 : before.length);
    }
  });
});

Deno.test("image load of an image that holds no data leaves a tape alone that does, and fails", async () => {
  const files = {
    "nothing.tap": new Uint8Array(0),
    "marker.tap": new Uint8Array([0xff, 0xff, 0xff, 0xff]),
  };
  await withFiles(files, async (at) => {
    for (const name of Object.keys(files)) {
      for (const options of [" --yes", ""]) {
        const { drive, devices } = bench();
        await ok("write a", devices, { files: { a: patternBytes(10) } });
        const before = drive.objects();
        const host = new MemoryHost();
        assert.equal(await tape(`image load ${at(name)}${options}`, host, devices), 2);
        assert.match(host.errors, /holds no data, so nothing was written.*tape erase/);
        assert.deepEqual(drive.objects(), before);
      }
    }
  });
});

Deno.test("image load of an image that holds no data is done where the tape is blank, or where it adds nothing", async () => {
  await withFiles({ "nothing.tap": new Uint8Array(0) }, async (at) => {
    const { drive, devices } = bench();
    const blank = await ok(`image load ${at("nothing.tap")}`, devices);
    assert.match(blank.errors, /^0 records, .* and 0 filemarks loaded/);
    await ok("write a", devices, { files: { a: patternBytes(10) } });
    const host = await ok(`image load ${at("nothing.tap")} --from-here`, devices);
    assert.match(host.errors, /^0 records, .* and 0 filemarks loaded/);
    assert.equal(drive.objects().length, 2);
  });
});

Deno.test("image load --from-here adds to what is there", async () => {
  const { drive, devices } = bench();
  await ok("write a", devices, { files: { a: patternBytes(10) } });
  await withFiles({ "in.tap": await mixedImage() }, async (at) => {
    await ok(`image load ${at("in.tap")} --from-here`, devices);
  });
  assert.equal(drive.objects().length, 2 + 7);
});

Deno.test("image load refuses, before it writes anything, what would not be the same tape", async () => {
  const image = await mixedImage();
  const files = {
    "cut.tap": image.subarray(0, 1500),
    "text.tap": new TextEncoder().encode("This file is no tape image at all"),
    "good.tap": image,
  };
  await withFiles(files, async (at) => {
    for (
      const [line, why] of [
        [
          `image load ${at("cut.tap")}`,
          /^tape: Loading .*cut\.tap: from byte 1008 on it is cut within a record of 1000 bytes; --salvage/,
        ],
        [
          `image load ${at("text.tap")}`,
          /^tape: Cannot use .*text\.tap as a tape image: it begins like none that is known \(SIMH \.tap, /,
        ],
        [`image load ${at("missing.tap")}`, /missing\.tap: no such file/],
        [`image load ${at("good.tap")} --format aws`, /AWSTAPE/],
      ] as const
    ) {
      const { drive, devices } = bench();
      const host = new MemoryHost();
      assert.equal(await tape(line, host, devices), 2);
      assert.match(host.errors, why);
      assert.deepEqual(drive.objects(), []);
    }
    const { drive, devices } = bench();
    await ok(`image load ${at("cut.tap")} --salvage`, devices);
    assert.equal(drive.objects().length, 1);
    await ok("setblk 512", devices);
    const fixed = new MemoryHost();
    assert.equal(await tape(`image load ${at("good.tap")} --yes`, fixed, devices), 2);
    assert.match(fixed.errors, /tape setblk 0/);
  });
});

Deno.test("image load --salvage fails where nothing can be salvaged, and leaves the tape as it is", async () => {
  const files = {
    // A record of 100000 bytes, of which there are 5000.
    "noise.tap": new Uint8Array([0xa0, 0x86, 0x01, 0, ...patternBytes(5000)]),
    // A record whose class says that it could not be read.
    "damaged.tap": new Uint8Array([4, 0, 0, 0x80, 1, 2, 3, 4, 4, 0, 0, 0x80]),
    "filemark.tap": new Uint8Array([0, 0, 0, 0, 4, 0, 0, 0x80, 1, 2, 3, 4, 4, 0, 0, 0x80]),
  };
  await withFiles(files, async (at) => {
    const { drive, devices } = bench();
    await writeMixed(devices);
    const before = drive.objects();
    for (
      const [name, why] of [
        ["noise.tap", /noise\.tap: from byte 0 on it is cut .*; nothing of it can be salvaged$/m],
        ["damaged.tap", /damaged\.tap: it has 1 damaged record; nothing of it can be salvaged$/m],
      ] as const
    ) {
      const host = new MemoryHost();
      assert.equal(await tape(`image load ${at(name)} --salvage --yes`, host, devices), 2);
      assert.match(host.errors, why);
      assert.deepEqual(drive.objects(), before);
    }
    const host = await ok(`image load ${at("filemark.tap")} --salvage --yes`, devices);
    assert.match(host.errors, /left out: 1 damaged record/);
    assert.deepEqual(drive.objects().map(({ kind }) => kind), ["filemark"]);
  });
});

Deno.test("An image of a tape with several partitions names the images of those, which are read like any other", () =>
  withFiles({}, async (at) => {
    const medium = TapMedium.open(at("tape.tap"));
    medium.format(2);
    medium.partitions[1].appendRecord(new Uint8Array(5));
    medium.close();
    const host = new MemoryHost();
    assert.equal(await run(["image", "inspect", at("tape.tap")], host), 2);
    assert.match(
      host.errors,
      /the tape has 2 partitions, in an image each: .*tape\.p0\.tap and on/,
    );
    assert.match((await ok(`image inspect ${at("tape.p1.tap")}`, bench().devices)).output, /1 x 5/);
  }));

Deno.test("image load and image inspect say that a simulated drive has encrypted an image", () =>
  withFiles({}, async (at) => {
    const medium = TapMedium.open(at("tape.tap"));
    medium.partitions[0].appendRecord(new Uint8Array(5), new Uint8Array(20));
    medium.close();
    const { devices } = bench();
    const line = `image inspect ${at("tape.tap")}`;
    assert.match((await ok(line, devices)).output, /Some records are encrypted/);
    const host = new MemoryHost();
    assert.equal(await tape(`image load ${at("tape.tap")}`, host, devices), 2);
    assert.match(
      host.errors,
      /a simulated drive has encrypted some of it; serve it with tape serve --media .* and give the drive at its iscsi:\/\/ address the key/,
    );
  }));

Deno.test("image inspect shows the layout without a drive", async () => {
  const image = await mixedImage();
  await withFiles({ "a.tap": image, "cut.tap": image.subarray(0, 1500) }, async (at) => {
    const host = new MemoryHost();
    assert.equal(await run(["image", "inspect", at("a.tap")], host), 0, host.errors);
    assert.deepEqual(
      host.output.split("\n").map((line) => line.trimEnd()),
      [
        "Format: SIMH .tap",
        "FILE  BLOCK  RECORDS  BYTES  RECORD SIZES      ENDS WITH",
        "0     0      3        2500   2 x 1000, 1 x 500  filemark".replace(
          "SIZES      ",
          "SIZES       ",
        ),
        "1     4      1        301    1 x 301            filemark",
        "2     6      0        0      none               filemark",
        "3 files, 4 records, 2801 bytes (2.8 kB)",
        "",
      ].map((line) => line.replace("SIZES      ENDS", "SIZES       ENDS")),
    );
    const json = new MemoryHost();
    assert.equal(await run(["image", "inspect", at("cut.tap"), "--json"], json), 2);
    const { image: survey } = JSON.parse(json.output);
    assert.deepEqual([survey.files.length, survey.cut.offset], [1, 1008]);
    assert.match(json.errors, /^tape: Inspecting .*cut\.tap: from byte 1008 on/);
  });
});

Deno.test("An image goes from a file to a sim: drive and back, and inspecting it leaves the drive where it stands", async () => {
  const image = await mixedImage();
  await withFiles({ "in.tap": image }, async (at) => {
    const done = async (...args: string[]) => {
      const host = new MemoryHost();
      const { openFile, checkFile, createFile, realPath } = nodeHost;
      Object.assign(host, { openFile, checkFile, createFile, realPath });
      assert.equal(await run(args, host), 0, host.errors);
      return host.output;
    };
    const device = `sim:${at("drive.tap")}`;
    await done("-f", device, "image", "load", at("in.tap"));
    await done("-f", device, "asf", "1");
    assert.match(await done("image", "inspect", at("drive.tap")), /4 records/);
    assert.match(await done("-f", device, "tell"), /At block 4 /);
    await done("-f", device, "image", "save", at("out.tap"));
    assert.deepEqual(new Uint8Array(await readFile(at("out.tap"))), image);
  });
});
