/** Two initiators at one drive of `tape serve` at once: ours, and libiscsi's. */

import assert from "node:assert/strict";
import {
  DEFAULT_RESERVATION_KEY,
  openLogicalUnit,
  openTape,
  ReservationConflictError,
  ReservationPreemptedError,
  type TapeDrive,
} from "../../mod.ts";
import type { LogicalUnit } from "../../scsi/mod.ts";
import { decodeSense } from "../../scsi/sense.ts";
import { LibiscsiInitiator } from "./harness/libiscsi_initiator.ts";
import { TapeServer } from "./harness/tape_server.ts";

const [GOOD, CONFLICT] = [0x00, 0x18];
const CONFLICTS = { status: CONFLICT, dataIn: new Uint8Array(0) };
const RECORD_BYTES = 512;

const TEST_UNIT_READY = [0x00, 0, 0, 0, 0, 0];
const REWIND = [0x01, 0, 0, 0, 0, 0];
const READ = [0x08, 0, 0, RECORD_BYTES >> 8, 0, 0];
const WRITE = [0x0a, 0, 0, RECORD_BYTES >> 8, 0, 0];
const RESERVE = [0x16, 0, 0, 0, 0, 0];
const RELEASE = [0x17, 0, 0, 0, 0, 0];
const INQUIRY = [0x12, 0, 0, 0, 36, 0];
const UNLOAD = [0x1b, 0, 0, 0, 0, 0];
const LOAD = [0x1b, 0, 0, 0, 1, 0];
const READ_POSITION = [0x34, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/** MODE SELECT(6) of a block descriptor alone, with the density left as it is (SSC-4 §8.3). */
const MODE_SELECT = [0x15, 0x10, 0, 0, 12, 0];
const blockLength = (bytes: number) =>
  Uint8Array.of(0, 0, 0x10, 8, 0x7f, 0, 0, 0, 0, bytes >> 16, bytes >> 8 & 0xff, bytes & 0xff);

/** PERSISTENT RESERVE OUT (SPC-5 §6.16): EXCLUSIVE ACCESS, with a parameter list of 24 bytes. */
const reserveOut = (action: number) => [0x5f, action, 0x03, 0, 0, 0, 0, 0, 24, 0];
const [PREEMPT, REGISTER_AND_IGNORE] = [0x04, 0x06];

function keys(ours: bigint, service: bigint): Uint8Array {
  const list = new DataView(new ArrayBuffer(24));
  list.setBigUint64(0, ours);
  list.setBigUint64(8, service);
  return new Uint8Array(list.buffer);
}

const record = (number: number) => new Uint8Array(RECORD_BYTES).fill(number);

/** libiscsi's initiator once it has heard of the power-on. */
async function quietPeer(url: string): Promise<LibiscsiInitiator> {
  const peer = await LibiscsiInitiator.login(url);
  assert.deepEqual(await attentions(peer), ["6/2900"]);
  return peer;
}

/** The unit attentions of libiscsi's initiator, until TEST UNIT READY says GOOD, or that another holds the drive. */
async function attentions(peer: LibiscsiInitiator): Promise<(string | undefined)[]> {
  const told: (string | undefined)[] = [];
  for (;;) {
    const { status, sense } = await peer.execute(TEST_UNIT_READY);
    if (status === GOOD || status === CONFLICT) return told;
    assert.ok(told.push(sense) < 10, `it never ends: ${told}`);
  }
}

/** The same of ours. */
async function ourAttentions(unit: LogicalUnit): Promise<string[]> {
  const told: string[] = [];
  for (;;) {
    const { status, sense } = await unit.execute({ cdb: Uint8Array.from(TEST_UNIT_READY) });
    if (status === GOOD) return told;
    const { key, asc, ascq } = decodeSense(sense);
    assert.ok(told.push(`${key}/${(asc << 8 | ascq).toString(16).padStart(4, "0")}`) < 10);
  }
}

async function mustBeGood(
  peer: LibiscsiInitiator,
  cdb: readonly number[],
  dataOut?: Uint8Array,
): Promise<void> {
  const { status, sense } = await peer.execute(cdb, { dataOut });
  assert.equal(status, GOOD, `${cdb}: ${sense}`);
}

async function objectNumber(peer: LibiscsiInitiator): Promise<number> {
  const { dataIn } = await peer.execute(READ_POSITION, { dataInBytes: 20 });
  return new DataView(dataIn.buffer).getUint32(4);
}

async function withServer(use: (url: string) => Promise<void>): Promise<void> {
  const server = await TapeServer.start([]);
  try {
    await use(server.url);
  } finally {
    await server.stop();
  }
}

async function withPeer(
  url: string,
  use: (peer: LibiscsiInitiator) => Promise<void>,
): Promise<void> {
  const peer = await quietPeer(url);
  try {
    await use(peer);
  } finally {
    await peer.logout();
  }
}

/** Our drive, and then libiscsi's initiator, both past the power-on. */
function withBoth(
  use: (drive: TapeDrive, peer: LibiscsiInitiator, url: string) => Promise<void>,
  options: Parameters<typeof openTape>[1] = {},
): Promise<void> {
  return withServer(async (url) => {
    const drive = await openTape(url, options);
    try {
      await withPeer(url, (peer) => use(drive, peer, url));
    } finally {
      await drive.close();
    }
  });
}

Deno.test("each of the two initiators hears of each event once, and who caused it of no change of its own", () =>
  withServer(async (url) => {
    const unit = await openLogicalUnit(url);
    try {
      assert.deepEqual(await ourAttentions(unit), ["6/2900"]);
      await withPeer(url, async (peer) => {
        const execute = (cdb: number[], dataOut?: Uint8Array) =>
          unit.execute({ cdb: Uint8Array.from(cdb), dataOut });
        assert.deepEqual(await ourAttentions(unit), [], "a login is nobody else's business");

        await execute(MODE_SELECT, blockLength(1024));
        assert.deepEqual(await attentions(peer), ["6/2a01"]);
        await mustBeGood(peer, MODE_SELECT, blockLength(0));
        assert.deepEqual(await ourAttentions(unit), ["6/2a01"]);

        for (const cdb of [UNLOAD, LOAD]) await execute(cdb);
        assert.deepEqual(await attentions(peer), ["6/2800"]);
        const heard = await ourAttentions(unit);
        for (const cdb of [UNLOAD, LOAD]) await peer.execute(cdb);
        assert.deepEqual(await ourAttentions(unit), ["6/2800"]);
        assert.deepEqual(await attentions(peer), heard, "both who load hear the same");

        assert.equal((await peer.resetUnit()).status, 0);
        assert.deepEqual(await ourAttentions(unit), ["6/2903"]);
        assert.deepEqual(await attentions(peer), ["6/2903"]);
      });
    } finally {
      await unit.close();
    }
  }));

Deno.test("one position is shared: what the one moves, the other finds moved", () =>
  withBoth(async (drive, peer) => {
    for (let number = 0; number < 4; number++) {
      await drive.write(record(number));
      assert.equal(await objectNumber(peer), number + 1);
    }
    await mustBeGood(peer, REWIND);
    assert.equal((await drive.position()).object, 0);
    for (let number = 0; number < 4; number += 2) {
      const ours = await drive.read();
      assert.ok(ours.kind === "record");
      assert.deepEqual(new Uint8Array(ours.data), record(number));
      const theirs = await peer.execute(READ, { dataInBytes: RECORD_BYTES });
      assert.deepEqual(theirs, { status: GOOD, dataIn: record(number + 1) });
    }
    assert.equal((await drive.read()).kind, "end-of-data");
    const end = await peer.execute(READ, { dataInBytes: RECORD_BYTES });
    assert.equal(end.sense, "8/0005");
  }));

Deno.test("RESERVE by libiscsi keeps us from the tape until RELEASE, its logout, or its death", () =>
  withBoth(async (drive, peer, url) => {
    await mustBeGood(peer, RESERVE);
    await mustBeGood(peer, WRITE, record(1));
    await assert.rejects(drive.write(record(9)), ReservationConflictError);
    await assert.rejects(drive.rewind(), ReservationConflictError);
    await mustBeGood(peer, RELEASE);
    await drive.rewind();
    for (const end of ["logout", "kill"] as const) {
      const other = await LibiscsiInitiator.login(url, `iqn.2026-03.com.example:${end}`);
      assert.deepEqual(await attentions(other), ["6/2900"]);
      await mustBeGood(other, RESERVE);
      await assert.rejects(drive.rewind(), ReservationConflictError);
      await other[end]();
      await drive.rewind();
    }
    assert.equal((await drive.read()).kind, "record");
    assert.equal((await drive.read()).kind, "end-of-data", "what was refused was not written");
  }));

Deno.test("our RESERVE keeps libiscsi from the tape, not from asking who it is", () =>
  withBoth(async (drive, peer) => {
    await drive.write(record(1));
    for (const cdb of [TEST_UNIT_READY, REWIND, READ, UNLOAD, RESERVE]) {
      assert.deepEqual(await peer.execute(cdb), CONFLICTS, `${cdb}`);
    }
    assert.deepEqual(await peer.execute(WRITE, { dataOut: record(9) }), CONFLICTS);
    // Releasing what another holds does nothing (SPC-2 §7.21.2).
    await mustBeGood(peer, RELEASE);
    assert.deepEqual(await peer.execute(REWIND), CONFLICTS);
    assert.equal((await peer.execute(INQUIRY, { dataInBytes: 36 })).status, GOOD);
    await drive.write(record(2));
    assert.equal((await drive.position()).object, 2);
  }, { exclusive: "reserve" }));

Deno.test("who preempts our persistent reservation gets the drive, and we are refused, and told why", () =>
  withServer(async (url) => {
    const drive = await openTape(url, { exclusive: "persistent" });
    await withPeer(url, async (peer) => {
      await drive.write(record(1));
      for (const cdb of [REWIND, READ, UNLOAD, RESERVE]) {
        assert.deepEqual(await peer.execute(cdb), CONFLICTS, `${cdb}`);
      }
      assert.equal((await peer.execute(INQUIRY, { dataInBytes: 36 })).status, GOOD);
      const [theirs, ours] = [0x1234n, DEFAULT_RESERVATION_KEY];
      const preempt = () => peer.execute(reserveOut(PREEMPT), { dataOut: keys(theirs, ours) });
      assert.deepEqual(await preempt(), CONFLICTS, "not before it has registered");
      await mustBeGood(peer, reserveOut(REGISTER_AND_IGNORE), keys(0n, theirs));
      assert.equal((await preempt()).status, GOOD);
      await mustBeGood(peer, WRITE, record(2));
      // RESERVATION CONFLICT comes before all unit attentions but those of a reset (SAM-5 §5.3.3).
      await assert.rejects(drive.write(record(9)), ReservationConflictError);
      await assert.rejects(drive.status(), ReservationPreemptedError);
      await assert.rejects(drive.status(), ReservationConflictError, "told once");
      assert.equal(await objectNumber(peer), 2);
      assert.deepEqual(await attentions(peer), []);
    }).finally(() => assert.rejects(drive.close(), ReservationConflictError));
  }));
