import assert from "node:assert/strict";
import { CAMPAIGNS, countPdus, strike } from "../chaos/campaign.ts";
import { SkippingClock } from "../chaos/skipping_clock.ts";
import { settle } from "../chaos/settle.ts";
import { TransportLostError } from "../../tape/errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { CutUnit } from "./cut_unit.ts";
import { fill, numbered, openSim } from "./drive_setup.ts";

const BECOMING_READY = {
  opcode: 0x00,
  times: 99_999,
  sense: { key: 2, asc: 0x04, ascq: 0x01 },
};

Deno.test("Closing a drive ends the wait of a load() for a drive that becomes ready", async () => {
  const clock = new SkippingClock();
  const { unit, drive } = await openSim({}, { sleep: clock.sleep });
  unit.drive.inject(BECOMING_READY);
  const loading = assert.rejects(drive.load(), { kind: "closed" });
  const cancel = clock.schedule(() => void drive.close(), 3_500);
  await settle(loading, clock, [], "load()");
  await settle(drive.close(), clock, [], "close()");
  cancel();
  assert.equal(clock.now(), 3_500);
  assert.equal(clock.pending, 0);
  assert.ok(unit.isClosed);
});

Deno.test("Closing a drive ends the wait of a read for a drive that comes back and does not become ready", async () => {
  const clock = new SkippingClock();
  const unit = new CutUnit("exact");
  const drive = await TapeDrive.open(unit, { sleep: clock.sleep, closeTimeoutMs: 5_000 });
  await drive.write(numbered(1));
  await settle(drive.rewind(), clock, [], "rewind()");
  unit.left = 1;
  unit.meanwhile = () => unit.sim.drive.inject(BECOMING_READY);
  const reading = assert.rejects(drive.read(), /the drive is being closed/);
  const cancel = clock.schedule(() => void drive.close(), 60_000);
  await settle(reading, clock, [], "read()");
  await settle(drive.close(), clock, [], "close()");
  cancel();
  assert.equal(clock.now(), 65_000);
  assert.equal(clock.pending, 0);
  assert.ok(unit.sim.isClosed);
});

Deno.test("close() goes on as soon as the connection is there again, however long it would have waited", async () => {
  const clock = new SkippingClock();
  const unit = new CutUnit("exact");
  const drive = await TapeDrive.open(unit, { sleep: clock.sleep, closeTimeoutMs: 600_000 });
  await drive.write(numbered(1));
  unit.nexusLost = true;
  await settle(drive.close(), clock, [], "close()");
  assert.equal(unit.reconnections, 1);
  assert.ok(clock.now() < 10_000, `${clock.now()} ms`);
  assert.equal(clock.pending, 0);
});

Deno.test("close() connects again however long it took to notice that the connection is lost", async () => {
  const campaign = CAMPAIGNS.find(({ name }) => name === "reading ahead")!;
  const lastRead = await countPdus(campaign) - 4;
  await strike(campaign, "stall", lastRead);
});

/** A drive whose connection was lost in a READ, and whose caller would not wait until the tape was where he is. */
async function openCalledOff() {
  const unit = new CutUnit("exact");
  const clock = new SkippingClock();
  const drive = await TapeDrive.open(unit, { sleep: clock.sleep });
  await fill(drive, [numbered(1), numbered(2), numbered(3)]);
  await drive.read();
  const caller = new AbortController();
  unit.left = 1;
  unit.isExecuted = true;
  unit.meanwhile = () => caller.abort(new Error("enough"));
  const { signal } = caller;
  const reading = assert.rejects(drive.read({ signal }), (error) => error === signal.reason);
  await settle(reading, clock, [], "read()");
  assert.equal(unit.sim.drive.position?.object, 2);
  return { unit, drive, clock };
}

Deno.test("close() brings the tape back also where a read was called off that was about to", async () => {
  const { unit, drive, clock } = await openCalledOff();
  await settle(drive.close(), clock, [], "close()");
  assert.equal(unit.sim.closedAt, 1);
});

Deno.test("position() tells where the caller is also where a read was called off that was about to go there", async () => {
  const { drive, clock } = await openCalledOff();
  const { known, object, source } = await drive.position();
  assert.deepEqual({ known, object, source }, { known: true, object: 1, source: "counted" });
  await settle(drive.close(), clock, [], "close()");
});

Deno.test("close() behind a write that was lost does not speak of reading", async () => {
  const unit = new CutUnit("exact");
  const drive = await TapeDrive.open(unit, { sleep: () => Promise.resolve() });
  unit.left = 1;
  await assert.rejects(drive.write(numbered(1)), TransportLostError);
  await assert.rejects(drive.close(), { message: /^Cannot continue on [^:]+: where the tape/ });
});
