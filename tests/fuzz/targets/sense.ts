/** Sense data in both formats, and what the tape driver makes of it. */

import assert from "node:assert/strict";
import { decodeSense, describeSense, encodeSense } from "../../../scsi/sense.ts";
import { conditionOf } from "../../../tape/conditions.ts";
import type { FuzzTarget } from "../fuzz_target.ts";

const FIXED = encodeSense({ key: 3, asc: 0x11, ascq: 1, information: -5, filemark: true });
const DESCRIPTOR = encodeSense({
  key: 0xd,
  asc: 0x55,
  ascq: 2,
  information: 2 ** 40,
  commandSpecific: 9,
  endOfMedium: true,
  fieldReplaceableUnit: 4,
  senseKeySpecific: { kind: "progress", progress: 0x1234 },
}, "descriptor");

export const senseTarget: FuzzTarget = {
  name: "sense",
  seeds: [FIXED, DESCRIPTOR, Uint8Array.of(0xf1, 0, 0x60, 0, 0, 0, 4, 10)],
  maxBytes: 300,
  run(input) {
    const sense = decodeSense(input);
    assert.ok(describeSense(sense).length < 2000);
    assert.ok(sense.key >= 0 && sense.key <= 15);
    assert.ok(sense.information === undefined || Number.isInteger(sense.information));
    conditionOf(sense);
  },
};
