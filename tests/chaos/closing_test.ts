import assert from "node:assert/strict";
import { TransportLostError } from "../../tape/errors.ts";
import type { TapeDrive } from "../../tape/tape_drive.ts";
import { Experiment } from "./experiment.ts";
import { Fault } from "./fault.ts";

/** What a target that is gone may cost whoever closes a drive. */
const PATIENCE_MS = 5_000;
const READS = 5;

/** A drive whose target is gone for good, with a tape that read-ahead has brought further than the caller. */
async function withDeadTarget(
  readAhead: number,
  use: (drive: TapeDrive, experiment: Experiment) => Promise<void>,
): Promise<void> {
  const experiment = new Experiment(new Fault("stall", -1), { drive: { readAhead } });
  const [partition] = experiment.drive.medium!.partitions;
  for (let number = 0; number < 50; number++) {
    partition.appendRecord(new Uint8Array(100).fill(number));
  }
  await experiment.run(async () => {
    const drive = await experiment.open();
    for (let reads = 0; reads < READS; reads++) await drive.read();
    experiment.vanish();
    await use(drive, experiment);
  });
}

Deno.test("Closing a drive whose target is gone takes seconds, though the tape ran ahead", async () => {
  await withDeadTarget(8, async (drive, { clock }) => {
    const begin = clock.now();
    await assert.rejects(drive.close(), TransportLostError);
    assert.ok(clock.now() - begin <= PATIENCE_MS, `it took ${clock.now() - begin} ms`);
  });
});

Deno.test("Closing a drive ends the wait of a read whose target is gone", async () => {
  await withDeadTarget(0, async (drive, { clock }) => {
    const begin = clock.now();
    const reading = assert.rejects(drive.read(), /the drive is being closed/);
    await drive.close();
    await reading;
    assert.ok(clock.now() - begin <= PATIENCE_MS, `it took ${clock.now() - begin} ms`);
  });
});

Deno.test("Closing a drive with nothing to bring back does not wait for a target that is gone", async () => {
  await withDeadTarget(0, async (drive, { clock }) => {
    const begin = clock.now();
    await drive.close();
    assert.equal(clock.now(), begin);
  });
});

Deno.test("Closing a drive brings the tape back when the target returns within seconds", async () => {
  await withDeadTarget(8, async (drive, experiment) => {
    const cancel = experiment.clock.schedule(() => experiment.comeBack(), 2_500);
    await drive.close();
    cancel();
    assert.equal(experiment.drive.position?.object, READS);
  });
});
