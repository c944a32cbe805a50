import { deepStrictEqual, ok } from "node:assert/strict";
import { commandFacts } from "../../scsi/command_table.ts";
import { decodeDesignators, encodeDesignators } from "../../scsi/designator.ts";
import { UnexpectedResponseError } from "../../scsi/errors.ts";
import { decodeInquiry } from "../../scsi/inquiry.ts";
import { decodeLogPage } from "../../scsi/log_pages.ts";
import { decodeLun, formatLun } from "../../scsi/lun.ts";
import { decodeModeParameters } from "../../scsi/mode_parameters.ts";
import { decodeReportLuns } from "../../scsi/report_luns.ts";
import { decodeSense, describeSense, encodeSense, type SenseInput } from "../../scsi/sense.ts";
import { decodeSupportedOperations } from "../../scsi/supported_operations.ts";
import { decodeSerialNumber, decodeVpdPage } from "../../scsi/vpd.ts";
import { Random, seed } from "./random.ts";

const ROUNDS = 3000;

/** Random bytes that often begin like the real thing, so that the walks go deep. */
function plausible(random: Random, starts: number[]): Uint8Array {
  const bytes = random.bytes(random.below(80));
  if (bytes.length > 0 && random.below(2) === 0) bytes[0] = starts[random.below(starts.length)];
  for (let i = 1; i < bytes.length; i++) if (random.below(3) === 0) bytes[i] = random.below(12);
  return bytes;
}

const NEVER_THROW: Record<string, (bytes: Uint8Array) => unknown> = {
  decodeSense: (bytes) => describeSense(decodeSense(bytes)),
  decodeDesignators,
  decodeVpdPage,
  decodeSerialNumber,
  commandFacts,
};

for (const [name, decode] of Object.entries(NEVER_THROW)) {
  Deno.test(`${name}() never throws on random bytes`, () => {
    const random = new Random(seed());
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = plausible(random, [0x70, 0xf0, 0x71, 0x72, 0x73, 0x01]);
      if (name === "commandFacts" && bytes.length < 2) continue;
      decode(bytes);
    }
  });
}

const ONE_ERROR: Record<string, (bytes: Uint8Array) => unknown> = {
  decodeInquiry,
  decodeReportLuns,
  decodeLogPage,
  decodeSupportedOperations,
  "decodeModeParameters(6)": (bytes) => decodeModeParameters(bytes, 6),
  "decodeModeParameters(10)": (bytes) => decodeModeParameters(bytes, 10),
};

for (const [name, decode] of Object.entries(ONE_ERROR)) {
  Deno.test(`${name} throws nothing but UnexpectedResponseError on random bytes`, () => {
    const random = new Random(seed());
    for (let round = 0; round < ROUNDS; round++) {
      try {
        decode(plausible(random, [0x00, 0x01, 0x17, 0x40]));
      } catch (error) {
        ok(error instanceof UnexpectedResponseError, String(error));
      }
    }
  });
}

Deno.test("decodeLun() and formatLun() take any 64 bits", () => {
  const random = new Random(seed());
  for (let round = 0; round < ROUNDS; round++) {
    const lun = (BigInt(random.uint32()) << 32n) | BigInt(random.uint32());
    ok(formatLun(lun).length > 0 && decodeLun(lun).method.length > 0);
  }
});

function randomSense(random: Random): SenseInput {
  const maybe = <T>(fields: T): T | Record<string, never> => random.below(2) === 0 ? fields : {};
  return {
    key: random.below(16),
    asc: random.below(256),
    ascq: random.below(256),
    deferred: random.below(2) === 0,
    filemark: random.below(2) === 0,
    endOfMedium: random.below(2) === 0,
    incorrectLength: random.below(2) === 0,
    ...maybe({ information: random.uint32() | 0 }),
    ...maybe({ commandSpecific: random.uint32() + 1 }),
    ...maybe({ fieldReplaceableUnit: 1 + random.below(255) }),
  };
}

Deno.test("decodeSense() undoes encodeSense() in both formats, whatever the fields", () => {
  const random = new Random(seed());
  for (let round = 0; round < ROUNDS; round++) {
    const input = randomSense(random);
    // 32 bits are all that fixed format has.
    if (input.commandSpecific === 2 ** 32) continue;
    for (const format of ["fixed", "descriptor"] as const) {
      const { format: seen, responseCode: _code, raw: _raw, informationValid, ...fields } =
        decodeSense(encodeSense(input, format));
      deepStrictEqual(fields, input);
      deepStrictEqual([seen, informationValid], [format, input.information !== undefined]);
    }
  }
});

Deno.test("encodeDesignators() undoes decodeDesignators() on random descriptors without reserved bits", () => {
  const random = new Random(seed());
  for (let round = 0; round < ROUNDS; round++) {
    const data = random.bytes(random.below(40));
    const bytes = Uint8Array.of(
      1 + random.below(3),
      (random.below(3) << 4) | random.below(11),
      0,
      data.length,
      ...data,
    );
    deepStrictEqual(encodeDesignators(decodeDesignators(bytes)), bytes);
  }
});
