import assert from "node:assert/strict";
import { InvalidOptionError } from "../../../iscsi/errors.ts";
import { MemoryMedium, SimulatedDrive } from "../../../sim/mod.ts";

const COUNTS = [-1, 1.5, NaN];
const REFUSED = {
  bufferBytes: COUNTS,
  capacityBytes: [0, ...COUNTS],
  commandLogLength: COUNTS,
  compressionRatio: [0, -1, NaN, Infinity],
  earlyWarningBytes: [...COUNTS, Infinity],
  elementAddress: [...COUNTS, 65_536],
};

for (const [name, values] of Object.entries(REFUSED)) {
  Deno.test(`A drive has no ${name} that cannot be`, () => {
    for (const value of [...values, "1" as unknown as number]) {
      const made = () => new SimulatedDrive({ [name]: value });
      assert.throws(made, (error: InvalidOptionError) => {
        return error instanceof InvalidOptionError && error.message.includes(`${name} is ${value}`);
      });
    }
    new SimulatedDrive({ [name]: 1 });
  });
}

Deno.test("A cartridge has no numbers that cannot be", () => {
  for (const densityCode of [-1, 256, 1.5]) {
    assert.throws(() => new MemoryMedium({ densityCode }), InvalidOptionError);
  }
  assert.throws(() => new MemoryMedium({ capacityBytes: 0 }), InvalidOptionError);
  new MemoryMedium({ densityCode: 0x5c, capacityBytes: 1, earlyWarningBytes: 0 });
});

Deno.test("A buffer and a log may be without bounds", () => {
  new SimulatedDrive({ bufferBytes: Infinity, commandLogLength: Infinity });
});
