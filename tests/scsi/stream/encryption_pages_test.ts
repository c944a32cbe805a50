import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { UnexpectedResponseError } from "../../../scsi/errors.ts";
import {
  decodeEncryptionCapabilities,
  decodeEncryptionStatus,
  decodeNextBlockStatus,
  EncryptionInPage,
} from "../../../scsi/stream/encryption_status.ts";
import { encodeSetEncryption } from "../../../scsi/stream/set_encryption.ts";
import { hex } from "../fake_unit.ts";

const ZEROS = "00".repeat(8);

Deno.test("Set Data Encryption has scope, modes, key and its name where SSC-4 has them", () => {
  const key = new Uint8Array(32).fill(0xaa);
  const page = encodeSetEncryption({
    scope: "all",
    encryption: "on",
    decryption: "mixed",
    algorithmIndex: 1,
    key,
    unauthenticatedData: hex("6b31"),
    lock: true,
    clearOnUnload: true,
    clearOnPreempt: true,
    clearOnReservationLoss: false,
    rawDecryptionControl: 2,
  });
  const head = "0010 0036 41 26 02 03 01 00 00 00000000000000 0020";
  deepStrictEqual(page, hex(`${head} ${"aa".repeat(32)} 00 00 0002 6b31`));
});

Deno.test("What goes with a key comes behind it, unauthenticated data first", () => {
  const page = encodeSetEncryption({
    scope: "local",
    encryption: "off",
    decryption: "raw",
    algorithmIndex: 255,
    key: hex("0102"),
    authenticatedData: hex("a1a2"),
    unauthenticatedData: hex("b1"),
    clearOnReservationLoss: true,
    checkExternal: 3,
    rawDecryptionControl: 3,
  });
  const head = "0010 001d 20 f1 00 01 ff 00 00 00000000000000 0002 0102";
  deepStrictEqual(page, hex(`${head} 00 00 0001 b1  01 00 0002 a1a2`));
});

Deno.test("encodeSetEncryption() refuses what does not fit the page", () => {
  const bad = [
    { algorithmIndex: 256 },
    { checkExternal: 4 },
    { rawDecryptionControl: 4 },
    { key: new Uint8Array(0x10000 - 16) },
  ];
  const off = { scope: "public", encryption: "off", decryption: "off", algorithmIndex: 1 } as const;
  for (const one of bad) throws(() => encodeSetEncryption({ ...off, ...one }), RangeError);
  strictEqual(encodeSetEncryption({ ...off, key: new Uint8Array(0xffff - 16) }).length, 0x10003);
});

Deno.test("A key is taken back by modes that are off, without a key", () => {
  const off = { scope: "public", encryption: "off", decryption: "off", algorithmIndex: 1 } as const;
  deepStrictEqual(
    encodeSetEncryption(off),
    hex("0010 0010 00 00 00 00 01 00 00 00000000000000 0000"),
  );
});

Deno.test("Data encryption status tells modes, key count and what goes with the key", () => {
  const page = hex(
    "0020 001d 42 02 03 01 00000007 19 00 0000 0000000000000000 00 01 0005 6b65793031",
  );
  deepStrictEqual(decodeEncryptionStatus(page), {
    scope: "all",
    keyScope: "all",
    encryption: "on",
    decryption: "mixed",
    algorithmIndex: 1,
    keyInstance: 7,
    parametersControl: 1,
    volumeHasEncryptedBlocks: true,
    rawReadDisabled: true,
    keyAssociatedData: [
      { type: "unauthenticated", code: 0, authenticated: 1, data: hex("6b65793031") },
    ],
  });
});

Deno.test("Next block status tells whether the key fits", () => {
  const page = (status: string) => hex(`0021 000c 0000000000001234 0${status} 01 00 00`);
  const said = ["0", "1", "2", "3", "4", "5", "6", "7"].map((status) =>
    decodeNextBlockStatus(page(status)).encryption
  );
  deepStrictEqual(said, [
    "unknown",
    "not-yet-known",
    "not-a-record",
    "not-encrypted",
    "encrypted-otherwise",
    "encrypted-with-this-key",
    "encrypted-with-another-key",
    "unknown",
  ]);
  const kad = "02 02 0001 aa";
  deepStrictEqual(decodeNextBlockStatus(hex(`0021 0011 0000000000001234 f5 07 fe 00 ${kad}`)), {
    object: 0x1234,
    encryption: "encrypted-with-this-key",
    algorithmIndex: 7,
    keyAssociatedData: [{ type: "nonce", code: 2, authenticated: 2, data: hex("aa") }],
  });
});

Deno.test("Each flag of a status has its own bit, and reserved codes do nothing", () => {
  const status = (scopes: string, modes: string, flags: string) =>
    decodeEncryptionStatus(
      hex(`0020 0014 ${scopes} ${modes} 00 00000000 ${flags} 00 0000 ${ZEROS}`),
    );
  const rows = [["08", true, false], ["01", false, true], ["f6", false, false]] as const;
  for (const [flags, hasEncrypted, isRawDisabled] of rows) {
    const { volumeHasEncryptedBlocks, rawReadDisabled } = status("00", "0000", flags);
    deepStrictEqual([volumeHasEncryptedBlocks, rawReadDisabled], [hasEncrypted, isRawDisabled]);
  }
  const modesOf = (scopes: string, modes: string) => {
    const { scope, keyScope, encryption, decryption } = status(scopes, modes, "00");
    return [scope, keyScope, encryption, decryption];
  };
  deepStrictEqual(modesOf("3a", "0101"), ["local", "all", "external", "raw"]);
  deepStrictEqual(modesOf("59", "0002"), ["all", "local", "off", "on"]);
  deepStrictEqual(modesOf("ff", "0304"), ["public", "public", "off", "off"]);
});

Deno.test("What goes with a key is read by type, whole descriptors alone", () => {
  const kads =
    "00 f9 0000  01 00 0001 a1  02 00 0001 a2  03 00 0001 a3  04 00 0001 a4  05 00 0001 a5";
  const page = hex(`0020 0000 42 02 03 01 00000007 00 00 0000 ${ZEROS} ${kads}`);
  const types = (length: number) =>
    decodeEncryptionStatus(page.subarray(0, length)).keyAssociatedData.map(({ type }) => type);
  const all = ["unauthenticated", "authenticated", "nonce", "metadata", "wrapped-key", "other"];
  deepStrictEqual(types(page.length), all);
  for (let length = 24; length < page.length; length++) {
    const whole = length < 28 ? 0 : 1 + Math.floor((length - 28) / 5);
    deepStrictEqual(types(length), all.slice(0, whole), `${length} bytes`);
  }
  strictEqual(decodeEncryptionStatus(page).keyAssociatedData[0].authenticated, 1);
});

Deno.test("Capabilities list algorithms by the lengths that they give", () => {
  const algorithm = (index: string, code: string) =>
    `${index} 00 0014 9a 04 0020 000c 0020 00 00 0000 0000 0000 ${code}`;
  const page = hex(
    `0010 0040 09 ${"00".repeat(15)} ${algorithm("01", "00010014")} ${algorithm("02", "80000001")}`,
  );
  const { algorithms, configurationPrevented, externallyControlled } = decodeEncryptionCapabilities(
    page,
  );
  deepStrictEqual([configurationPrevented, externallyControlled], [1, 2]);
  deepStrictEqual(algorithms[0], {
    index: 1,
    code: 0x00010014,
    name: "AES-256-GCM",
    keyBytes: 32,
    encrypts: 2,
    decrypts: 2,
    maxUnauthenticatedBytes: 32,
    maxAuthenticatedBytes: 12,
    validForMountedVolume: true,
    distinguishesEncryptedBlocks: true,
    knowsEncryptedVolumes: true,
  });
  strictEqual(algorithms.length, 2);
  strictEqual("name" in algorithms[1], false);
});

/** One algorithm: what it says of its length, then its flags, and its code. */
function algorithmOf(length: string, flags = "0000", code = "00010014"): string {
  return `01 00 ${length} ${flags} 0020 000c 0020 00 00 0000 0000 0000 ${code}`;
}

function algorithmsIn(list: string) {
  return decodeEncryptionCapabilities(hex(`0010 0000 00 ${"00".repeat(15)} ${list}`)).algorithms;
}

Deno.test("Each capability of an algorithm has its own bit", () => {
  const rows = [
    ["8000", 0, 0, true, false, false],
    ["1000", 0, 0, false, true, false],
    ["0004", 0, 0, false, false, true],
    ["01fb", 1, 0, false, false, false],
    ["0c00", 0, 3, false, false, false],
    ["6000", 0, 0, false, false, false],
  ] as const;
  for (const [flags, ...expected] of rows) {
    const [algorithm] = algorithmsIn(algorithmOf("0014", flags));
    deepStrictEqual(
      [
        algorithm.encrypts,
        algorithm.decrypts,
        algorithm.validForMountedVolume,
        algorithm.distinguishesEncryptedBlocks,
        algorithm.knowsEncryptedVolumes,
      ],
      expected,
      flags,
    );
  }
});

Deno.test("Algorithms have the names of IEEE 1619.1: the 128 bits of the mode are not the key's", () => {
  const names = ["00010014", "00010010", "00010016"].map((code) =>
    algorithmsIn(algorithmOf("0014", "0000", code))[0].name
  );
  deepStrictEqual(names, ["AES-256-GCM", "AES-256-CCM", undefined]);
});

Deno.test("An algorithm that is longer than it has to be, or cut, or too short, does not make others", () => {
  const rows = [
    ["longer", `${algorithmOf("0018")} ffffffff ${algorithmOf("0014")}`, 2],
    ["cut", `${algorithmOf("0014")} ${algorithmOf("0014").slice(0, -2)}`, 1],
    ["without a length", `${algorithmOf("0000")} ${algorithmOf("0014")}`, 1],
    ["too short", `${algorithmOf("0013")} ${algorithmOf("0014")}`, 1],
  ] as const;
  for (const [what, list, count] of rows) {
    const algorithms = algorithmsIn(list);
    strictEqual(algorithms.length, count, what);
    deepStrictEqual(algorithms.map(({ code }) => code), Array(count).fill(0x00010014), what);
  }
});

Deno.test("Pages that are too short are an error of one class", () => {
  const rows = [
    [decodeEncryptionStatus, 24],
    [decodeNextBlockStatus, 16],
    [decodeEncryptionCapabilities, 20],
  ] as const;
  for (const [decode, needed] of rows) {
    decode(new Uint8Array(needed));
    throws(
      () => decode(new Uint8Array(needed - 1), { unitName: "tape7" }),
      (error: unknown) =>
        error instanceof UnexpectedResponseError &&
        error.message === "SECURITY PROTOCOL IN on tape7: unusable answer: " +
            `${needed - 1} bytes, at least ${needed} needed`,
    );
  }
});

Deno.test("The pages of tape data encryption have the codes of SSC-4", () => {
  deepStrictEqual(Object.values(EncryptionInPage), [0, 1, 0x10, 0x11, 0x12, 0x20, 0x21, 0x30]);
});
