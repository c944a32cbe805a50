import assert from "node:assert/strict";
import { ResetError, TapeError } from "../../tape/errors.ts";
import { EncryptionError, UnsupportedError } from "../../tape/feature_errors.ts";
import { hex } from "../scsi/fake_unit.ts";
import { openSim } from "./drive_setup.ts";
import { good, script, UNKNOWN_COMMAND } from "./scripted.ts";

const KEY = new Uint8Array(32).fill(0x5a);
const OTHER = new Uint8Array(32).fill(0xa5);
const SECRET = new TextEncoder().encode("secret");

function stream(text: string): ReadableStream<Uint8Array> {
  return new Blob([text]).stream();
}

/** The same answer, long on its way. */
async function late<T>(answer: Promise<T>): Promise<T> {
  for (let hops = 0; hops < 200; hops++) await Promise.resolve();
  return await answer;
}

Deno.test("What is written with a key is read with it, and with no other", async () => {
  const { drive } = await openSim();
  await drive.rewind();
  await drive.encryption.set({ key: KEY, keyName: "k1" });
  await drive.write(SECRET);
  await drive.rewind();
  assert.equal((await drive.encryption.nextBlock()).encryption, "encrypted-with-this-key");
  const result = await drive.read();
  assert.deepEqual(result.kind === "record" && result.data, SECRET);
  await drive.rewind();
  await drive.encryption.set({ key: OTHER });
  assert.equal((await drive.encryption.nextBlock()).encryption, "encrypted-with-another-key");
  await assert.rejects(drive.read(), (error) => {
    assert.ok(error instanceof EncryptionError);
    return error.reason === "wrong-key";
  });
  await drive.rewind();
  await drive.encryption.clear();
  await assert.rejects(drive.read(), (error) => (error as EncryptionError).reason === "no-key");
  await drive.close();
});

Deno.test("status() names the key, and capabilities() the algorithm, before and after", async () => {
  const { drive } = await openSim();
  const [algorithm] = (await drive.encryption.capabilities()).algorithms;
  assert.equal(algorithm.name, "AES-256-GCM");
  assert.equal((await drive.encryption.status()).encryption, "off");
  const set = await drive.encryption.set({ key: KEY, keyName: "k1" });
  assert.deepEqual([set.encryption, set.decryption, set.scope], ["on", "mixed", "all"]);
  assert.equal(new TextDecoder().decode(set.keyAssociatedData[0].data), "k1");
  await drive.encryption.clear();
  assert.equal((await drive.encryption.status()).encryption, "off");
  await drive.close();
});

Deno.test("A key comes from a file as raw bytes or as hex, and from nothing else", async () => {
  const { unit, drive } = await openSim();
  const keys: string[] = [];
  unit.intercept = ({ cdb, dataOut }) => {
    if (cdb[0] === 0xb5) keys.push(dataOut!.subarray(20, 52).join());
    return undefined;
  };
  await drive.encryption.set({ key: stream("5A".repeat(32) + "\n") });
  await drive.encryption.set({ key: stream("Z".repeat(32)) });
  assert.deepEqual(keys, [KEY.join(), new Uint8Array(32).fill(0x5a).join()]);
  for (const bad of ["5a".repeat(31), "5g".repeat(32), "5a".repeat(2000), ""]) {
    await assert.rejects(drive.encryption.set({ key: stream(bad) }), (error) => {
      assert.ok(error instanceof TapeError);
      assert.ok(!error.message.includes("5a5a"), "the key is in the message");
      return error.kind === "invalid-argument";
    });
  }
  await assert.rejects(drive.encryption.set({ key: new Uint8Array(31) }), TapeError);
  assert.equal(keys.length, 2);
  await drive.close();
});

Deno.test("The key is overwritten once it was sent, and the caller's own array is not", async () => {
  const { unit, drive } = await openSim();
  let sent: Uint8Array | undefined;
  unit.intercept = ({ cdb, dataOut }) => {
    if (cdb[0] === 0xb5) sent = dataOut;
    return undefined;
  };
  await drive.encryption.set({ key: KEY });
  assert.ok(sent!.every((byte) => byte === 0));
  assert.equal(KEY[0], 0x5a);
  await drive.close();
});

Deno.test("After a reset nothing is written in the clear: the drive has forgotten the key", async () => {
  const { unit, drive } = await openSim();
  await drive.rewind();
  await drive.encryption.set({ key: KEY });
  await drive.write(SECRET);
  unit.drive.reset();
  await assert.rejects(drive.write(SECRET), ResetError);
  await drive.rewind();
  await assert.rejects(drive.write(SECRET), (error) => {
    assert.ok(error instanceof EncryptionError);
    return /forgotten/.test(error.message);
  });
  assert.equal(unit.drive.objects().length, 1, "nothing was written");
  await drive.rewind();
  await drive.encryption.set({ key: KEY });
  await drive.write(SECRET);
  await drive.close();
});

Deno.test("A tape that was unloaded and loaded again, which the drive need not announce, is not written in the clear", async () => {
  const { unit, drive } = await openSim();
  await drive.encryption.set({ key: KEY });
  await drive.write(SECRET);
  const execute = unit.execute.bind(unit);
  unit.execute = async (command) => {
    const result = await execute(command);
    // Takes the unit attention, as if there were none.
    if (command.cdb[0] === 0x1b) await execute({ cdb: new Uint8Array(6) });
    return result;
  };
  await drive.unload();
  await drive.load();
  await drive.space("end-of-data");
  await assert.rejects(drive.write(SECRET), EncryptionError);
  assert.equal(unit.drive.objects().length, 1, "nothing was written");
  await drive.close();
});

Deno.test("Each write that is refused for want of the key tells what became of itself", async () => {
  const { unit, drive } = await openSim();
  await drive.rewind();
  await drive.encryption.set({ key: KEY });
  unit.drive.reset();
  await assert.rejects(drive.write(SECRET), ResetError);
  const refused = async (data: Uint8Array) => {
    await drive.rewind();
    const error = await drive.write(data).catch((reason) => reason);
    assert.ok(error instanceof EncryptionError);
    return error;
  };
  const first = await refused(SECRET);
  const second = await refused(new Uint8Array(3));
  assert.deepEqual(first.writes?.unwritten[0].data, SECRET);
  assert.deepEqual(second.writes?.unwritten[0].data, new Uint8Array(3));
  const at = await drive.writeAt(0, SECRET).catch((reason) => reason);
  assert.ok(at instanceof EncryptionError && at.writes === undefined);
  await drive.close();
});

Deno.test("A reset amid writes that are under way puts none of them on tape in the clear", async () => {
  const { unit, drive } = await openSim({ rewindOnReset: false }, { writeBehind: 8 });
  await drive.rewind();
  await drive.encryption.set({ key: KEY });
  let writes = 0;
  unit.intercept = (command) => {
    if (command.cdb[0] !== 0x0a) return undefined;
    if (++writes === 10) unit.drive.reset();
    const { intercept } = unit;
    unit.intercept = undefined;
    const result = unit.execute(command);
    unit.intercept = intercept;
    return late(result);
  };
  const outcomes = await Promise.allSettled(
    [...Array.from({ length: 30 }, () => drive.write(SECRET)), drive.flush()],
  );
  assert.equal(outcomes.at(-1)?.status, "rejected");
  assert.equal(unit.drive.objects().length, 9);
  await drive.close().catch(() => {});
});

Deno.test("A key that another host has changed is not written with, until it is set again or cleared", async () => {
  const { unit, drive } = await openSim();
  await drive.rewind();
  await drive.encryption.set({ key: KEY });
  const page = "0020 0014 42 02 03 01 00000063 00 00 0000 0000000000000000";
  script(unit, { 0xa2: [good(hex(page))] });
  unit.drive.raiseUnitAttention(0x2a, 0x11);
  await assert.rejects(drive.write(SECRET), (error) => {
    return error instanceof EncryptionError && error.reason === "key-changed-by-another";
  });
  await drive.rewind();
  await assert.rejects(drive.write(SECRET), /given another/);
  unit.intercept = undefined;
  await drive.rewind();
  await drive.encryption.clear();
  await drive.write(SECRET);
  await drive.close();
});

Deno.test("A drive that says that it does something else with the key is not believed", async () => {
  const { unit, drive } = await openSim();
  const capabilities = `0010 0028 00 ${
    "00".repeat(15)
  } 01 00 0014 0a 00 0020 000c 0020 00 00 0000 0000 0000 00010014`;
  const off = "0020 0014 42 00 00 00 00000000 00 00 0000 0000000000000000";
  script(unit, { 0xa2: [good(hex(capabilities)), good(hex(off))], 0xb5: [good()] });
  await assert.rejects(drive.encryption.set({ key: KEY }), EncryptionError);
  await drive.close();
});

Deno.test("A drive without encryption says so, and a key that does nothing is refused", async () => {
  const { unit, drive } = await openSim();
  const nothing = { key: KEY, encrypt: false, decrypt: "off" } as const;
  await assert.rejects(drive.encryption.set(nothing), TapeError);
  script(unit, { 0xa2: [UNKNOWN_COMMAND], 0xb5: [UNKNOWN_COMMAND] });
  await assert.rejects(drive.encryption.status(), UnsupportedError);
  await assert.rejects(drive.encryption.set({ key: KEY }), UnsupportedError);
  await assert.rejects(drive.encryption.clear(), UnsupportedError);
  await drive.close();
});

Deno.test("Filemarks are spaced over from where LOCATE leads to a record that the drive has no key for", async () => {
  const { drive } = await openSim();
  await drive.encryption.set({ key: KEY });
  for (let record = 0; record < 6; record++) await drive.write(SECRET);
  await drive.writeFilemarks();
  await drive.encryption.clear();
  for (const object of [1, 4]) {
    await drive.locate({ object });
    await drive.space("filemarks", 1);
    assert.equal((await drive.position()).object, 7);
    await drive.locate({ object });
    await assert.rejects(drive.space("filemarks", -1), { kind: "beginning-of-partition" });
  }
  await drive.close();
});

Deno.test("EncryptionError tells by name what is wrong", () => {
  const reason = (asc: number, ascq: number) =>
    new EncryptionError("", { sense: { key: 7, asc, ascq, raw: hex("") } as never }).reason;
  assert.equal(reason(0x74, 0x02), "not-encrypted");
  assert.equal(reason(0x74, 0x04), "integrity-check-failed");
  assert.equal(reason(0x74, 0x0a), "raw-read-not-enabled");
  assert.equal(reason(0x26, 0x10), "key-fail-limit-reached");
  assert.equal(reason(0xef, 0x10), "no-key");
  assert.equal(reason(0x74, 0x7f), "other");
});

for (const opcode of [0xb5, 0xa2]) {
  Deno.test(`A key that could not be taken back for certain is not relied on: ${opcode.toString(16)}h`, async () => {
    const { drive, unit } = await openSim();
    await drive.rewind();
    await drive.encryption.set({ key: KEY });
    await drive.encryption.capabilities();
    const occurrence = opcode === 0xa2 ? 2 : 1;
    unit.drive.inject({ opcode, occurrence, status: 0x18, execute: true });
    await assert.rejects(drive.encryption.set({ key: KEY, encrypt: false }), {
      kind: "reservation-conflict",
    });
    await assert.rejects(drive.write(SECRET), EncryptionError);
    assert.equal(unit.drive.objects().length, 0);
    await drive.rewind();
    await drive.encryption.set({ key: KEY });
    await drive.write(SECRET);
    await drive.close();
  });
}
