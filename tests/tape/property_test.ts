import assert from "node:assert/strict";
import { seed } from "../scsi/random.ts";
import { walkWithFaults } from "./faulty_walk.ts";

const WALKS = 40;
const OPERATIONS = 60;

for (const writeBehind of [0, 4, 16]) {
  for (const readAhead of [0, 8]) {
    Deno.test(`whatever goes wrong, what succeeds is true and what fails is told: write-behind ${writeBehind}, read-ahead ${readAhead}`, async () => {
      const first = seed();
      let failures = 0;
      for (let walk = 0; walk < WALKS; walk++) {
        const options = { readAhead, writeBehind, faultEvery: 6 };
        failures += (await walkWithFaults(first + walk, OPERATIONS, options)).failures;
      }
      assert.ok(failures > 20, `${failures} failures`);
    });
  }
}
