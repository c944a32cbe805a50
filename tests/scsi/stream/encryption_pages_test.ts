import { deepStrictEqual, rejects, strictEqual, throws } from "node:assert/strict";
import { UnexpectedResponseError } from "../../../scsi/errors.ts";
import { readSecurityPage } from "../../../scsi/security/security_protocol.ts";
import {
  decodeEncryptionCapabilities,
  decodeEncryptionStatus,
  decodeNextBlockStatus,
} from "../../../scsi/stream/encryption_status.ts";
import { encodeSetEncryption } from "../../../scsi/stream/set_encryption.ts";
import { FakeUnit, hex } from "../fake_unit.ts";

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

Deno.test("A key is taken back by modes that are off, without a key", () => {
  const off = { scope: "public", encryption: "off", decryption: "off", algorithmIndex: 1 } as const;
  deepStrictEqual(
    encodeSetEncryption(off),
    hex("0010 0010 00 00 00 00 01 00 00 00000000000000 0000"),
  );
  throws(() => encodeSetEncryption({ ...off, algorithmIndex: 256 }), RangeError);
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
  strictEqual(decodeNextBlockStatus(page("5")).object, 0x1234);
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
  strictEqual(algorithms[1].name, undefined);
  strictEqual(algorithms.length, 2);
});

Deno.test("Pages that are too short are an error of one class", () => {
  for (
    const decode of [decodeEncryptionStatus, decodeNextBlockStatus, decodeEncryptionCapabilities]
  ) {
    throws(() => decode(hex("0020 0000")), UnexpectedResponseError);
  }
});

Deno.test("readSecurityPage() asks again for a long page, and takes no other for it", async () => {
  const long = new Uint8Array(4 + 3000);
  long.set(hex("0011 0bb8"));
  const unit = new FakeUnit(() => long);
  strictEqual((await readSecurityPage(unit, 0x20, 0x11)).length, 3004);
  strictEqual(unit.commands.length, 2);
  await rejects(readSecurityPage(unit, 0x20, 0x12), UnexpectedResponseError);
});
