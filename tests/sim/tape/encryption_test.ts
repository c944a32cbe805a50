import { deepStrictEqual, notDeepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { TapMedium } from "../../../sim/images/tap_medium.ts";
import type { Nexus } from "../../../sim/device_server.ts";
import type { Medium } from "../../../sim/tape/medium.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { withImage } from "../images/scratch_folder.ts";
import { DriveBench, nexus, read, summary, u32, write, writeFilemarks } from "./drive_bench.ts";

const KEY = new Uint8Array(32).map((_, index) => index + 100);
const OTHER_KEY = KEY.map((byte) => byte ^ 0xff);

const [PUBLIC, LOCAL, ALL] = [0, 1, 2];
const [DISABLE, RAW, DECRYPT, MIXED] = [0, 1, 2, 3];
const ENCRYPT = 2;

interface Parameters {
  scope?: number;
  flags?: number;
  encrypt?: number;
  decrypt?: number;
  key?: Uint8Array;
  kads?: number[];
}

function setPage(parameters: Parameters): Uint8Array {
  const { scope = ALL, flags = 0, encrypt = ENCRYPT, decrypt = DECRYPT, key = KEY } = parameters;
  const { kads = [] } = parameters;
  const body = [
    ...[scope << 5, flags, encrypt, decrypt, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ...[0, key.length, ...key, ...kads],
  ];
  return new Uint8Array([0, 0x10, 0, body.length, ...body]);
}

function set(bench: DriveBench, parameters: Parameters, from?: Nexus): string {
  const list = setPage(parameters);
  const cdb = [0xb5, 0x20, 0, 0x10, 0, 0, ...u32(list.length)];
  return summary(bench.run(cdb, list, from));
}

function page(bench: DriveBench, code: number): Uint8Array {
  const data = bench.ok([0xa2, 0x20, 0, code, 0, 0, 0, 0, 0x10, 0]);
  strictEqual((data[0] << 8) | data[1], code);
  strictEqual((data[2] << 8) | data[3], data.length - 4);
  return data;
}

const TEXT = new TextEncoder().encode("a record that nobody else is to read");

/** A tape of one encrypted record and one in the clear. */
function mixedTape(medium: Medium = new MemoryMedium(), flags = 0): DriveBench {
  const bench = new DriveBench({ medium });
  strictEqual(set(bench, { flags }), "GOOD");
  bench.ok(write(TEXT.length), TEXT);
  strictEqual(set(bench, { encrypt: DISABLE, decrypt: DISABLE, key: new Uint8Array(0) }), "GOOD");
  bench.ok(write(TEXT.length), TEXT);
  bench.ok([0x01]);
  return bench;
}

/** Decryption mode and key; what the encrypted record and the one in the clear then come to. */
const READS: [string, Parameters, string, string][] = [
  ["disabled", { encrypt: DISABLE, decrypt: DISABLE, key: new Uint8Array(0) }, "7/7401", "GOOD"],
  ["the right key", { decrypt: DECRYPT }, "GOOD", "7/7402"],
  ["the wrong key", { decrypt: DECRYPT, key: OTHER_KEY }, "7/7403", "7/7402"],
  ["mixed, the right key", { decrypt: MIXED }, "GOOD", "GOOD"],
  ["mixed, the wrong key", { decrypt: MIXED, key: OTHER_KEY }, "7/7403", "GOOD"],
  ["raw, which is not enabled", { decrypt: RAW }, "7/740a", "GOOD"],
];

for (const [name, parameters, encrypted, clear] of READS) {
  Deno.test(`Decryption ${name}: ${encrypted} encrypted, ${clear} in the clear`, () => {
    const bench = mixedTape();
    strictEqual(set(bench, parameters), "GOOD");
    const first = bench.run(read(TEXT.length));
    strictEqual(summary(first).split(" ")[0], encrypted);
    if (encrypted === "GOOD") deepStrictEqual(new Uint8Array(first.data), TEXT);
    else {
      strictEqual(first.data.length, 0);
      strictEqual(bench.position().object, 0);
    }
    bench.locate(1);
    strictEqual(summary(bench.run(read(TEXT.length))).split(" ")[0], clear);
  });
}

Deno.test("A record on the tape is as long as it was, and not what it was; raw reads bring that", () => {
  const bench = mixedTape(new MemoryMedium(), 0x20);
  const [stored] = bench.drive.objects();
  if (stored.kind !== "record") throw new Error("The first object is no record");
  strictEqual(stored.data.length, TEXT.length);
  notDeepStrictEqual(new Uint8Array(stored.data), TEXT);
  strictEqual(set(bench, { decrypt: RAW }), "GOOD");
  deepStrictEqual(new Uint8Array(bench.ok(read(TEXT.length))), new Uint8Array(stored.data));
});

Deno.test("A short read of an encrypted record tells its length, and brings its beginning", () => {
  const bench = mixedTape();
  set(bench, { decrypt: DECRYPT });
  const answer = bench.run(read(8));
  strictEqual(summary(answer), `0/0000 ILI ${8 - TEXT.length}`);
  strictEqual(new TextDecoder().decode(answer.data), "a record");
});

Deno.test("The pages tell of algorithm, status, the next block, and the key that counts up", () => {
  const bench = mixedTape();
  deepStrictEqual(
    [...page(bench, 0x00).subarray(4)].filter((_, at) => at % 2 === 1),
    [0x00, 0x01, 0x10, 0x11, 0x12, 0x20, 0x21, 0x30],
  );
  deepStrictEqual([...page(bench, 0x01).subarray(4)], [0, 0x10]);
  const capabilities = page(bench, 0x10);
  deepStrictEqual([...capabilities.subarray(20 + 20)], [0, 1, 0, 0x14]);
  const before = page(bench, 0x20);
  set(bench, { decrypt: DECRYPT, kads: [1, 0, 0, 3, 7, 8, 9] });
  const status = page(bench, 0x20);
  deepStrictEqual([...status.subarray(4, 8)], [0x42, ENCRYPT, DECRYPT, 1]);
  strictEqual(status[11], before[11] + 1);
  deepStrictEqual([...status.subarray(24)], [1, 2, 0, 3, 7, 8, 9]);
  strictEqual(page(bench, 0x21)[12], 5);
  bench.locate(1);
  strictEqual(page(bench, 0x21)[12], 3);
  bench.locate(2);
  strictEqual(page(bench, 0x21)[12], 2);
  set(bench, { decrypt: DECRYPT, key: OTHER_KEY });
  bench.locate(0);
  strictEqual(page(bench, 0x21)[12], 6);
  strictEqual(page(bench, 0x30).length, 36);
  deepStrictEqual([...bench.ok([0xa2, 0, 0, 0, 0, 0, 0, 0, 1, 0])], [
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    2,
    0,
    0x20,
  ]);
});

Deno.test("Key-associated data stays with the record", () => {
  const bench = new DriveBench();
  set(bench, { kads: [0, 0, 0, 2, 5, 6, 1, 0, 0, 3, 7, 8, 9] });
  bench.ok(write(TEXT.length), TEXT);
  bench.locate(0);
  deepStrictEqual([...page(bench, 0x21).subarray(16)], [0, 1, 0, 2, 5, 6, 1, 2, 0, 3, 7, 8, 9]);
  deepStrictEqual(new Uint8Array(bench.ok(read(TEXT.length))), TEXT);
});

Deno.test("Scope: all is told to others and holds for them, local is one's own", () => {
  const bench = new DriveBench();
  const other = nexus("second");
  bench.drive.nexusEstablished(other);
  strictEqual(set(bench, { scope: ALL }), "GOOD");
  strictEqual(summary(bench.run([0x00], undefined, other)), "6/2a11");
  bench.run(write(TEXT.length), TEXT, other);
  strictEqual(set(bench, { scope: LOCAL, encrypt: DISABLE, decrypt: DISABLE }, other), "GOOD");
  bench.run(write(TEXT.length), TEXT, other);
  bench.ok([0x01]);
  strictEqual(summary(bench.run(read(TEXT.length))), "GOOD");
  strictEqual(summary(bench.run(read(TEXT.length))).split(" ")[0], "7/7402");
  strictEqual(set(bench, { scope: PUBLIC, encrypt: DISABLE, decrypt: DISABLE }), "GOOD");
  strictEqual(summary(bench.run([0x00], undefined, other)), "GOOD");
});

Deno.test("Keys go with the cartridge, with the reservation and with a reset, where that was asked for", () => {
  const isOn = (bench: DriveBench) => page(bench, 0x20)[5] === ENCRYPT;
  const demounted = new DriveBench();
  set(demounted, { flags: 0x04 });
  strictEqual(isOn(demounted), true);
  demounted.ok([0x1b]);
  strictEqual(isOn(demounted), false);
  const reserved = new DriveBench();
  strictEqual(set(reserved, { flags: 0x01 }), "5/2600");
  reserved.ok([0x16]);
  strictEqual(set(reserved, { flags: 0x01 }), "GOOD");
  reserved.ok([0x17]);
  strictEqual(isOn(reserved), false);
  const kept = new DriveBench();
  set(kept, {});
  kept.ok([0x1b]);
  strictEqual(isOn(kept), true);
  kept.drive.reset();
  kept.run([0x00]);
  strictEqual(isOn(kept), false);
});

Deno.test("SECURITY PROTOCOL OUT refuses what it does not understand", () => {
  const bench = new DriveBench();
  strictEqual(set(bench, { key: KEY.subarray(1) }), "5/2600");
  strictEqual(set(bench, { encrypt: 1 }), "5/2600");
  strictEqual(set(bench, { decrypt: 4 }), "5/2600");
  strictEqual(set(bench, { scope: 3 }), "5/2600");
  strictEqual(set(bench, { kads: [1, 0, 0, 13, ...Array(13).fill(0)] }), "5/2600");
  strictEqual(set(bench, { kads: [1, 0, 0, 13] }), "5/2600");
  strictEqual(
    summary(bench.run([0xb5, 0x20, 0, 0x10, 0, 0, 0, 0, 0, 30], new Uint8Array(8))),
    "5/1a00",
  );
  strictEqual(summary(bench.run([0xa2, 0x20, 0, 0x31, 0, 0, 0, 0, 1, 0])), "5/2400");
  strictEqual(summary(bench.run([0xa2, 0x40, 0, 0, 0, 0, 0, 0, 1, 0])), "5/2400");
});

Deno.test("An image keeps encrypted records readable with the key, and neither key nor text is in it", () =>
  withImage(async (path) => {
    const long = new Uint8Array(1_500_000).map((_, at) => at * 7);
    const bench = mixedTape(TapMedium.open(path));
    set(bench, { kads: [0, 0, 0, 1, 5] });
    bench.locate(2);
    bench.ok(write(long.length), long);
    bench.ok(write(3), new Uint8Array([1, 2, 3]));
    bench.ok(writeFilemarks(1));
    await bench.drive.close();
    const files = [path, `${path}.json`].map((file) => readFileSync(file));
    for (const secret of [KEY, TEXT]) {
      const found = files.map((bytes) => bytes.indexOf(secret));
      // The second record was written in the clear.
      strictEqual(found.filter((at) => at >= 0).length, secret === TEXT ? 1 : 0);
    }
    ok(files[0].indexOf(TEXT) > TEXT.length);
    const again = new DriveBench({ medium: TapMedium.open(path) });
    strictEqual(again.drive.objects().length, 5);
    set(again, { decrypt: MIXED });
    again.ok([0x01]);
    deepStrictEqual(new Uint8Array(again.ok(read(TEXT.length))), TEXT);
    again.locate(2);
    deepStrictEqual(new Uint8Array(again.ok(read(long.length))), long);
    deepStrictEqual([...again.ok(read(3))], [1, 2, 3]);
    await again.drive.close();
  }));

Deno.test("A record that was tampered with does not pass for what was written", () => {
  const medium = new MemoryMedium();
  const bench = mixedTape(medium);
  const [partition] = medium.partitions;
  partition.read(0, 100)[3] ^= 1;
  set(bench, { decrypt: DECRYPT });
  strictEqual(summary(bench.run(read(TEXT.length))).split(" ")[0], "7/7404");
});

/** How a reservation ends, by PERSISTENT RESERVE OUT: action, and whether the key is that of the registration. */
for (const [how, action] of [["RELEASE", 2], ["CLEAR", 3], ["a REGISTER of key 0", 0]] as const) {
  Deno.test(`A key that is cleared on reservation loss (CKORL) is gone after ${how}`, () => {
    const bench = new DriveBench();
    const reserveOut = (code: number, key: number, newKey = 0) => {
      const list = new Uint8Array(24);
      list[7] = key;
      list[15] = newKey;
      bench.ok([0x5f, code, 3, 0, 0, 0, 0, 0, 24], list);
    };
    reserveOut(0, 0, 1);
    reserveOut(1, 1);
    strictEqual(set(bench, { flags: 0x01 }), "GOOD");
    strictEqual(page(bench, 0x20)[5], ENCRYPT);
    reserveOut(action, 1);
    strictEqual(page(bench, 0x20)[5], DISABLE);
  });
}

Deno.test("A key that is cleared on reservation loss (CKORL) goes with the nexus that held a RESERVE", () => {
  const bench = new DriveBench();
  const other = nexus("second");
  bench.drive.nexusEstablished(other);
  const modeFor = (from: Nexus) =>
    bench.run([0xa2, 0x20, 0, 0x20, 0, 0, 0, 0, 0x10, 0], undefined, from);
  bench.ok([0x16]);
  strictEqual(set(bench, { flags: 0x01 }), "GOOD");
  bench.drive.nexusLost(bench.nexus);
  modeFor(other);
  modeFor(other);
  strictEqual(modeFor(other).data[5], DISABLE);
});
