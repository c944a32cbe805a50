import { TapeDrive } from "../../tape/tape_drive.ts";
import type { TapeDriveOptions } from "../../tape/options.ts";
import { btape, fillUp } from "./btape_sequence.ts";
import { openSim } from "./drive_setup.ts";
import { SimUnit, type TargetHabits } from "./sim_unit.ts";

const RECORDS = 1000;
const RECORD_BYTES = 64;

for (const habits of ["exact", "tgt", "istgt"] satisfies TargetHabits[]) {
  for (const depth of [0, 8]) {
    Deno.test(`btape's sequence passes on a target like ${habits}, read-ahead and write-behind ${depth}`, async () => {
      const unit = new SimUnit({ habits });
      const options: TapeDriveOptions = { readAhead: depth, writeBehind: depth };
      const drive = await btape(await TapeDrive.open(unit, options), {
        records: RECORDS,
        recordBytes: RECORD_BYTES,
        spacesBack: habits !== "tgt",
        reopen: async (one) => {
          // The unit stays: only the driver forgets all that it knows.
          await one.flush();
          return await TapeDrive.open(unit, options);
        },
      });
      await drive.close();
    });
  }
}

for (const writeBehind of [0, 8]) {
  Deno.test(`btape's fill test passes, write-behind ${writeBehind}`, async () => {
    const setup = { capacityBytes: 200_000, earlyWarningBytes: 40_000 };
    const { drive } = await openSim(setup, { writeBehind });
    await fillUp(drive, {
      records: 0,
      recordBytes: 1000,
      reopen: (one) => Promise.resolve(one),
    });
    await drive.close();
  });
}
