import assert from "node:assert/strict";
import { createContext, runInContext } from "node:vm";
import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import { TapeError } from "../../tape/errors.ts";
import { UnsupportedError } from "../../tape/feature_errors.ts";
import { hex } from "../scsi/fake_unit.ts";
import { openSim } from "./drive_setup.ts";
import { good, script, UNKNOWN_COMMAND } from "./scripted.ts";

function isInvalid(error: unknown): boolean {
  return error instanceof TapeError && error.kind === "invalid-argument";
}

Deno.test("Attributes are set and read by name, padded as the standard has them", async () => {
  const { drive } = await openSim();
  await drive.attributes.set({ applicationVendor: "UISCSI", dateLastWritten: "202601021504" });
  assert.equal(await drive.attributes.get("applicationVendor"), "UISCSI");
  assert.equal(await drive.attributes.get(0x0804), "202601021504");
  await drive.close();
});

Deno.test("What is sent is one list: ASCII padded with spaces, text with NULs, and UTF-8 said to be so", async () => {
  const { unit, drive } = await openSim();
  const seen = script(unit, { 0x8d: [good()] });
  await drive.attributes.set({ applicationVersion: "1.0", userMediumTextLabel: "Bänder" });
  const [{ dataOut, cdb }] = seen;
  assert.equal(cdb[1], 0x01, "write through to the cartridge");
  const label = "42c3a46e646572" + "00".repeat(153);
  assert.deepEqual(
    dataOut,
    hex(`000000b8 0802 01 0008 312e302020202020 0803 02 00a0 ${label} 0805 00 0001 81`),
  );
  await drive.close();
});

Deno.test("The bytes of an attribute may be of every kind of array, and of another realm", async () => {
  const { drive } = await openSim();
  const other = runInContext("new Uint8Array([5, 6])", createContext()) as Uint8Array;
  for (const bytes of [other, new Uint8ClampedArray([7, 8]), new Int8Array([-1, 9])]) {
    await drive.attributes.set({ mediaPoolGuid: bytes as unknown as Uint8Array }, { unsafe: true });
    assert.deepEqual(await drive.attributes.get("mediaPoolGuid"), Uint8Array.from(bytes));
  }
  await drive.close();
});

Deno.test("list() names what is there, numbers as numbers, unknown ones as absent", async () => {
  const { unit, drive } = await openSim({ medium: new MemoryMedium({ barcode: "ABC123L9" }) });
  const all = await drive.attributes.list();
  const byName = new Map(all.map((each) => [each.name, each]));
  assert.equal(byName.get("loadCount")?.value, 1);
  assert.equal(byName.get("remainingCapacity")?.unit, "MiB");
  assert.equal(byName.get("barcode")?.value, "ABC123L9");
  script(unit, {
    0x8c: [
      good(
        hex("0000001f 0000 80 0008 ffffffffffffffff 1234 80 0003 010203 0803 02 0005 4100420000"),
      ),
    ],
  });
  assert.deepEqual(await drive.attributes.list(), [
    { id: 0, name: "remainingCapacity", writable: false, unit: "MiB" },
    { id: 0x1234, writable: false, value: 0x010203 },
    { id: 0x0803, name: "userMediumTextLabel", writable: true, value: "A" },
  ]);
  await drive.close();
});

Deno.test("Attributes of the drive, and those that other software relies on, are not written by accident", async () => {
  const { unit, drive } = await openSim();
  await assert.rejects(drive.attributes.set({ loadCount: 1 }), isInvalid);
  await assert.rejects(drive.attributes.set({ loadCount: 1 }, { unsafe: true }), isInvalid);
  await assert.rejects(drive.attributes.set({ volumeLocked: 1 }), isInvalid);
  await assert.rejects(drive.attributes.set({ nothing: 1 }), isInvalid);
  await assert.rejects(drive.attributes.set({ barcode: "ä" }), isInvalid);
  await assert.rejects(drive.attributes.set({ barcode: "x".repeat(33) }), isInvalid);
  await assert.rejects(drive.attributes.set({ barcode: 5 }), isInvalid);
  await assert.rejects(drive.attributes.set({ loadUnloadAtPartition: 256 }), isInvalid);
  assert.ok(!unit.opcodes().includes(0x8d), "nothing was sent");
  await drive.attributes.set({ volumeLocked: 1 }, { unsafe: true });
  assert.equal(await drive.attributes.get("volumeLocked"), 1);
  assert.ok(!drive.attributes.writableNames.includes("volumeCoherency"));
  assert.ok(drive.attributes.writableNames.includes("barcode"));
  await drive.close();
});

Deno.test("remove() deletes an attribute", async () => {
  const { drive } = await openSim();
  await drive.attributes.set({ owningHost: "host" });
  await drive.attributes.remove(["owningHost"]);
  assert.equal(await drive.attributes.get("owningHost"), undefined);
  await drive.close();
});

Deno.test("A drive without cartridge memory says so", async () => {
  const { unit, drive } = await openSim();
  script(unit, { 0x8c: [UNKNOWN_COMMAND], 0x8d: [UNKNOWN_COMMAND] });
  await assert.rejects(drive.attributes.list(), UnsupportedError);
  await assert.rejects(drive.attributes.set({ barcode: "X" }), UnsupportedError);
  await drive.close();
});

Deno.test("A partition that the tape does not have is told as that", async () => {
  const { unit, drive } = await openSim();
  const isNoSuchPartition = (error: unknown) =>
    error instanceof UnsupportedError && error.feature === "partitions" &&
    /partition 7 .*the tape has no such partition$/.test(error.message);
  const partition = 7;
  await assert.rejects(drive.attributes.list({ partition }), isNoSuchPartition);
  await assert.rejects(drive.attributes.set({ barcode: "X" }, { partition }), isNoSuchPartition);
  await assert.rejects(drive.attributes.remove(["barcode"], { partition }), isNoSuchPartition);
  script(unit, { 0x8c: [UNKNOWN_COMMAND, UNKNOWN_COMMAND] });
  await assert.rejects(
    drive.attributes.list({ partition }),
    (error) => error instanceof UnsupportedError && error.feature === "medium auxiliary memory",
  );
  await drive.close();
});
