/** Which algorithm and settings a key goes with, and what the drive has to say for it to be relied on. */

import assert from "node:assert/strict";
import { EncryptionError, UnsupportedError } from "../../tape/feature_errors.ts";
import type { SetEncryptionOptions } from "../../tape/encryption.ts";
import { hex } from "../scsi/fake_unit.ts";
import { contents, fill, numbered, openSim } from "./drive_setup.ts";
import { good, script } from "./scripted.ts";

const KEY = new Uint8Array(32).fill(0x5a);
const OTHER = new Uint8Array(32).fill(0xa5);

/** Index, ENCRYPT_C and code of an algorithm. */
type Algorithm = readonly [index: string, encrypts: string, code: string];

const GCM: Algorithm = ["05", "0a", "00010014"];
const CCM: Algorithm = ["03", "0a", "00010010"];
const DECRYPTS_ONLY: Algorithm = ["01", "08", "80000001"];

/** A drive with these algorithms, and what it says that it does: modes on writing and reading. */
async function driveOf(algorithms: readonly Algorithm[], modes = "0203") {
  const { unit, drive } = await openSim();
  const list = algorithms.map(([index, encrypts, code]) =>
    `${index} 00 0014 ${encrypts} 00 0020 000c 0020 00 00 0000 0000 0000 ${code}`
  );
  const length = (16 + 24 * list.length).toString(16).padStart(4, "0");
  const capabilities = hex(`0010 ${length} 01 ${"00".repeat(15)} ${list.join(" ")}`);
  const status = hex(`0020 0014 42 ${modes} 01 00000007 10 00 0000 ${"00".repeat(8)}`);
  const seen = script(unit, {
    0xa2: [(command) => good(command.cdb[3] === 0x10 ? capabilities : status)(command)],
    0xb5: [good()],
  });
  const pages = () => seen.filter(({ cdb }) => cdb[0] === 0xb5).map(({ dataOut }) => dataOut!);
  return { drive, pages };
}

const CHOICES: readonly (readonly [string, readonly Algorithm[], number | undefined, number?])[] = [
  ["AES-256-GCM, where there is one", [CCM, GCM], undefined, 5],
  ["else the first that encrypts", [DECRYPTS_ONLY, CCM], undefined, 3],
  ["the one that was named", [CCM, GCM], 3, 3],
  ["none that there is not", [CCM, GCM], 4, undefined],
  ["none that does not encrypt", [DECRYPTS_ONLY], undefined, undefined],
];

for (const [what, algorithms, algorithm, index] of CHOICES) {
  Deno.test(`A key is set for ${what}`, async () => {
    const { drive, pages } = await driveOf(algorithms);
    const set = drive.encryption.set({ key: KEY, algorithm });
    if (index === undefined) await assert.rejects(set, UnsupportedError);
    else await set;
    assert.deepEqual(pages().map((page) => page[8]), index === undefined ? [] : [index]);
    await drive.close();
  });
}

Deno.test("A key is taken back for the same algorithm, and from a drive that lists none", async () => {
  for (const [algorithms, index] of [[[CCM, GCM], "05"], [[], "00"]] as const) {
    const { drive, pages } = await driveOf(algorithms);
    await drive.encryption.clear();
    assert.deepEqual(pages(), [hex(`0010 0010 40 00 00 00 ${index} 00 00 ${"00".repeat(7)} 0000`)]);
    await drive.close();
  }
});

Deno.test("A key is sent with what was asked for, and with nothing else", async () => {
  const rows: readonly (readonly [Omit<SetEncryptionOptions, "key">, string, string, string])[] = [
    [{}, "40 04 02 03", "0203", ""],
    [{ keyName: "k" }, "40 04 02 03", "0203", "00 00 0001 6b"],
    [{ scope: "local", lock: true }, "21 04 02 03", "0203", ""],
    [{ clearOnUnload: false, clearOnReservationLoss: true }, "40 03 02 03", "0203", ""],
    [{ decrypt: "on" }, "40 04 02 02", "0202", ""],
    [{ decrypt: "off" }, "40 04 02 00", "0200", ""],
    [{ encrypt: false }, "40 04 00 03", "0003", ""],
  ];
  for (const [options, head, modes, name] of rows) {
    const { drive, pages } = await driveOf([GCM], modes);
    await drive.encryption.set({ key: KEY, ...options });
    const rest = `05 00 00 ${"00".repeat(7)} 0020 ${"5a".repeat(32)} ${name}`;
    const page = hex(`0010 0000 ${head} ${rest}`);
    page[3] = page.length - 4;
    assert.deepEqual(pages(), [page]);
    await drive.close();
  }
});

Deno.test("A drive that does more or less with the key than it was asked for is not believed", async () => {
  const rows: readonly (readonly [Omit<SetEncryptionOptions, "key">, string])[] = [
    [{}, "0003"],
    [{}, "0103"],
    [{}, "0200"],
    [{ decrypt: "off" }, "0203"],
    [{ encrypt: false }, "0203"],
    [{ encrypt: false }, "0000"],
  ];
  for (const [options, modes] of rows) {
    const { drive } = await driveOf([GCM], modes);
    const set = drive.encryption.set({ key: KEY, ...options });
    await assert.rejects(set, EncryptionError, `${JSON.stringify(options)}: ${modes}`);
    await drive.close();
  }
});

Deno.test("A key that only decrypts is not needed to write, and what is written then is in the clear", async () => {
  const { unit, drive } = await openSim({ rewindOnReset: false });
  await drive.encryption.set({ key: KEY });
  await drive.write(numbered(1));
  await drive.encryption.set({ key: KEY, encrypt: false });
  await drive.write(numbered(2));
  unit.drive.reset();
  await assert.rejects(drive.write(numbered(3)), { kind: "reset" });
  await drive.space("end-of-data");
  await drive.write(numbered(4));
  assert.match(contents(unit), /^\d+ 2 4$/);
  await drive.close();
});

Deno.test("A key that outlasts the tape is written with, once the drive has said that it is there", async () => {
  const { unit, drive } = await openSim();
  await drive.encryption.set({ key: KEY, clearOnUnload: false });
  await drive.unload();
  unit.drive.clearCommands();
  await drive.load();
  await drive.write(numbered(1));
  const codes = unit.drive.commands.map(({ cdb }) => cdb[0]);
  const asked = codes.indexOf(0xa2);
  assert.ok(asked >= 0 && asked < codes.indexOf(0x0a));
  await drive.rewind();
  assert.equal((await drive.encryption.nextBlock()).encryption, "encrypted-with-this-key");
  await drive.close();
});

/** A drive in the middle of a tape, behind two records of five, which reads the others ahead. */
async function readingAhead(key?: Uint8Array) {
  const { unit, drive } = await openSim({}, { readAhead: 4 });
  if (key !== undefined) await drive.encryption.set({ key });
  await fill(drive, [1, 2, 3, 4, 5].map((number) => numbered(number)));
  await drive.read();
  await drive.read();
  const reads = unit.drive.commands.filter(({ cdb }) => cdb[0] === 0x08).length;
  assert.ok(reads > 2, "nothing was read ahead");
  return drive;
}

/** What is done with the key between two records, and what becomes of the second. */
const BETWEEN = [
  ["cleared", { clear: true }, "no-key"],
  ["another", { key: OTHER }, "wrong-key"],
  ["the same", { key: KEY }, undefined],
] as const;

for (const [what, change, reason] of BETWEEN) {
  Deno.test(`What was read ahead with a key is read again when the key is ${what}`, async () => {
    const drive = await readingAhead(KEY);
    if ("clear" in change) await drive.encryption.clear();
    else await drive.encryption.set(change);
    if (reason !== undefined) {
      await assert.rejects(drive.read(), { reason });
      await drive.rewind();
    } else {
      const result = await drive.read();
      assert.deepEqual(result.kind === "record" && result.data, numbered(3));
    }
    await drive.close();
  });
}

Deno.test("Blocks are spaced over from the beginning without the key that they are read with", async () => {
  const { unit, drive } = await openSim();
  await drive.encryption.set({ key: KEY });
  await fill(drive, [1, 2, 3].map((number) => numbered(number)));
  await drive.encryption.clear();
  await drive.rewind();
  assert.deepEqual(await drive.space("blocks", 2), { spaced: 2 });
  assert.equal((await drive.position()).object, 2);
  await drive.write(numbered(4));
  assert.match(contents(unit), /^\d+ \d+ 4$/);
  await drive.rewind();
  unit.drive.raiseUnitAttention(0x2a, 0x11);
  await assert.rejects(drive.space("blocks", 2), { reason: "key-changed-by-another" });
  await drive.close();
});

Deno.test("The next block is that of the caller, however far was read ahead", async () => {
  const drive = await readingAhead();
  const { object, encryption } = await drive.encryption.nextBlock();
  assert.deepEqual([object, encryption], [2, "not-encrypted"]);
  await drive.close();
});
