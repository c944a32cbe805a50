import assert from "node:assert/strict";
import { crc32c } from "../../scsi/crc32c.ts";
import type { ScsiCommand } from "../../scsi/logical_unit.ts";
import { TapeError } from "../../tape/errors.ts";
import { BlockProtectionError, UnsupportedError } from "../../tape/feature_errors.ts";
import { Random, seed } from "../scsi/random.ts";
import { hex } from "../scsi/fake_unit.ts";
import { openSim } from "./drive_setup.ts";
import { check, good, script } from "./scripted.ts";
import type { SimUnit } from "./sim_unit.ts";

/** Changes what READs bring. */
function damageReads(unit: SimUnit, damage: (data: Uint8Array) => void): void {
  unit.intercept = (command) => {
    if (command.cdb[0] !== 0x08) return undefined;
    unit.intercept = undefined;
    return unit.execute(command).then((result) => {
      damage(command.dataIn!.subarray(0, result.dataInLength));
      return result;
    });
  };
}

Deno.test("A CRC goes behind each block, and comes back with it", async () => {
  const { unit, drive } = await openSim();
  await drive.rewind();
  await drive.protection.enable();
  const writes: ScsiCommand[] = [];
  unit.intercept = (command) => {
    if (command.cdb[0] === 0x0a) {
      writes.push({ ...command, dataOut: new Uint8Array(command.dataOut!) });
    }
    return undefined;
  };
  const record = new Uint8Array(32);
  await drive.write(record);
  assert.deepEqual(writes[0].cdb, hex("0a 00 000024 00"));
  assert.deepEqual(writes[0].dataOut!.subarray(32), hex("aa36918a"), "RFC 7143 appendix A");
  await drive.writeFilemarks();
  await drive.rewind();
  const result = await drive.read();
  assert.deepEqual(result, { kind: "record", data: record });
  assert.deepEqual(await drive.read(), { kind: "filemark" });
  assert.deepEqual(await drive.read(), { kind: "end-of-data" });
  await drive.close();
});

for (const readAhead of [0, 8]) {
  Deno.test(`Records of any length survive protection, read-ahead ${readAhead}`, async () => {
    const random = new Random(seed());
    const { unit, drive } = await openSim({}, {
      readAhead,
      writeBehind: readAhead,
      recordBytesHint: 500,
    });
    await drive.rewind();
    await drive.protection.enable();
    const lengths = Array.from({ length: 60 }, () => 1 + random.below(3000));
    for (const length of lengths) await drive.write(random.bytes(length));
    await drive.writeFilemarks();
    await drive.rewind();
    const seen: number[] = [];
    for await (const record of drive.records()) seen.push(record.length);
    assert.deepEqual(seen, lengths);
    await drive.close();
    const onTape = unit.drive.objects().map((object) =>
      object.kind === "record" ? object.data.length : 0
    );
    assert.deepEqual(onTape, [...lengths, 0], "the CRC is not part of the record");
  });
}

Deno.test("A record that was damaged on its way is not given out, and reading goes on behind it", async () => {
  const { unit, drive } = await openSim();
  await drive.rewind();
  await drive.protection.enable();
  await drive.write(new Uint8Array(100).fill(1));
  await drive.write(new Uint8Array(100).fill(2));
  await drive.rewind();
  damageReads(unit, (data) => data[50] ^= 0x10);
  await assert.rejects(drive.read(), BlockProtectionError);
  const next = await drive.read();
  assert.equal(next.kind === "record" && next.data[0], 2);
  await drive.close();
});

Deno.test("A block that was damaged on its way out is refused by the drive, and is an error by name", async () => {
  const { unit, drive } = await openSim();
  await drive.rewind();
  await drive.protection.enable();
  unit.intercept = (command) => {
    if (command.cdb[0] !== 0x0a) return undefined;
    unit.intercept = undefined;
    const dataOut = new Uint8Array(command.dataOut!);
    dataOut[0] ^= 1;
    return unit.execute({ ...command, dataOut });
  };
  await assert.rejects(drive.write(new Uint8Array(100)), BlockProtectionError);
  assert.equal(unit.drive.objects().length, 0);
  await drive.close();
});

Deno.test("An error of the drive is told as what it is, whatever data came with it", async () => {
  const { unit, drive } = await openSim();
  await drive.rewind();
  await drive.protection.enable();
  await drive.write(new Uint8Array(100));
  await drive.rewind();
  script(unit, {
    0x08: [(command) => ({ ...check({ key: 3, asc: 0x11, ascq: 0 })(command), dataInLength: 64 })],
  });
  await assert.rejects(drive.read(), (error) => (error as TapeError).kind === "medium-error");
  await drive.close();
});

Deno.test("After a reset protection is set anew before a block goes through", async () => {
  const { unit, drive } = await openSim();
  await drive.rewind();
  await drive.protection.enable();
  await drive.write(new Uint8Array(100).fill(7));
  unit.drive.reset();
  await assert.rejects(drive.write(new Uint8Array(100)), TapeError);
  await drive.rewind();
  assert.equal((await drive.protection.status()).method, "crc32c");
  const result = await drive.read();
  assert.equal(result.kind === "record" && result.data.length, 100);
  await drive.close();
});

/** A drive behind a reset that does not take protection again. */
async function unprotected() {
  const { unit, drive } = await openSim();
  await drive.rewind();
  await drive.protection.enable();
  await drive.write(new Uint8Array(100));
  unit.drive.reset();
  await assert.rejects(drive.write(new Uint8Array(100)), TapeError);
  script(unit, { 0x15: [good()] });
  await drive.rewind();
  return { unit, drive };
}

Deno.test("Where a drive does not keep protection after a reset, no block goes through", async () => {
  const { unit, drive } = await unprotected();
  await assert.rejects(drive.write(new Uint8Array(100)), BlockProtectionError);
  await assert.rejects(drive.read(), BlockProtectionError);
  await drive.close();
  assert.equal(unit.drive.objects().length, 1);
});

Deno.test("nor does one by any other command that carries blocks", async () => {
  const { unit, drive } = await unprotected();
  const why = { kind: "protection-mismatch", message: /does not$/ };
  for (
    const carry of [
      () => drive.read(),
      () => drive.readAt(0),
      () => drive.readReverse(),
      () => drive.writeAt(0, new Uint8Array(100)),
    ]
  ) {
    await assert.rejects(carry(), why);
    await drive.rewind();
  }
  await drive.close();
  assert.equal(unit.drive.objects().length, 1);
});

Deno.test("Protection is switched off when the drive is closed", async () => {
  const { unit, drive } = await openSim();
  await drive.protection.enable({ onRead: false });
  assert.deepEqual(await drive.protection.status(), {
    method: "crc32c",
    onWrite: true,
    onRead: false,
    offered: ["crc32c"],
  });
  const selects: Uint8Array[] = [];
  unit.intercept = ({ cdb, dataOut }) => {
    if (cdb[0] === 0x15) selects.push(new Uint8Array(dataOut!));
    return undefined;
  };
  await drive.close();
  assert.equal(selects.length, 1);
  assert.deepEqual(selects[0].subarray(8, 11), hex("000000"), "method, length and ways");
});

Deno.test("Protection says when the drive has none, only another kind, or the block mode does not allow it", async () => {
  const { unit, drive } = await openSim();
  await drive.setBlockSize(512);
  await assert.rejects(
    drive.protection.enable(),
    (error) => (error as TapeError).kind === "invalid-argument",
  );
  await drive.setBlockSize(0);
  await assert.rejects(drive.protection.enable({ onRead: false, onWrite: false }), TapeError);
  unit.intercept = (command) =>
    command.cdb[0] === 0x12 && command.cdb[2] === 0xb5
      ? Promise.resolve(good(hex("01 b5 0008 00000000 03 01 04 c0"))(command))
      : undefined;
  assert.deepEqual((await drive.protection.status()).offered, ["rs-crc"]);
  await assert.rejects(drive.protection.enable(), (error) => {
    assert.ok(error instanceof UnsupportedError);
    return error.feature === "logical block protection";
  });
  script(unit, {
    0x1a: [check({ key: 5, asc: 0x24, ascq: 0 })],
    0x5a: [check({ key: 5, asc: 0x20, ascq: 0 })],
  });
  await assert.rejects(drive.protection.status(), UnsupportedError);
  await drive.close();
});

Deno.test("Fixed blocks do not go through a protected drive", async () => {
  const { drive } = await openSim();
  await drive.rewind();
  await drive.protection.enable();
  await drive.setBlockSize(512);
  await assert.rejects(drive.write(new Uint8Array(512)), /fixed blocks/);
  await drive.close();
});

Deno.test("crc32c() of pieces is that of the whole", () => {
  const random = new Random(seed());
  for (let round = 0; round < 100; round++) {
    const bytes = random.bytes(random.below(100));
    const cut = random.below(bytes.length + 1);
    assert.equal(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut))), crc32c(bytes));
  }
});
