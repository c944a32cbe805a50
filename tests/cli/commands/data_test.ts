import assert from "node:assert/strict";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { tapePersonalities } from "../../../sim/personality.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { MemoryHost, MemorySource, patternBytes } from "../memory_host.ts";
import { SimDevices, tape } from "../sim_devices.ts";
import { bench, layout, readFile } from "./data_bench.ts";

Deno.test("write cuts a file into records, the last one shorter, and ends with a filemark", async () => {
  const { drive, devices } = bench();
  const bytes = patternBytes(2500);
  const host = new MemoryHost({ files: { in: bytes } });
  assert.equal(await tape("write in --block-size 1000", host, devices), 0, host.errors);
  assert.deepEqual(layout(drive), [1000, 1000, 500, 0]);
  assert.match(
    host.errors,
    /^3 records, 2500 bytes \(2\.5 kB\), .* MB\/s written, and one filemark$/m,
  );
  assert.equal(host.output, "");
});

for (const recordBytes of [1, 7, 512, 65536]) {
  Deno.test(`What write wrote in records of ${recordBytes}, read gives back`, async () => {
    const { devices } = bench();
    const bytes = patternBytes(recordBytes * 5 + 1);
    const options = `--block-size ${recordBytes}`;
    const host = new MemoryHost({ files: { in: bytes } });
    assert.equal(await tape(`write in ${options}`, host, devices), 0, host.errors);
    assert.equal(await tape("rewind", host, devices), 0, host.errors);
    for (const readAhead of ["", "--read-ahead 4"]) {
      await tape("rewind", host, devices);
      const result = await readFile(`read out ${options} ${readAhead}`.trim(), devices);
      assert.equal(result.status, 0, result.host.errors);
      assert.deepEqual(result.bytes, bytes);
    }
  });
}

Deno.test("write - and read - use the standard streams and keep everything else off them", async () => {
  const { devices } = bench();
  const bytes = patternBytes(100_000);
  const stdin = new MemorySource(bytes, { pieces: [4096, 1, 65536] });
  assert.equal(await tape("write - -b 8k", new MemoryHost({ stdin }), devices), 0);
  const host = new MemoryHost();
  await tape("rewind", host, devices);
  assert.equal(await tape("read -", host, devices), 0);
  assert.deepEqual(host.stdout.bytes, bytes);
  assert.match(host.errors, /13 records, 100000 bytes .* read/);
});

Deno.test("read gives one file after the other, then says that the data ends", async () => {
  const { devices } = bench();
  const host = new MemoryHost({ files: { a: patternBytes(300, 1), b: patternBytes(200, 2) } });
  for (const name of ["a", "b"]) await tape(`write ${name} -b 100`, host, devices);
  await tape("rewind", host, devices);
  const first = await readFile("read out", devices);
  const second = await readFile("read out --read-ahead 8", devices);
  assert.deepEqual(first.bytes, patternBytes(300, 1));
  assert.deepEqual(second.bytes, patternBytes(200, 2));
  const end = await readFile("read out", devices);
  assert.equal(end.status, 0);
  assert.deepEqual(end.bytes, new Uint8Array(0));
  assert.match(end.host.errors, /End of data: nothing was read/);
});

Deno.test("read reads a record whole that is longer than --block-size says", async () => {
  const { devices } = bench();
  const host = new MemoryHost({ files: { in: patternBytes(5000) } });
  await tape("write in -b 5000", host, devices);
  await tape("rewind", host, devices);
  const result = await readFile("read out -b 1000", devices);
  assert.deepEqual(result.bytes, patternBytes(5000));
});

Deno.test("read --count stops after so many records, and the tape stands there", async () => {
  const { drive, devices } = bench();
  const host = new MemoryHost({ files: { in: patternBytes(500) } });
  await tape("write in -b 100", host, devices);
  await tape("rewind", host, devices);
  const result = await readFile("read out --count 2 --read-ahead 8", devices);
  assert.deepEqual(result.bytes, patternBytes(500).slice(0, 200));
  assert.equal(drive.position?.object, 2);
});

Deno.test("read --json reports what it moved and what ended it", async () => {
  const { devices } = bench();
  const host = new MemoryHost({ files: { in: patternBytes(250) } });
  assert.equal(await tape("write in -b 100 --json", host, devices), 0);
  const written = JSON.parse(host.output);
  assert.equal(written.written.records, 3);
  assert.equal(written.written.filemarks, 1);
  await tape("rewind", host, devices);
  const { host: reader } = await readFile("read out --json", devices);
  const document = JSON.parse(reader.output);
  assert.equal(document.endedBy, "filemark");
  assert.deepEqual([document.read.records, document.read.bytes], [3, 250]);
});

Deno.test("write --json tells of each file what was found out, and no more", async () => {
  const { devices } = bench();
  const host = new MemoryHost({ files: { in: patternBytes(250) } });
  assert.equal(await tape("write in -b 100 --json", host, devices), 0);
  const { files } = JSON.parse(host.output);
  assert.deepEqual(files, [{ name: "in", records: 3, bytes: 250, paddingBytes: 0 }]);
});

Deno.test("read - refuses --json, since both would go to standard output", async () => {
  const { devices } = bench();
  const host = new MemoryHost();
  assert.equal(await tape("read - --json", host, devices), 1);
  assert.equal(devices.opened.length, 0);
});

Deno.test("write leaves the tape alone when the file is missing", async () => {
  const { devices } = bench();
  const host = new MemoryHost();
  assert.equal(await tape("write nowhere", host, devices), 2);
  assert.match(host.errors, /^tape: Failed to open nowhere: no such file or directory$/m);
  assert.equal(devices.opened.length, 0);
});

Deno.test("write opens each file once: a pipe gives what it has to the first who opens it", async () => {
  const { devices } = bench();
  const host = new MemoryHost({ files: { in: patternBytes(10) } });
  const openFile = host.openFile.bind(host);
  const opened: string[] = [];
  host.openFile = (path) => {
    opened.push(path);
    return openFile(path);
  };
  assert.equal(await tape("write in", host, devices), 0, host.errors);
  assert.deepEqual(opened, ["in"]);
});

Deno.test("write refuses a file whose last record the drive would not take, before it writes any", async () => {
  const personality = tapePersonalities["quantum-dlt8000"];
  const drive = new SimulatedDrive({ medium: new MemoryMedium(), personality });
  const devices = new SimDevices(drive);
  const files = { a: patternBytes(200), b: patternBytes(203), c: patternBytes(204) };
  const host = new MemoryHost({ files });
  assert.equal(await tape("write a b -b 100", host, devices), 2);
  assert.match(
    host.errors,
    /^tape: Writing b: its last record would have 3 bytes, and the drive takes 4 at least; /m,
  );
  assert.deepEqual(layout(drive), []);
  assert.equal(await tape("write a c -b 100", host, devices), 0, host.errors);
});

Deno.test("read leaves an old file alone when the first read fails", async () => {
  const drive = new SimulatedDrive({ medium: new MemoryMedium() });
  const devices = new SimDevices(drive);
  const host = new MemoryHost({ files: { out: patternBytes(10) } });
  drive.inject({ opcode: 0x08, sense: { key: 3, asc: 0x11, ascq: 0 } });
  assert.equal(await tape("read out", host, devices), 2);
  assert.deepEqual(host.sinks.get("out")?.bytes, patternBytes(10));
  assert.ok(host.sinks.get("out")?.closed);
});

Deno.test("read keeps what came before an error, and says how much", async () => {
  const { drive, devices } = bench();
  const host = new MemoryHost({ files: { in: patternBytes(500) } });
  await tape("write in -b 100", host, devices);
  await tape("rewind", host, devices);
  drive.inject({ opcode: 0x08, occurrence: 3, sense: { key: 3, asc: 0x11, ascq: 0 } });
  const result = await readFile("read out -b 100", devices);
  assert.equal(result.status, 2);
  const kept = result.bytes ?? new Uint8Array(0);
  assert.ok(kept.length > 0 && kept.length < 500);
  assert.deepEqual(kept, patternBytes(500).slice(0, kept.length));
  const summary = new RegExp(`Before that: ${kept.length / 100} records?, ${kept.length} bytes`);
  assert.match(result.host.errors, summary);
  assert.match(result.host.errors, /The drive is simulated: look after its image, and the disk/);
});

Deno.test("write in fixed-block mode fills up the last block, and says so", async () => {
  const { drive, devices } = bench();
  const host = new MemoryHost({ files: { in: patternBytes(1100) } });
  assert.equal(await tape("setblk 512", host, devices), 0, host.errors);
  assert.equal(await tape("write in", host, devices), 0, host.errors);
  assert.deepEqual(layout(drive), [512, 512, 512, 0]);
  assert.match(host.errors, /filled up with 436 zero bytes.*fixed-block mode of 512 bytes/);
  assert.match(host.errors, /^3 records, 1100 bytes/m);
  await tape("rewind", host, devices);
  const { bytes } = await readFile("read out", devices);
  assert.deepEqual(bytes?.slice(0, 1100), patternBytes(1100));
  assert.deepEqual(bytes?.slice(1100), new Uint8Array(436));
});

Deno.test("write in fixed-block mode refuses a size that is not a multiple, before writing", async () => {
  const { drive, devices } = bench();
  const host = new MemoryHost({ files: { in: patternBytes(1100) } });
  await tape("setblk 512", host, devices);
  assert.equal(await tape("write in -b 1000", host, devices), 2);
  assert.match(host.errors, /fixed-block mode of 512 bytes.*tape setblk 0/);
  assert.deepEqual(layout(drive), []);
});

for (const size of ["17m", "4g", "8g", "1t"]) {
  Deno.test(`write refuses records of ${size}, which the drive does not take, before it reads anything`, async () => {
    const { drive, devices } = bench();
    const stdin = new MemorySource(patternBytes(10));
    stdin.read = () => assert.fail("nothing is to be read");
    const host = new MemoryHost({ stdin });
    assert.equal(await tape(`write - --block-size ${size}`, host, devices), 2);
    assert.match(
      host.errors,
      /^tape: Writing records of \d+ bytes: the drive takes 1 to \d+; give another --block-size$/m,
    );
    assert.deepEqual(layout(drive), []);
  });
}

Deno.test("write in fixed-block mode takes any multiple of the block: the tape shows blocks alone", async () => {
  const { drive, devices } = bench();
  const host = new MemoryHost({ files: { in: patternBytes(1536) } });
  await tape("setblk 512", host, devices);
  assert.equal(await tape("write in -b 8g", host, devices), 0, host.errors);
  assert.deepEqual(layout(drive), [512, 512, 512, 0]);
});

Deno.test("write refuses a --buffer that no memory can be", async () => {
  const { devices } = bench();
  const host = new MemoryHost();
  assert.equal(await tape("write - --buffer 100g", host, devices), 1);
  assert.match(host.errors, /--buffer.*at most 17179869184 bytes.*100g/);
  assert.equal(devices.opened.length, 0);
});

Deno.test("Progress shows on a terminal and is wiped before the report", async () => {
  const { devices } = bench();
  const host: MemoryHost = new MemoryHost({
    typed: "",
    stdin: new MemorySource(patternBytes(1000)),
  });
  host.now = () => host.time += 100;
  assert.equal(await tape("write - -b 100", host, devices), 0);
  assert.match(host.errors, /\r\d+ records?, .* MB\/s now, .* MB\/s mean/);
  assert.ok(host.errors.includes("\r\x1b[K10 records, 1000 bytes"));
});

Deno.test("write hints at --buffer when a slow source keeps the drive waiting again and again", async () => {
  for (const [waitMs, hinted] of [[300, true], [20, false]] as const) {
    const { devices } = bench();
    const source = new MemorySource(patternBytes(1000), { pieces: [100] });
    const host = new MemoryHost({ stdin: source });
    const read = source.read.bind(source);
    source.read = async (into) => {
      // The next chunk is read while this one is written.
      await host.sleep(waitMs, new AbortController().signal);
      return await read(into);
    };
    assert.equal(await tape("write - -b 100", host, devices), 0, host.errors);
    assert.equal(
      /kept the drive waiting \d times, .*--buffer/.test(host.errors),
      hinted,
      host.errors,
    );
  }
});
