import assert from "node:assert/strict";
import { InvalidOptionError } from "../../../iscsi/errors.ts";
import { type BadBlock, MemoryMedium, SimulatedDrive } from "../../../sim/mod.ts";

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

for (
  const block of [
    {},
    { object: "1" },
    { object: -1 },
    { object: 1, on: "reading" },
    { object: 1, partition: -1 },
    { object: 1, times: 0 },
  ]
) {
  Deno.test(`A bad place that nothing can meet is refused: ${JSON.stringify(block)}`, () => {
    const drive = new SimulatedDrive({ medium: new MemoryMedium() });
    assert.throws(() => drive.addBadBlock(block as unknown as BadBlock), InvalidOptionError);
  });
}

Deno.test("A TapeAlert flag that no drive has is refused", () => {
  const drive = new SimulatedDrive({ medium: new MemoryMedium() });
  for (const flag of [0, 65, 1.5, "20"]) {
    assert.throws(() => drive.raiseTapeAlert(flag as number), InvalidOptionError);
  }
  for (const flag of [1, 64]) drive.raiseTapeAlert(flag);
});
