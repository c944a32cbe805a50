import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { DriveBench, nexus, read, summary, tapeOf, write, writeFilemarks } from "./drive_bench.ts";

const TUR = [0x00];
const REWIND = [0x01];
const UNLOAD = [0x1b];
const LOAD = [0x1b, 0, 0, 0, 1];
const INQUIRY = [0x12, 0, 0, 0, 96];
const PREVENT = [0x1e, 0, 0, 0, 1];
const ALLOW = [0x1e, 0, 0, 0, 0];
const RESERVE = [0x16];
const RELEASE = [0x17];
const CONFLICT = "status 18";

function requestSense(bench: DriveBench, descriptor = false): string {
  const data = bench.ok([0x03, descriptor ? 1 : 0, 0, 0, 252]);
  return [...data.subarray(0, 14)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

Deno.test("A new nexus finds 29/00 once, before anything but INQUIRY and REQUEST SENSE", () => {
  const bench = new DriveBench({ unitAttentions: undefined });
  strictEqual(summary(bench.run(INQUIRY)), "GOOD");
  strictEqual(summary(bench.run([0xff])), "6/2900");
  strictEqual(summary(bench.run([0xff])), "5/2000");
  strictEqual(summary(bench.run(TUR)), "GOOD");
});

Deno.test("An initiator port that was away while the power was off finds 29/00; one that was there, 29/07 when it comes back", () => {
  const bench = new DriveBench({ unitAttentions: undefined });
  const present = nexus("present");
  bench.drive.nexusEstablished(present);
  bench.drive.nexusLost(bench.nexus);
  bench.drive.powerCycle();
  bench.drive.nexusLost(present);
  bench.drive.nexusEstablished(bench.nexus);
  bench.drive.nexusEstablished(present);
  deepStrictEqual(
    [bench.nexus, present].map((each) => summary(bench.run(TUR, undefined, each))),
    ["6/2900", "6/2907"],
  );
});

Deno.test("An initiator port that comes back finds 29/07", () => {
  const bench = new DriveBench({ unitAttentions: undefined });
  strictEqual(summary(bench.run(TUR)), "6/2900");
  bench.drive.nexusLost(bench.nexus);
  const again = nexus("first");
  bench.drive.nexusEstablished(again);
  strictEqual(summary(bench.run(TUR, undefined, again)), "6/2907");
  const other = nexus("second");
  bench.drive.nexusEstablished(other);
  strictEqual(summary(bench.run(TUR, undefined, other)), "6/2900");
});

Deno.test("The unit attentions of a nexus are settable, and come in order", () => {
  const newNexus = [{ asc: 0x29, ascq: 0x01 }, { asc: 0x28, ascq: 0x00 }];
  const bench = new DriveBench({ unitAttentions: { newNexus } });
  deepStrictEqual([1, 2, 3].map(() => summary(bench.run(TUR))), ["6/2901", "6/2800", "GOOD"]);
});

Deno.test("REQUEST SENSE gives a pending unit attention, once", () => {
  const bench = new DriveBench({ unitAttentions: undefined });
  strictEqual(requestSense(bench), "700006000000000a000000002900");
  strictEqual(requestSense(bench), "700000000000000a000000000000");
  bench.drive.eject();
  strictEqual(requestSense(bench, true), "72023a0000000000");
});

Deno.test("Changing the cartridge is told to every nexus", () => {
  const bench = new DriveBench();
  const other = nexus("second");
  bench.drive.nexusEstablished(other);
  strictEqual(bench.drive.eject() instanceof MemoryMedium, true);
  strictEqual(summary(bench.run(TUR)), "2/3a00");
  strictEqual(summary(bench.run(LOAD)), "2/3a00");
  bench.drive.insert(tapeOf([10]));
  strictEqual(summary(bench.run(TUR)), "6/2800");
  strictEqual(summary(bench.run(TUR, undefined, other)), "6/2800");
  strictEqual(summary(bench.run(read(10))), "GOOD");
});

Deno.test("UNLOAD takes the tape from the heads and LOAD brings it back to its beginning", () => {
  const bench = new DriveBench({ medium: tapeOf([10, 10]) });
  bench.locate(1);
  bench.ok(UNLOAD);
  for (const cdb of [TUR, REWIND, read(10), write(1), writeFilemarks(0), [0x34]]) {
    strictEqual(summary(bench.run(cdb, new Uint8Array(1))), "2/3a00");
  }
  strictEqual(bench.drive.position, undefined);
  bench.ok(UNLOAD);
  bench.ok(LOAD);
  strictEqual(summary(bench.run(TUR)), "6/2800");
  strictEqual(bench.position().object, 0);
});

Deno.test("A drive becomes ready after so many commands", () => {
  const bench = new DriveBench({ loadDelay: { commands: 3 } });
  bench.drive.insert(new MemoryMedium());
  const answers = Array.from({ length: 5 }, () => summary(bench.run(TUR)));
  deepStrictEqual(answers, ["6/2800", "2/0401", "2/0401", "2/0401", "GOOD"]);
});

Deno.test("A drive becomes ready after a time of its clock", () => {
  let now = 1000;
  const bench = new DriveBench({ loadDelay: { milliseconds: 50 }, clock: () => now });
  strictEqual(summary(bench.run(TUR)), "GOOD");
  bench.drive.insert(new MemoryMedium());
  strictEqual(summary(bench.run(TUR)), "6/2800");
  now += 49;
  strictEqual(summary(bench.run(TUR)), "2/0401");
  now += 1;
  strictEqual(summary(bench.run(TUR)), "GOOD");
});

Deno.test("Any nexus that prevents removal keeps the cartridge in, until it is gone", () => {
  const bench = new DriveBench();
  const other = nexus("second");
  bench.drive.nexusEstablished(other);
  bench.run(TUR, undefined, other);
  bench.ok(PREVENT);
  bench.run(PREVENT, undefined, other);
  bench.ok(ALLOW);
  strictEqual(summary(bench.run(UNLOAD)), "5/5302");
  bench.drive.nexusLost(other);
  strictEqual(summary(bench.run(UNLOAD)), "GOOD");
});

Deno.test("A reservation keeps the others out until it is released or its nexus is gone", () => {
  const bench = new DriveBench();
  const other = nexus("second");
  const asOther = (cdb: number[]) => summary(bench.run(cdb, undefined, other));
  bench.drive.nexusEstablished(other);
  bench.ok(RESERVE);
  deepStrictEqual([TUR, RESERVE, PREVENT, [0xff]].map(asOther), Array(4).fill(CONFLICT));
  deepStrictEqual([INQUIRY, RELEASE, ALLOW, [0x05]].map(asOther), Array(4).fill("GOOD"));
  strictEqual(asOther(TUR), CONFLICT);
  bench.ok(RELEASE);
  strictEqual(asOther(TUR), "GOOD");
  bench.ok([0x56]);
  bench.drive.nexusLost(bench.nexus);
  strictEqual(asOther(TUR), "GOOD");
});

Deno.test("A power-on unit attention goes before a reservation conflict", () => {
  const bench = new DriveBench();
  bench.ok(RESERVE);
  const other = nexus("second");
  bench.drive.nexusEstablished(other);
  bench.drive.raiseUnitAttention(0x29, 0x00);
  strictEqual(summary(bench.run(TUR, undefined, other)), "6/2900");
  strictEqual(summary(bench.run(TUR, undefined, other)), CONFLICT);
});

Deno.test("LOGICAL UNIT RESET rewinds, drops reservation and settings, and is told", () => {
  const bench = new DriveBench({ medium: tapeOf([10, 10]) });
  const other = nexus("second");
  bench.drive.nexusEstablished(other);
  bench.setBlockBytes(512);
  bench.ok(RESERVE);
  bench.ok(PREVENT);
  bench.locate(2);
  bench.drive.reset();
  strictEqual(summary(bench.run(TUR)), "6/2903");
  strictEqual(bench.position().object, 0);
  strictEqual(summary(bench.run(read(1, { fixed: true }))), "5/2400 1");
  deepStrictEqual([1, 2, 3].map(() => summary(bench.run(TUR, undefined, other))), [
    "6/2903",
    "6/2a01",
    "GOOD",
  ]);
  bench.ok(UNLOAD);
});

Deno.test("LOGICAL UNIT RESET may leave the tape where it is", () => {
  const bench = new DriveBench({ medium: tapeOf([10, 10]), rewindOnReset: false });
  bench.locate(2);
  bench.drive.reset();
  strictEqual(summary(bench.run(TUR)), "6/2903");
  strictEqual(bench.position().object, 2);
});

Deno.test("A write-protected tape is read but not written", () => {
  const protectors = [
    { writeProtected: true, medium: tapeOf([10]) },
    { medium: tapeOf([10], new MemoryMedium({ writeProtected: true })) },
  ];
  for (const options of protectors) {
    const bench = new DriveBench(options);
    for (const cdb of [write(1), writeFilemarks(1), [0x19]]) {
      strictEqual(summary(bench.run(cdb, new Uint8Array(1))), "7/2700");
    }
    strictEqual(summary(bench.run(writeFilemarks(0))), "GOOD");
    strictEqual(summary(bench.run(read(10))), "GOOD");
    strictEqual(bench.ok([0x1a, 8, 0, 0, 255])[2], 0x90);
    strictEqual(bench.drive.objects().length, 1);
  }
});

Deno.test("Software write protection is its own condition", () => {
  const bench = new DriveBench();
  const page = [0x0a, 0x0a, 0, 0, 0x08, 0, 0, 0, 0, 0, 0, 0];
  bench.ok([0x15, 0x10, 0, 0, 16], new Uint8Array([0, 0, 0x10, 0, ...page]));
  strictEqual(summary(bench.run(write(1), new Uint8Array(1))), "7/2702");
});

Deno.test("Unit attentions wait in the order of their precedence, one of each", () => {
  const bench = new DriveBench();
  const kinds = [[0x3f, 0x01], [0x2a, 0x01], [0x28, 0x00], [0x2a, 0x10], [0x29, 0x00], [
    0x28,
    0x00,
  ]];
  for (const [asc, ascq] of kinds) bench.drive.raiseUnitAttention(asc, ascq);
  deepStrictEqual(
    Array.from({ length: 6 }, () => summary(bench.run(TUR))),
    ["6/2900", "6/2800", "6/2a01", "6/2a10", "6/3f01", "GOOD"],
  );
});
