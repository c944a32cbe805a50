import assert from "node:assert/strict";
import { decodeSense, encodeSense, type SenseFormat, type SenseInput } from "../../scsi/sense.ts";
import { type Condition, conditionOf, conditionOfStatus } from "../../tape/conditions.ts";

const MEANINGS: readonly (readonly [SenseInput, Condition])[] = [
  [{ key: 0, asc: 0, ascq: 1, filemark: true }, "filemark"],
  [{ key: 1, asc: 0, ascq: 1, filemark: true }, "filemark"],
  [{ key: 0, asc: 0, ascq: 0, filemark: true }, "filemark"],
  [{ key: 0, asc: 0, ascq: 1, filemark: true, endOfMedium: true }, "filemark"],
  [{ key: 0, asc: 0, ascq: 3, filemark: true }, "setmark"],
  [{ key: 0, asc: 0, ascq: 0, incorrectLength: true }, "incorrect-length"],
  [{ key: 0, asc: 0, ascq: 2, incorrectLength: true, endOfMedium: true }, "incorrect-length"],
  [{ key: 0, asc: 0, ascq: 2, endOfMedium: true }, "early-warning"],
  [{ key: 0, asc: 0, ascq: 0, endOfMedium: true }, "early-warning"],
  [{ key: 0, asc: 0, ascq: 7, endOfMedium: true }, "programmable-early-warning"],
  [{ key: 0, asc: 0, ascq: 4, endOfMedium: true }, "beginning-of-partition"],
  [{ key: 0, asc: 0, ascq: 5 }, "end-of-data"],
  [{ key: 8, asc: 0, ascq: 5 }, "end-of-data"],
  [{ key: 8, asc: 0, ascq: 0, endOfMedium: true }, "end-of-data"],
  [{ key: 8, asc: 0x14, ascq: 3 }, "blank-check"],
  [{ key: 3, asc: 0x14, ascq: 3 }, "medium-error"],
  [{ key: 3, asc: 0, ascq: 2, endOfMedium: true }, "end-of-partition"],
  [{ key: 0xd, asc: 0, ascq: 2, endOfMedium: true }, "volume-overflow"],
  [{ key: 7, asc: 0x27, ascq: 0 }, "write-protected"],
  [{ key: 7, asc: 0x30, ascq: 0x0c }, "worm-violation"],
  [{ key: 7, asc: 0x27, ascq: 7 }, "write-protected"],
  [{ key: 7, asc: 0x5a, ascq: 2 }, "write-protected"],
  [{ key: 7, asc: 0x30, ascq: 0x0d }, "worm-violation"],
  [{ key: 7, asc: 0x50, ascq: 1 }, "worm-violation"],
  [{ key: 3, asc: 0x30, ascq: 0x0c }, "worm-violation"],
  [{ key: 3, asc: 0x30, ascq: 0x0d }, "worm-violation"],
  [{ key: 7, asc: 0x2c, ascq: 0 }, "data-protect"],
  [{ key: 4, asc: 0x10, ascq: 1 }, "protection-mismatch"],
  [{ key: 0xb, asc: 0x10, ascq: 1 }, "protection-mismatch"],
  [{ key: 7, asc: 0x26, ascq: 0x10 }, "encryption"],
  [{ key: 7, asc: 0x2a, ascq: 0x13 }, "encryption"],
  [{ key: 2, asc: 0x74, ascq: 1 }, "encryption"],
  [{ key: 7, asc: 0x74, ascq: 3 }, "encryption"],
  [{ key: 7, asc: 0xef, ascq: 0x10 }, "encryption"],
  [{ key: 6, asc: 0x28, ascq: 0 }, "medium-changed"],
  [{ key: 6, asc: 0x29, ascq: 7 }, "reset"],
  [{ key: 6, asc: 0x2a, ascq: 1 }, "mode-parameters-changed"],
  [{ key: 6, asc: 0x2a, ascq: 3 }, "reservation-preempted"],
  [{ key: 6, asc: 0x2a, ascq: 5 }, "reservation-preempted"],
  [{ key: 6, asc: 0x2a, ascq: 0 }, "attention"],
  [{ key: 6, asc: 0x2a, ascq: 2 }, "attention"],
  [{ key: 6, asc: 0x2a, ascq: 4 }, "reservation-preempted"],
  [{ key: 6, asc: 0x2a, ascq: 9 }, "attention"],
  [{ key: 6, asc: 0x2a, ascq: 0x10 }, "attention"],
  [{ key: 6, asc: 0x2a, ascq: 0x12 }, "encryption"],
  [{ key: 6, asc: 0x5d, ascq: 0x10 }, "attention"],
  [{ key: 6, asc: 0x2a, ascq: 0x11 }, "encryption"],
  [{ key: 6, asc: 0x5a, ascq: 1 }, "unload-requested"],
  [{ key: 6, asc: 0x2f, ascq: 0 }, "reset"],
  [{ key: 6, asc: 0, ascq: 2, endOfMedium: true }, "early-warning"],
  [{ key: 6, asc: 0x0e, ascq: 0 }, "unit-attention"],
  [{ key: 6, asc: 0x3f, ascq: 1 }, "attention"],
  [{ key: 5, asc: 0x53, ascq: 2 }, "removal-prevented"],
  [{ key: 5, asc: 0x24, ascq: 0 }, "illegal-request"],
  [{ key: 2, asc: 0x04, ascq: 1 }, "not-ready"],
  [{ key: 1, asc: 0x17, ascq: 1 }, "informational"],
  [{ key: 0, asc: 0x5d, ascq: 0 }, "informational"],
  [{ key: 3, asc: 0x0c, ascq: 0, deferred: true }, "deferred"],
  [{ key: 0xb, asc: 0x47, ascq: 5 }, "aborted-command"],
  [{ key: 0xe, asc: 0x1d, ascq: 0 }, "other"],
];

for (const format of ["fixed", "descriptor"] satisfies SenseFormat[]) {
  Deno.test(`sense in ${format} format means what it says`, () => {
    for (const [sense, meaning] of MEANINGS) {
      assert.equal(
        conditionOf(decodeSense(encodeSense(sense, format))),
        meaning,
        JSON.stringify(sense),
      );
    }
  });
}

Deno.test("CHECK CONDITION without sense data is not taken for success", () => {
  assert.equal(conditionOf(decodeSense(new Uint8Array(0))), "other");
  assert.equal(conditionOfStatus(0x02, undefined), "other");
});
