import { deepStrictEqual, ok } from "node:assert/strict";
import {
  decodeBlockCharacteristics,
  encodeBlockCharacteristics,
} from "../../scsi/block/block_characteristics.ts";
import { decodeBlockLimits, encodeBlockLimits } from "../../scsi/block/block_limits.ts";
import {
  type CapacityInput,
  decodeCapacity10,
  decodeCapacity16,
  encodeCapacity16,
} from "../../scsi/block/capacity.ts";
import { decodeLogicalBlockProvisioning } from "../../scsi/block/logical_block_provisioning.ts";
import { decodeUnmap, encodeUnmap } from "../../scsi/block/unmap.ts";
import { UnexpectedResponseError } from "../../scsi/errors.ts";
import {
  decodeFullReservationStatus,
  encodeFullReservationStatus,
} from "../../scsi/reservation/full_reservation_status.ts";
import {
  decodeRegisteredKeys,
  decodeReservationCapabilities,
  decodeReservationReport,
} from "../../scsi/reservation/reservation_reports.ts";
import { decodeTransportId } from "../../scsi/reservation/transport_id.ts";
import { Random, seed } from "./random.ts";

const ROUNDS = 3000;

/** Random bytes with many small ones, so that length fields often lead somewhere. */
function plausible(random: Random): Uint8Array {
  const bytes = random.bytes(random.below(140));
  for (let i = 0; i < bytes.length; i++) if (random.below(4) !== 0) bytes[i] = random.below(3);
  if (bytes.length > 8) bytes.set([0, 0, 0, random.below(140)], 4);
  return bytes;
}

const NEVER_THROW: Record<string, (bytes: Uint8Array) => unknown> = {
  decodeUnmap,
  decodeTransportId,
  decodeBlockLimits,
  decodeBlockCharacteristics,
  decodeLogicalBlockProvisioning,
};

for (const [name, decode] of Object.entries(NEVER_THROW)) {
  Deno.test(`${name}() never throws on random bytes`, () => {
    const random = new Random(seed());
    for (let round = 0; round < ROUNDS; round++) decode(plausible(random));
  });
}

const ONE_ERROR: Record<string, (bytes: Uint8Array) => unknown> = {
  decodeCapacity10,
  decodeCapacity16,
  decodeRegisteredKeys,
  decodeReservationReport,
  decodeReservationCapabilities,
  decodeFullReservationStatus,
};

for (const [name, decode] of Object.entries(ONE_ERROR)) {
  Deno.test(`${name}() throws nothing but UnexpectedResponseError on random bytes`, () => {
    const random = new Random(seed());
    let decoded = 0;
    for (let round = 0; round < ROUNDS; round++) {
      try {
        decode(plausible(random));
        decoded++;
      } catch (error) {
        ok(error instanceof UnexpectedResponseError, String(error));
      }
    }
    ok(decoded > ROUNDS / 100, `only ${decoded} could be decoded`);
  });
}

Deno.test("decodeBlockLimits() and decodeBlockCharacteristics() undo their encoders on random fields", () => {
  const random = new Random(seed());
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = random.bytes(60);
    const limits = decodeBlockLimits(bytes);
    deepStrictEqual(decodeBlockLimits(encodeBlockLimits(limits)), limits);
    const characteristics = decodeBlockCharacteristics(bytes);
    const again = decodeBlockCharacteristics(encodeBlockCharacteristics(characteristics));
    deepStrictEqual(again, characteristics);
  }
});

function randomCapacity(random: Random): Required<CapacityInput> {
  return {
    blocks: 1 + random.uint32() * 2 ** random.below(21),
    blockBytes: 1 + random.below(2 ** 20),
    blocksPerPhysicalBlock: 1 << random.below(16),
    lowestAlignedLba: random.below(2 ** 14),
    protectionType: random.below(9),
    protectionIntervals: 1 << random.below(16),
    provisioned: random.below(2) === 0,
    unmappedReadsZeros: random.below(2) === 0,
  };
}

Deno.test("decodeCapacity16() undoes encodeCapacity16(), whatever the fields", () => {
  const random = new Random(seed());
  for (let round = 0; round < ROUNDS; round++) {
    const capacity = randomCapacity(random);
    deepStrictEqual(decodeCapacity16(encodeCapacity16(capacity)), capacity);
  }
});

Deno.test("decodeUnmap() undoes encodeUnmap(), whatever the ranges", () => {
  const random = new Random(seed());
  for (let round = 0; round < ROUNDS; round++) {
    const ranges = Array.from({ length: random.below(8) }, () => ({
      lba: random.uint32() * 2 ** random.below(22),
      blocks: random.uint32(),
    }));
    deepStrictEqual(decodeUnmap(encodeUnmap(ranges)), ranges);
  }
});

Deno.test("decodeFullReservationStatus() undoes its encoder on random registrations", () => {
  const random = new Random(seed());
  const hexOf = (bytes: Uint8Array) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0"));
  for (let round = 0; round < ROUNDS / 10; round++) {
    const registrations = Array.from({ length: random.below(6) }, () => ({
      key: (BigInt(random.uint32()) << 32n) | BigInt(random.uint32()),
      allTargetPorts: random.below(2) === 0,
      targetPort: random.below(65536),
      ...(random.below(2) === 0 && { holds: random.below(16) }),
      initiator: {
        protocol: 5,
        name: `iqn.2026-03.com.example:${"x".repeat(random.below(60))}`,
        ...(random.below(2) === 0 && { isid: hexOf(random.bytes(6)).join("") }),
      },
    }));
    const status = { generation: random.uint32(), registrations };
    deepStrictEqual(decodeFullReservationStatus(encodeFullReservationStatus(status)), status);
  }
});
