/** A whole session, initiator's side: a mutated conversation of a target's against commands of every kind. */

import assert from "node:assert/strict";
import { IscsiError } from "../../../iscsi/errors.ts";
import { encodeText } from "../../../iscsi/negotiation/text_keys.ts";
import { discover } from "../../../iscsi/session/discovery.ts";
import { Session } from "../../../iscsi/session/session.ts";
import type { SessionOptions } from "../../../iscsi/session/session_options.ts";
import { loopbackTarget } from "../../../sim/target/loopback_target.ts";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import type { Dialer } from "../../../transport/byte_stream.ts";
import { VirtualClock } from "../../../transport/clock.ts";
import { concat } from "../../../transport/concat.ts";
import {
  INITIATOR_NAME,
  ISID,
  seededBytes,
  TARGET_NAME,
} from "../../iscsi/negotiation/login_pair.ts";
import { type FuzzTarget, settledOrDocumented } from "../fuzz_target.ts";
import { microtasks } from "../microtasks.ts";
import { changePdus } from "../pdu_mutation.ts";
import { eavesdropping } from "./eavesdropping.ts";
import { ReplayedPeer } from "./replayed_peer.ts";

const HEADER_DIGEST = 1;
const CHAP = 2;
const SILENT = 4;
const DISCOVERY = 8;

const DAY_MS = 86_400_000;
/** Looks at the clock until which everything has settled: each request has one deadline, and at most one abort. */
const MAX_DAYS = 8;
const MAX_TURNS = 4000;
/** Short, so that most of an input are headers. */
const RECORD_BYTES = 600;
const SECRET = "secretsecret12";

/** A target that answers as it should says all that the seeds hold. */
export async function sessionTarget(): Promise<FuzzTarget> {
  const seeds: Uint8Array[] = [];
  for (const flags of [0, HEADER_DIGEST, CHAP, DISCOVERY]) {
    const wire = await recorded(flags);
    seeds.push(concat([Uint8Array.of(flags), wire]), concat([Uint8Array.of(flags | SILENT), wire]));
  }
  return { name: "session", seeds, change: changePdus, maxBytes: 40_000, run: runSession };
}

async function runSession(input: Uint8Array): Promise<void> {
  const flags = input[0] ?? 0;
  const clock = new VirtualClock();
  const lastWord = flags & SILENT ? "is silent" : "hangs up";
  const digestBytes = flags & HEADER_DIGEST ? 4 : 0;
  const peer = new ReplayedPeer(input.subarray(1), lastWord, () => digestBytes);
  let isOver = false;
  const talk = converse(flags, clock, () => Promise.resolve(peer)).finally(() => isOver = true);
  let days = 0;
  for (let turn = 0; !isOver && turn < MAX_TURNS; turn++) {
    await microtasks(64);
    if (!peer.isDone || isOver) continue;
    assert.ok(days++ < MAX_DAYS, "everything settles");
    clock.advance(DAY_MS);
  }
  assert.ok(isOver, "everything settles");
  await talk;
  assert.equal(clock.pending, 0, "no timer is left");
  assert.ok(peer.heard < 1_000_000, "the initiator says no more than it has to");
}

/** Everything that a session, or a portal, can be asked, to its end. */
async function converse(flags: number, clock: VirtualClock, dial: Dialer): Promise<void> {
  if ((flags & DISCOVERY) === 0) return await command(flags, clock, dial);
  const options = { ...sessionOptions(flags), clock, dial };
  const found = await settledOrDocumented(discover("simulator", options), IscsiError);
  assert.ok(found === undefined || found.every(({ portals }) => portals.length > 0));
}

async function command(flags: number, clock: VirtualClock, dial: Dialer): Promise<void> {
  const session = await settledOrDocumented(
    Session.connect({ ...sessionOptions(flags), clock, dial }),
    IscsiError,
  );
  if (session === undefined) return;
  const dataIn = new Uint8Array(RECORD_BYTES);
  const requests: Promise<unknown>[] = [
    session.execute(0n, { cdb: cdb(0x12, 0, 0, 0, 96), dataIn: new Uint8Array(96) }),
    session.execute(0n, { cdb: cdb(0) }),
    session.execute(0n, { cdb: cdb(1) }),
    session.execute(0n, { cdb: cdb(0x0a, 0, 0, 2, 0x58), dataOut: dataIn.slice() }),
    session.execute(0n, { cdb: cdb(1) }),
    session.execute(0n, { cdb: cdb(8, 0, 0, 2, 0x58), dataIn }),
    session.text(encodeText([["SendTargets", ""]])),
  ];
  for (const request of requests) request.catch(() => {});
  await settledOrDocumented(requests[0], IscsiError);
  requests.push(session.logicalUnitReset(0));
  requests.at(-1)!.catch(() => {});
  for (const request of requests) {
    const result = await settledOrDocumented(request, IscsiError);
    checkResult(result);
  }
  await session.close();
}

function checkResult(result: unknown): void {
  if (result === undefined || result instanceof Uint8Array) return;
  const { dataInLength, residual, status } = result as Record<string, number>;
  assert.ok(dataInLength >= 0 && dataInLength <= RECORD_BYTES);
  assert.ok(Number.isInteger(residual) && status >= 0 && status <= 0xff);
}

function sessionOptions(flags: number): SessionOptions {
  return {
    portal: "simulator",
    targetName: TARGET_NAME,
    initiatorName: INITIATOR_NAME,
    isid: ISID,
    randomBytes: seededBytes(0x1234567),
    headerDigest: flags & HEADER_DIGEST ? "crc32c" : "none",
    dataDigest: "none",
    negotiation: { maxReceiveDataSegmentLength: 512, initialR2T: true, immediateData: false },
    chap: flags & CHAP ? { name: "user", secret: SECRET } : undefined,
  };
}

function cdb(...bytes: number[]): Uint8Array {
  const whole = new Uint8Array(6);
  whole.set(bytes);
  return whole;
}

/** What a simulated target says in the same conversation. */
async function recorded(flags: number): Promise<Uint8Array> {
  const clock = new VirtualClock();
  const target = await loopbackTarget({
    targetName: TARGET_NAME,
    units: [{ lun: 0, device: new SimulatedDrive({ medium: new MemoryMedium() }) }],
    clock,
    randomBytes: seededBytes(0x7654321),
    chap: flags & CHAP ? { accounts: [{ name: "user", secret: SECRET }] } : undefined,
    negotiation: { maxReceiveDataSegmentLength: 512 },
  });
  const heard: Uint8Array[] = [];
  try {
    await converse(flags, clock, eavesdropping(target.dial, heard, []));
  } finally {
    await target.close();
  }
  const wire = concat(heard);
  assert.ok(wire.length > 300, `the conversation took place: ${wire.length} bytes`);
  return wire;
}
