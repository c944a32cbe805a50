import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { tapePersonalities } from "../../../sim/personality.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { DriveBench, summary, u32 } from "./drive_bench.ts";

const LTFS_COHERENCY = 0x46;

function readCdb(action: number, first: number, allocation = 0x10000, partition = 0): number[] {
  return [
    ...[0x8c, action, 0, 0, 0, 0, 0, partition],
    ...[first >> 8, first & 0xff],
    ...u32(allocation),
  ];
}

interface Entry {
  id: number;
  flags: number;
  value: Uint8Array;
}

function values(bench: DriveBench, first: number, partition = 0): Entry[] {
  const data = bench.ok(readCdb(0, first, 0x10000, partition));
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  strictEqual(view.getUint32(0), data.length - 4);
  const entries: Entry[] = [];
  for (let at = 4; at < data.length;) {
    const next = at + 5 + view.getUint16(at + 3);
    entries.push({
      id: view.getUint16(at),
      flags: data[at + 2],
      value: data.subarray(at + 5, next),
    });
    at = next;
  }
  return entries;
}

function attribute(id: number, format: number, value: Uint8Array): number[] {
  return [id >> 8, id & 0xff, format, value.length >> 8, value.length & 0xff, ...value];
}

function put(
  bench: DriveBench,
  entry: number[],
  options: { partition?: number; extra?: number } = {},
) {
  const { partition = 0, extra = 0 } = options;
  const list = new Uint8Array([...u32(entry.length + extra), ...entry]);
  const cdb = [0x8d, 0, 0, 0, 0, 0, 0, partition, 0, 0, ...u32(list.length)];
  return bench.run(cdb, list);
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

Deno.test("READ ATTRIBUTE gives the values from the one asked for on, which must be there", () => {
  const bench = new DriveBench({ medium: new MemoryMedium({ barcode: "AB1234L8" }) });
  const all = values(bench, 0);
  deepStrictEqual(all.map(({ id }) => id), all.map(({ id }) => id).sort((a, b) => a - b));
  strictEqual(all[0].id, 0);
  strictEqual(all[0].flags, 0x80);
  const barcode = values(bench, 0x0806)[0];
  strictEqual(new TextDecoder().decode(barcode.value), "AB1234L8".padEnd(32));
  strictEqual(barcode.flags, 1);
  strictEqual(summary(bench.run(readCdb(0, 0x0801))), "5/2400");
  strictEqual(bench.ok(readCdb(0, 0, 4)).length, 4);
});

Deno.test("READ ATTRIBUTE lists what there is, what could be, volumes and partitions", () => {
  const bench = new DriveBench();
  const ids = (action: number) => {
    const data = bench.ok(readCdb(action, 0));
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    strictEqual(view.getUint32(0), data.length - 4);
    return Array.from(
      { length: (data.length - 4) / 2 },
      (_, index) => view.getUint16(4 + index * 2),
    );
  };
  strictEqual(ids(1).includes(0x0800), false);
  strictEqual(ids(5).includes(0x0800), true);
  deepStrictEqual([...bench.ok(readCdb(2, 0))], [0, 2, 0, 1]);
  deepStrictEqual([...bench.ok(readCdb(3, 0))], [0, 2, 0, 1]);
  strictEqual(summary(bench.run(readCdb(4, 0))), "5/2400");
});

Deno.test("What hosts write is kept, changed and removed; nothing else can be written", () => {
  const bench = new DriveBench();
  strictEqual(summary(put(bench, attribute(0x0801, 1, text("backup".padEnd(32))))), "GOOD");
  strictEqual(new TextDecoder().decode(values(bench, 0x0801)[0].value).trim(), "backup");
  strictEqual(summary(put(bench, attribute(0x0801, 1, text("other")))), "GOOD");
  strictEqual(new TextDecoder().decode(values(bench, 0x0801)[0].value), "other");
  strictEqual(summary(put(bench, attribute(0x0801, 1, new Uint8Array(0)))), "GOOD");
  strictEqual(summary(bench.run(readCdb(0, 0x0801))), "5/2400");
  strictEqual(summary(put(bench, attribute(0x0401, 1, text("x")))), "5/2600");
  strictEqual(summary(put(bench, attribute(0x0fff, 0, text("x")))), "5/2600");
  strictEqual(summary(put(bench, attribute(0x0801, 0, text("x")))), "5/2600");
  strictEqual(summary(put(bench, attribute(0x0800, 1, text("123456789")))), "5/2600");
});

Deno.test("WRITE ATTRIBUTE writes all or none, and takes the length as LTFS counts it", () => {
  const bench = new DriveBench();
  const good = attribute(0x0800, 1, text("LTFS    "));
  strictEqual(summary(put(bench, [...good, ...attribute(0x0401, 1, text("x"))])), "5/2600");
  strictEqual(summary(bench.run(readCdb(0, 0x0800))), "5/2400");
  strictEqual(summary(put(bench, good, { extra: 4 })), "GOOD");
  strictEqual(summary(put(bench, good, { extra: 3 })), "5/1a00");
  strictEqual(values(bench, 0x0800)[0].value.length, 8);
});

Deno.test("Volume coherency information is each partition's own, and goes with FORMAT MEDIUM", () => {
  const bench = new DriveBench({ capacityBytes: 1e10 });
  const page = [0x11, 0x0a, 3, 1, 0x38, 3, 9, 0, 0, 1, 0xff, 0xff];
  bench.ok([0x15, 0x10, 0, 0, 16], new Uint8Array([0, 0, 0x10, 0, ...page]));
  bench.ok([0x04, 0, 1]);
  for (const partition of [0, 1]) {
    const value = new Uint8Array(LTFS_COHERENCY).fill(partition + 1);
    strictEqual(summary(put(bench, attribute(0x080c, 0, value), { partition })), "GOOD");
  }
  for (const partition of [0, 1]) {
    const [found] = values(bench, 0x080c, partition);
    deepStrictEqual([found.value.length, found.value[0]], [LTFS_COHERENCY, partition + 1]);
  }
  bench.ok([0x04, 0, 1]);
  strictEqual(summary(bench.run(readCdb(0, 0x080c))), "5/2400");
  strictEqual(summary(bench.run(readCdb(0, 0, 100, 2))), "5/2400");
});

Deno.test("With HOLD the memory can be read, and nothing else of the cartridge", () => {
  const bench = new DriveBench();
  bench.ok([0x1b, 0, 0, 0, 0x09]);
  strictEqual(summary(bench.run([0x00])), "2/3a04");
  strictEqual(values(bench, 0x0401).length > 0, true);
  strictEqual(summary(bench.run([0x08, 0, 0, 0, 1])), "2/3a04");
  bench.ok([0x1b, 0, 0, 0, 0x01]);
  strictEqual(summary(bench.run([0x00])), "6/2800");
  bench.ok([0x00]);
  bench.drive.eject();
  strictEqual(summary(bench.run(readCdb(0, 0))), "2/3a00");
});

Deno.test("The cartridge remembers how often, and where, it was loaded", () => {
  const medium = new MemoryMedium();
  new DriveBench({ medium, serialNumber: "FIRST" }).drive.eject();
  const bench = new DriveBench({ medium, serialNumber: "SECOND" });
  strictEqual(values(bench, 0x0003)[0].value[7], 2);
  const drives = values(bench, 0x020a).slice(0, 2).map(({ value }) => {
    return new TextDecoder().decode(value.subarray(8)).trim();
  });
  deepStrictEqual(drives, ["SECOND", "FIRST"]);
});

Deno.test("The memory has the TapeAlert flags that are up", () => {
  const bench = new DriveBench();
  bench.drive.raiseTapeAlert(3);
  bench.drive.raiseTapeAlert(64);
  deepStrictEqual([...values(bench, 0x0002)[0].value], [0x20, 0, 0, 0, 0, 0, 0, 1]);
});

Deno.test("A drive without the feature does not have the commands", () => {
  const bench = new DriveBench({ personality: tapePersonalities["quantum-dlt8000"] });
  strictEqual(summary(bench.run(readCdb(0, 0))), "5/2000");
  strictEqual(summary(bench.run([0xa2])), "5/2000");
});

Deno.test("A cartridge knows its label, how often it was formatted, and what passed since the load", () => {
  const medium = new MemoryMedium({ barcode: "AB1234L8" });
  const bench = new DriveBench({ medium });
  const told = (id: number) => values(bench, id)[0].value;
  strictEqual(new TextDecoder().decode(told(0x0008)), "AB1234L8".padEnd(32));
  deepStrictEqual([...told(0x0007)], [0, 1]);
  bench.ok([0x04]);
  deepStrictEqual([...told(0x0007)], [0, 2]);
  for (let count = 0; count < 3; count++) bench.ok([0x0a, 0, 0x10], new Uint8Array(1 << 20));
  deepStrictEqual([told(0x0220)[7], told(0x0222)[7]], [3, 3]);
  bench.drive.insert(bench.drive.eject()!);
  bench.run([0x00]);
  deepStrictEqual([told(0x0220)[7], told(0x0222)[7]], [3, 0]);
});
