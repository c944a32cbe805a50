import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { decodeSense } from "../../../scsi/sense.ts";
import { tapePersonalities } from "../../../sim/personality.ts";
import { SimulatedDrive, type SimulatedDriveOptions } from "../../../sim/tape/drive.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { VirtualClock } from "../../../sim/tape/virtual_clock.ts";
import { openTape } from "../../../mod.ts";
import { loopbackTarget } from "../../../sim/target/loopback_target.ts";
import { nexus, space, tapeOf, u32, write } from "./drive_bench.ts";

/** A drive on a virtual clock. */
class TimedBench {
  readonly clock = new VirtualClock();
  readonly nexus = nexus("first");
  readonly drive: SimulatedDrive;

  constructor(options: SimulatedDriveOptions = {}, scale = 1) {
    const { now, wait } = this.clock;
    this.drive = new SimulatedDrive({
      medium: tapeOf(Array(100).fill(1000)),
      personality: tapePersonalities["ibm-ult3580-td8"],
      capacityBytes: 200_000,
      unitAttentions: { newNexus: [] },
      clock: now,
      timing: { scale, wait },
      ...options,
    });
    this.drive.nexusEstablished(this.nexus);
  }

  /** What the command came to, and how many seconds it took. */
  async run(
    cdb: readonly number[],
    dataOut: Uint8Array = new Uint8Array(0),
  ): Promise<[string, number]> {
    const padded = new Uint8Array(16);
    padded.set(cdb);
    const before = this.clock.now();
    const result = await this.drive.execute({ cdb: padded, dataOut, nexus: this.nexus });
    const { key, asc, ascq } = decodeSense(result.sense ?? new Uint8Array(0));
    const hex = (byte: number) => byte.toString(16).padStart(2, "0");
    const text = result.status === 0 ? "GOOD" : `${key.toString(16)}/${hex(asc)}${hex(ascq)}`;
    return [text, (this.clock.now() - before) / 1000];
  }

  async ok(cdb: readonly number[], dataOut?: Uint8Array): Promise<number> {
    const [text, seconds] = await this.run(cdb, dataOut);
    strictEqual(text, "GOOD");
    return seconds;
  }

  /** What REQUEST SENSE says: key, codes, progress in percent. */
  async progress(): Promise<[string, number | undefined]> {
    const cdb = new Uint8Array([0x03, 0, 0, 0, 252, 0]);
    const { dataIn = new Uint8Array(0) } = await this.drive.execute({
      cdb,
      dataOut: new Uint8Array(0),
      nexus: this.nexus,
    });
    const { key, asc, ascq, senseKeySpecific } = decodeSense(dataIn);
    const progress = senseKeySpecific?.kind === "progress" ? senseKeySpecific.progress : undefined;
    const percent = progress === undefined ? undefined : Math.round(progress * 100);
    return [`${key}/${asc.toString(16)}/${ascq.toString(16)}`, percent];
  }
}

const TUR = [0x00];
const REWIND = [0x01];
const [REWIND_IMMED, ERASE_LONG_IMMED] = [[0x01, 1], [0x19, 3]];
const LOAD = [0x1b, 0, 0, 0, 1];
const UNLOAD = [0x1b];

function locate(object: number, immed = 0): number[] {
  return [0x2b, immed, 0, ...u32(object)];
}

Deno.test("Without timing nothing takes time, and commands are answered at once", async () => {
  const bench = new TimedBench({ timing: undefined });
  strictEqual(await bench.ok(locate(90)), 0);
  strictEqual(await bench.ok(REWIND), 0);
});

Deno.test("Locating, spacing and rewinding take the longer the farther, and no time to where the tape is", async () => {
  const bench = new TimedBench();
  strictEqual(await bench.ok(REWIND), 0);
  const far = await bench.ok(locate(37));
  ok(far > 2 && far < 95, `${far} s`);
  const near = await bench.ok(space(0, 1));
  ok(near < 60);
  strictEqual(await bench.ok(locate(38)), 0);
  const back = await bench.ok(REWIND);
  ok(back > 2 && back < 95, `${back} s`);
});

Deno.test("Loading and unloading take the model's time, scaled", async () => {
  for (const scale of [1, 0.1]) {
    const bench = new TimedBench({}, scale);
    const unloading = await bench.ok(UNLOAD);
    ok(Math.abs(unloading - 17 * scale) < 1e-9);
    const loading = await bench.ok(LOAD);
    ok(Math.abs(loading - 15 * scale) < 1e-9);
  }
});

Deno.test("Writing goes at the native rate", async () => {
  const bench = new TimedBench({ medium: new MemoryMedium(), capacityBytes: 1e9 });
  const seconds = await bench.ok(write(3_600_000), new Uint8Array(3_600_000));
  ok(Math.abs(seconds - 0.01) < 1e-6, `${seconds} s`);
});

Deno.test("An immediate REWIND goes on: other motions are refused, REQUEST SENSE tells how far it is", async () => {
  const bench = new TimedBench();
  await bench.ok(locate(37));
  strictEqual(await bench.ok(REWIND_IMMED), 0);
  const [code, percent] = await bench.progress();
  strictEqual(code, "0/0/1a");
  strictEqual(percent, 0);
  deepStrictEqual(await bench.run(locate(5)), ["2/0407", 0]);
  bench.clock.advance(100_000);
  deepStrictEqual(await bench.progress(), ["0/0/0", undefined]);
  deepStrictEqual(await bench.run(TUR), ["GOOD", 0]);
  strictEqual(bench.drive.position?.object, 0);
});

Deno.test("An immediate long erase shows its progress from 0 to the end", async () => {
  const bench = new TimedBench({ medium: new MemoryMedium(), capacityBytes: 3.6e9 });
  await bench.ok(ERASE_LONG_IMMED);
  const seen: unknown[] = [];
  for (let second = 0; second <= 10; second += 5) {
    seen.push(await bench.progress());
    bench.clock.advance(5000);
  }
  deepStrictEqual(seen, [["0/0/18", 0], ["0/0/18", 50], ["0/0/0", undefined]]);
});

Deno.test("An immediate load, locate and format say what they are at", async () => {
  const bench = new TimedBench();
  await bench.ok(locate(37, 1));
  strictEqual((await bench.progress())[0], "0/0/19");
  bench.clock.advance(100_000);
  await bench.ok(REWIND);
  await bench.ok([0x04, 1, 0]);
  deepStrictEqual(await bench.run(TUR), ["2/0404", 0]);
  strictEqual((await bench.progress())[0], "2/4/4");
  bench.clock.advance(100_000);
  await bench.ok(UNLOAD);
  await bench.ok([0x1b, 1, 0, 0, 1]);
  deepStrictEqual(await bench.run(TUR), ["6/2800", 0]);
  deepStrictEqual(await bench.run(TUR), ["2/0401", 0]);
  strictEqual((await bench.progress())[0], "2/4/1");
  bench.clock.advance(15_000);
  deepStrictEqual(await bench.run(TUR), ["GOOD", 0]);
});

Deno.test("What is refused takes no time, a motion that is stopped takes that of its way", async () => {
  const bench = new TimedBench();
  await bench.ok(locate(37));
  bench.drive.raiseUnitAttention(0x2a, 0x01);
  deepStrictEqual(await bench.run(REWIND), ["6/2a01", 0]);
  const [text, seconds] = await bench.run(locate(5000));
  strictEqual(text, "8/0005");
  ok(seconds > 2);
});

Deno.test("A reset ends what goes on", async () => {
  const bench = new TimedBench();
  await bench.ok(ERASE_LONG_IMMED);
  bench.drive.reset();
  deepStrictEqual(await bench.run(TUR), ["6/2903", 0]);
  deepStrictEqual(await bench.run(TUR), ["GOOD", 0]);
});

Deno.test("While an immediate operation goes on the cartridge stays where it is, unless it is taken out", async () => {
  const bench = new TimedBench();
  await bench.ok(ERASE_LONG_IMMED);
  deepStrictEqual(await bench.run(UNLOAD), ["2/0407", 0]);
  deepStrictEqual(await bench.run(LOAD), ["2/0407", 0]);
  deepStrictEqual(await bench.progress(), ["0/0/18", 0]);
  bench.drive.insert(new MemoryMedium());
  deepStrictEqual(await bench.run(TUR), ["6/2800", 0]);
  deepStrictEqual(await bench.run(TUR), ["GOOD", 0], "the erase has gone with its cartridge");
  deepStrictEqual(await bench.progress(), ["0/0/0", undefined]);
});

Deno.test("A program reaches a drive that takes its time over iSCSI, and waits for it", async () => {
  const clock = new VirtualClock();
  const device = new SimulatedDrive({
    medium: new MemoryMedium(),
    capacityBytes: 100_000,
    clock: clock.now,
    timing: { wait: clock.wait },
  });
  const target = await loopbackTarget({
    targetName: "iqn.2026-03.com.example:tape",
    units: [{ lun: 0, device }],
  });
  try {
    const drive = await openTape(target.urls[0], { dial: target.dial, readAhead: 4 });
    for (let record = 0; record < 50; record++) {
      await drive.write(new Uint8Array(1000).fill(record));
    }
    await drive.writeFilemarks();
    const written = clock.now();
    await drive.rewind();
    ok(clock.now() - written > 2000, "rewinding takes more than the 2 s of its turn");
    for (let record = 0; record < 50; record++) {
      const result = await drive.read();
      strictEqual(result.kind === "record" && result.data[0], record);
    }
    await drive.close();
  } finally {
    await target.close();
  }
});
