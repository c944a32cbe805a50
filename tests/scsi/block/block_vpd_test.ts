import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import {
  decodeBlockCharacteristics,
  encodeBlockCharacteristics,
  readBlockCharacteristics,
} from "../../../scsi/block/block_characteristics.ts";
import {
  decodeBlockLimits,
  encodeBlockLimits,
  readBlockLimits,
} from "../../../scsi/block/block_limits.ts";
import {
  decodeLogicalBlockProvisioning,
  encodeLogicalBlockProvisioning,
  readLogicalBlockProvisioning,
} from "../../../scsi/block/logical_block_provisioning.ts";
import { encodeSense } from "../../../scsi/sense.ts";
import { Status } from "../../../scsi/status.ts";
import { encodeVpdPage } from "../../../scsi/vpd.ts";
import { type Answer, FakeUnit, hex } from "../fake_unit.ts";

const LIMITS_BODY = hex(
  "01 02 0304 05060708 090a0b0c 0d0e0f10 11121314 15161718 191a1b1c 9d1e1f20" +
    "  0001222324252627 292a2b2c 2d2e2f30 31323334 35363738 393a3b3c",
);
const LIMITS = {
  writeSameNonZero: true,
  maxCompareAndWriteBlocks: 2,
  optimalTransferGranularity: 0x0304,
  maxTransferBlocks: 0x05060708,
  optimalTransferBlocks: 0x090a0b0c,
  maxPrefetchBlocks: 0x0d0e0f10,
  maxUnmapBlocks: 0x11121314,
  maxUnmapRanges: 0x15161718,
  optimalUnmapGranularity: 0x191a1b1c,
  unmapGranularityAlignment: 0x1d1e1f20,
  maxWriteSameBlocks: 0x12223_24252627,
  maxAtomicBlocks: 0x292a2b2c,
  atomicAlignment: 0x2d2e2f30,
  atomicGranularity: 0x31323334,
  maxAtomicBlocksWithBoundary: 0x35363738,
  maxAtomicBoundaryBlocks: 0x393a3b3c,
};

const CHARACTERISTICS_BODY = hex("1c20 05 93 17 00 00 00 01020304" + " 00".repeat(48));
const CHARACTERISTICS = {
  rotationRate: 7200,
  productType: 5,
  afterBlockErase: 2,
  afterCryptographicErase: 1,
  formFactor: 3,
  zoned: 1,
  backgroundControl: true,
  modernFua: true,
  comparesUnmapped: true,
  depopulationSeconds: 0x01020304,
};

const PROVISIONING_BODY = hex("0b c6 52 28");
const PROVISIONING = {
  thresholdExponent: 11,
  unmap: true,
  writeSame16Unmaps: true,
  writeSame10Unmaps: false,
  unmappedContent: "zeros",
  anchors: true,
  minimumPercentage: 10,
  type: "thin",
  thresholdPercentage: 40,
} as const;

Deno.test("decodeBlockLimits() and encodeBlockLimits() agree on every field", () => {
  deepStrictEqual(decodeBlockLimits(LIMITS_BODY), LIMITS);
  deepStrictEqual(encodeBlockLimits(LIMITS), LIMITS_BODY);
});

Deno.test("decodeBlockLimits() knows nothing of what a short page leaves out", () => {
  const short = decodeBlockLimits(LIMITS_BODY.subarray(0, 12));
  deepStrictEqual(short, {
    ...decodeBlockLimits(new Uint8Array(0)),
    writeSameNonZero: true,
    maxCompareAndWriteBlocks: 2,
    optimalTransferGranularity: 0x0304,
    maxTransferBlocks: 0x05060708,
    optimalTransferBlocks: 0x090a0b0c,
  });
  strictEqual("unmapGranularityAlignment" in short, false);
  deepStrictEqual(encodeBlockLimits({}), new Uint8Array(60));
});

Deno.test("decodeBlockLimits() reads the alignment only where it is valid, even when 0", () => {
  const body = new Uint8Array(60);
  body[31] = 7;
  strictEqual(decodeBlockLimits(body).unmapGranularityAlignment, undefined);
  deepStrictEqual(
    encodeBlockLimits({ unmapGranularityAlignment: 0 }).subarray(28, 32),
    hex("80000000"),
  );
  body.set(hex("80000000"), 28);
  strictEqual(decodeBlockLimits(body).unmapGranularityAlignment, 0);
});

Deno.test("decodeBlockLimits() takes a limit beyond all numbers for the highest number", () => {
  const body = new Uint8Array(60).fill(0xff, 32, 40);
  strictEqual(decodeBlockLimits(body).maxWriteSameBlocks, Number.MAX_SAFE_INTEGER);
});

Deno.test("The encoders of disk pages refuse what does not fit", () => {
  throws(
    () => encodeBlockLimits({ maxCompareAndWriteBlocks: 256 }),
    /RangeError: Cannot encode maxCompareAndWriteBlocks: 256 is not in 0 to 255/,
  );
  throws(() => encodeBlockLimits({ unmapGranularityAlignment: 2 ** 31 }), RangeError);
  throws(() => encodeBlockLimits({ maxTransferBlocks: 2 ** 32 }), RangeError);
  throws(() => encodeBlockCharacteristics({ formFactor: 16 }), RangeError);
  throws(() => encodeLogicalBlockProvisioning({ minimumPercentage: 32 }), RangeError);
});

Deno.test("decodeBlockCharacteristics() and encodeBlockCharacteristics() agree on every field", () => {
  deepStrictEqual(decodeBlockCharacteristics(CHARACTERISTICS_BODY), CHARACTERISTICS);
  deepStrictEqual(encodeBlockCharacteristics(CHARACTERISTICS), CHARACTERISTICS_BODY);
  const { rotationRate, productType } = decodeBlockCharacteristics(hex("0001"));
  deepStrictEqual([rotationRate, productType], [1, 0]);
});

Deno.test("Each flag of the block device characteristics has its own bit", () => {
  const flags = [["backgroundControl", 4], ["modernFua", 2], ["comparesUnmapped", 1]] as const;
  for (const [name, bit] of flags) {
    strictEqual(encodeBlockCharacteristics({ [name]: true })[4], bit);
  }
});

Deno.test("decodeLogicalBlockProvisioning() and its encoder agree on a page without a group", () => {
  deepStrictEqual(decodeLogicalBlockProvisioning(PROVISIONING_BODY), PROVISIONING);
  deepStrictEqual(encodeLogicalBlockProvisioning(PROVISIONING), PROVISIONING_BODY);
});

Deno.test("decodeLogicalBlockProvisioning() and its encoder agree on a page with a group", () => {
  const body = hex("00 21 01 00  01 03 00 08 5005076312345678");
  const decoded = decodeLogicalBlockProvisioning(body);
  strictEqual(decoded.group?.text, "5005076312345678");
  deepStrictEqual([decoded.type, decoded.writeSame10Unmaps], ["resource", true]);
  const { group } = decoded;
  const again = encodeLogicalBlockProvisioning({
    type: "resource",
    writeSame10Unmaps: true,
    group,
  });
  deepStrictEqual(again, body);
});

Deno.test("decodeLogicalBlockProvisioning() tells what unmapped blocks read as", () => {
  const contents = Array.from(
    { length: 8 },
    (_, lbprz) => decodeLogicalBlockProvisioning(Uint8Array.of(0, lbprz << 2)).unmappedContent,
  );
  deepStrictEqual(contents, [
    "unknown",
    "zeros",
    "initialization-pattern",
    "zeros",
    "reserved",
    "zeros",
    "reserved",
    "zeros",
  ]);
  strictEqual(decodeLogicalBlockProvisioning(hex("00 00 07")).type, "reserved");
});

Deno.test("The pages of a disk are read by their codes, and absent where the device refuses them", async () => {
  const bodies: Record<number, Uint8Array> = {
    0xb0: LIMITS_BODY,
    0xb1: CHARACTERISTICS_BODY,
    0xb2: PROVISIONING_BODY,
  };
  const unit = new FakeUnit((cdb) => encodeVpdPage(0, cdb[2], bodies[cdb[2]]));
  deepStrictEqual(await readBlockLimits(unit), LIMITS);
  deepStrictEqual(await readBlockCharacteristics(unit), CHARACTERISTICS);
  deepStrictEqual(await readLogicalBlockProvisioning(unit), PROVISIONING);
  const sense = encodeSense({ key: 5, asc: 0x24, ascq: 0 });
  const refused: Answer = { status: Status.CheckCondition, sense };
  const bare = new FakeUnit(() => refused);
  strictEqual(await readBlockLimits(bare), undefined);
  strictEqual(await readBlockCharacteristics(bare), undefined);
  strictEqual(await readLogicalBlockProvisioning(bare), undefined);
});
