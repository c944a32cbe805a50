import assert from "node:assert/strict";
import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import { tapePersonalities } from "../../sim/personality.ts";
import { MediumError, TapeError, WriteProtectedError } from "../../tape/errors.ts";
import { RemovalPreventedError, UnsupportedError } from "../../tape/feature_errors.ts";
import { decodeDensities, densityName } from "../../tape/density.ts";
import { hex } from "../scsi/fake_unit.ts";
import { numbered, openSim } from "./drive_setup.ts";
import { check, good, script, UNKNOWN_COMMAND } from "./scripted.ts";

const DLT = { personality: tapePersonalities["quantum-dlt8000"] };

function isInvalid(error: unknown): boolean {
  return error instanceof TapeError && error.kind === "invalid-argument";
}

Deno.test("Programmable early warning comes once, and as far before the end as it was set", async () => {
  const { drive } = await openSim({ capacityBytes: 20e6, earlyWarningBytes: 2e6 });
  await drive.rewind();
  assert.equal(await drive.earlyWarning(), 0);
  await drive.setEarlyWarning(7_000_001);
  assert.equal(await drive.earlyWarning(), 8e6);
  const warned: number[] = [];
  for (let written = 1; written <= 17; written++) {
    const { programmableEarlyWarning } = await drive.write(new Uint8Array(1e6));
    if (programmableEarlyWarning) warned.push(written);
  }
  assert.deepEqual(warned, [10]);
  await assert.rejects(drive.setEarlyWarning(-1), isInvalid);
  await assert.rejects(drive.setEarlyWarning(65_536e6), isInvalid);
  await drive.close();
});

Deno.test("In append-only mode a drive overwrites only where it is allowed to", async () => {
  const { unit, drive } = await openSim();
  await drive.rewind();
  for (let i = 1; i <= 4; i++) await drive.write(numbered(i));
  await drive.rewind();
  await drive.setAppendOnly(true);
  assert.equal(await drive.appendOnly(), true);
  await assert.rejects(drive.write(numbered(2)), WriteProtectedError);
  await drive.rewind();
  await drive.allowOverwrite("here");
  await drive.write(numbered(3));
  const allow = unit.drive.commands.find(({ cdb }) => cdb[0] === 0x82);
  assert.deepEqual(allow?.cdb, hex("82 00 01 00 0000000000000000 00000000"));
  assert.equal((await drive.mediumProtection()).appendOnly, true);
  await drive.close();
});

Deno.test("allowOverwrite() names the caller's place, not where read-ahead has brought the tape", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 4 });
  await drive.rewind();
  for (let i = 0; i < 8; i++) await drive.write(numbered(i));
  await drive.rewind();
  await drive.setAppendOnly(true);
  await drive.read();
  await drive.read();
  await drive.allowOverwrite("here");
  const allow = unit.drive.commands.findLast(({ cdb }) => cdb[0] === 0x82);
  assert.equal(allow?.cdb[11], 2);
  await drive.close();
});

Deno.test("mediumProtection() tells write-once tapes and protected ones apart", async () => {
  const worm = await openSim({ medium: new MemoryMedium({ worm: true }) });
  assert.equal((await worm.drive.mediumProtection()).writeOnce, true);
  await worm.drive.close();
  const tab = await openSim({ medium: new MemoryMedium({ writeProtected: true }) });
  const { writeProtected, writeOnce, takesWriteOnce } = await tab.drive.mediumProtection();
  assert.deepEqual([writeProtected, writeOnce, takesWriteOnce], [true, false, true]);
  await tab.drive.close();
});

Deno.test("A tape is not write-once when the drive says elsewhere that it takes none", async () => {
  const { unit, drive } = await openSim({ medium: new MemoryMedium({ worm: true }) });
  unit.intercept = (command) => {
    const { cdb } = command;
    const isAsked = cdb[0] === 0x12 && cdb[1] === 1 && cdb[2] === 0xb0;
    return isAsked ? Promise.resolve(good(hex("01 b0 0002 0000"))(command)) : undefined;
  };
  const { writeOnce, takesWriteOnce } = await drive.mediumProtection();
  assert.deepEqual([writeOnce, takesWriteOnce], [false, false]);
  await drive.close();
});

Deno.test("mediumProtection() reads every kind of protection where the pages have it", async () => {
  const { unit, drive } = await openSim();
  unit.intercept = (command) => {
    const { cdb } = command;
    if (cdb[0] !== 0x1a) return undefined;
    const page = cdb[2] & 0x3f;
    if (page === 0x10 && cdb[3] === 0) {
      return Promise.resolve(
        good(hex("13 00 90 00 10 0e 00 00 0000 0000 00 00 00 000000 00 07"))(command),
      );
    }
    return page === 0x0a
      ? Promise.resolve(good(hex("0f 00 90 00 0a 0a 00 00 08 00 0000 0000 0000"))(command))
      : undefined;
  };
  const { bySoftware, untilUnload, persistently, permanently } = await drive.mediumProtection();
  assert.deepEqual([bySoftware, untilUnload, persistently, permanently], [true, true, true, true]);
  unit.intercept = undefined;
  await drive.close();
});

Deno.test("setCapacity() makes the tape hold a part, at its beginning, and refuses what is no part", async () => {
  const { unit, drive } = await openSim({ capacityBytes: 100e6 });
  await drive.write(numbered(1));
  await drive.setCapacity(0.5);
  assert.equal((await drive.position()).object, 0);
  const { maximumBytes } = await drive.capacity();
  assert.ok(Math.abs(maximumBytes! - 50e6) <= 1e6);
  assert.deepEqual(
    unit.drive.commands.find(({ cdb }) => cdb[0] === 0x0b)?.cdb,
    hex("0b 00 00 8000 00"),
  );
  for (const proportion of [0, 1.01, -1, NaN]) {
    await assert.rejects(drive.setCapacity(proportion), isInvalid);
  }
  await drive.close();
});

Deno.test("lock() keeps the tape in, and unlock() lets it go", async () => {
  const { drive } = await openSim();
  await drive.lock();
  await assert.rejects(drive.unload(), RemovalPreventedError);
  await drive.unlock();
  await drive.unload();
  await drive.close();
});

Deno.test("After a reset the tape is locked again, unless it was unlocked", async () => {
  const { unit, drive } = await openSim();
  await drive.lock();
  unit.drive.reset();
  await assert.rejects(drive.write(numbered(1)));
  await assert.rejects(drive.unload(), RemovalPreventedError);
  await drive.unlock();
  unit.drive.reset();
  await assert.rejects(drive.rewind());
  await drive.unload();
  await drive.close();
});

Deno.test("hold() reaches the cartridge's memory without threading it, and load() threads it", async () => {
  const { drive } = await openSim({ medium: new MemoryMedium({ barcode: "ABC123L8" }) });
  await drive.unload();
  await drive.hold();
  assert.equal(await drive.attributes.get("barcode"), "ABC123L8");
  await assert.rejects(drive.write(numbered(1)), TapeError);
  await drive.load();
  await drive.write(numbered(1));
  await drive.close();
});

Deno.test("The drive's clock is set, and asked for", async () => {
  const { drive } = await openSim();
  await drive.setTimestamp(new Date(1_700_000_000_123));
  assert.deepEqual(await drive.timestamp(), { ms: 1_700_000_000_123, origin: "set-timestamp" });
  await drive.close();
});

Deno.test("setDensity() leaves block size and buffering alone, and is not taken for granted", async () => {
  const { unit, drive } = await openSim();
  await drive.setBlockSize(1024);
  const { densityCode = 0 } = await drive.status();
  await drive.setDensity(densityCode);
  assert.equal(await drive.blockSize(), 1024);
  const header = "0b 58 10 08";
  const seen = script(unit, { 0x1a: [good(hex(`${header} 5e 000000 00 000400`))], 0x15: [good()] });
  await assert.rejects(drive.setDensity(0x5c), UnsupportedError);
  assert.deepEqual(
    seen.find(({ cdb }) => cdb[0] === 0x15)?.dataOut,
    hex("00 58 10 08 5c 000000 00 000400"),
  );
  await drive.setDensity(0);
  await assert.rejects(drive.setDensity(0x7f), isInvalid);
  unit.intercept = undefined;
  await drive.close();
});

Deno.test("Density descriptors are walked by their own lengths, and names depend on the vendor", () => {
  const text = (value: string, length: number) =>
    Array.from(value.padEnd(length), (each) => each.charCodeAt(0).toString(16)).join("");
  const names = `${text("LTO-CVE", 8)} ${text("U-832", 8)} ${text("Ultrium 8/32T", 20)}`;
  const one = (flags: string, length: string, more: string) =>
    `5e 5e ${flags} ${length} 0050bd 007f 1a00 00b71b00 ${names} ${more}`;
  const bytes = hex(`006e 0000 ${one("a1", "0033", "00000000")} ${one("a0", "0000", "")}`);
  const densities = decodeDensities(bytes);
  assert.deepEqual(densities.map(({ name, writable, widthMm }) => [name, writable, widthMm]), [
    ["U-832", true, 12.7],
    ["U-832", true, 12.7],
  ]);
  assert.equal(densityName(0x48, "HP"), "DAT-160");
  assert.equal(densityName(0x48, "QUANTUM"), "SDLT 220");
  assert.equal(densityName(0x32, "SONY"), "AIT-3");
  assert.equal(densityName(0x10, "ARCHIVE"), "QIC-150");
  assert.equal(densityName(0x40, "IBM"), "LTO-1");
});

Deno.test("mediumTypes() tells the cartridges that the drive takes, and which is loaded", async () => {
  const { drive } = await openSim({ personality: tapePersonalities["ibm-ult3580-td9"] });
  const types = await drive.mediumTypes();
  assert.ok(types.some(({ code }) => code === 0x98) && types.some(({ code }) => code === 0x9c));
  const [loaded, ...others] = await drive.mediumTypes({ media: true });
  assert.deepEqual([loaded.code, loaded.densityCodes, loaded.name], [0x98, [0x60], "U-932"]);
  assert.equal(others.length, 0);
  await drive.close();
});

Deno.test("What an old drive does not have is unsupported, each by its name", async () => {
  const { unit, drive } = await openSim(DLT);
  const features: [string, () => Promise<unknown>][] = [
    ["programmable early warning", () => drive.earlyWarning()],
    ["append-only mode", () => drive.appendOnly()],
    ["ALLOW OVERWRITE", () => drive.allowOverwrite("format")],
    [
      "recommended access order",
      () => drive.recommendedOrder([{ first: 0, last: 1 }, { first: 2, last: 3 }]),
    ],
    ["encryption", () => drive.encryption.status()],
    ["medium auxiliary memory", () => drive.attributes.list()],
    ["logical block protection", () => drive.protection.status()],
    ["logical block protection", () => drive.protection.disable()],
    ["READ REVERSE", () => drive.readReverse()],
    ["READ(16)", () => drive.readAt(0)],
    ["WRITE(16)", () => drive.writeAt(0, numbered(1))],
  ];
  for (const [feature, use] of features) {
    await assert.rejects(use(), (error) => {
      assert.ok(error instanceof UnsupportedError, `${feature}: ${error}`);
      assert.equal(error.feature, feature);
      assert.ok(error.cause === undefined || error.cause instanceof TapeError);
      return true;
    });
  }
  script(unit, {
    0xa3: [UNKNOWN_COMMAND],
    0x13: [UNKNOWN_COMMAND],
    0x1d: [check({ key: 5, asc: 0x24, ascq: 0 })],
  });
  await assert.rejects(drive.timestamp(), UnsupportedError);
  await assert.rejects(drive.supportedCommands(), UnsupportedError);
  await assert.rejects(drive.verify("end-of-data"), UnsupportedError);
  await assert.rejects(drive.selfTest(5), UnsupportedError);
  unit.intercept = undefined;
  await drive.write(numbered(1));
  await drive.close();
});

Deno.test("status() tells of a cartridge whose format the drive does not know; reading and writing it fails", async () => {
  const { drive } = await openSim({
    personality: tapePersonalities["ibm-ult3580-td5"],
    medium: new MemoryMedium({ densityCode: 0x5e }),
  });
  const { ready, densityCode, densityName } = await drive.status();
  assert.deepEqual([ready, densityCode, densityName], [true, 0x5e, "LTO-8"]);
  await assert.rejects(drive.read(), MediumError);
  await drive.rewind();
  await assert.rejects(
    drive.write(new Uint8Array(10)),
    ({ asc, ascq }: TapeError) => asc === 0x30 && ascq === 0x05,
  );
  await drive.close();
});
