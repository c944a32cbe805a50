/** The simulated target as a whole: a mutated conversation of an initiator's. */

import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { IscsiError } from "../../../iscsi/errors.ts";
import { encodeText } from "../../../iscsi/negotiation/text_keys.ts";
import { ahsLength, BHS_LENGTH, dataSegmentLength, padded } from "../../../iscsi/pdu/bhs.ts";
import { Session } from "../../../iscsi/session/session.ts";
import { type LoopbackTarget, loopbackTarget } from "../../../sim/target/loopback_target.ts";
import type { TargetEvent } from "../../../sim/target/target_event.ts";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import type { ByteStream } from "../../../transport/byte_stream.ts";
import { VirtualClock } from "../../../transport/clock.ts";
import { TransportError } from "../../../transport/errors.ts";
import { concat } from "../../../transport/concat.ts";
import {
  INITIATOR_NAME,
  ISID,
  seededBytes,
  TARGET_NAME,
} from "../../iscsi/negotiation/login_pair.ts";
import { type FuzzTarget, settledOrDocumented } from "../fuzz_target.ts";
import { changePdus } from "../pdu_mutation.ts";
import { eavesdropping } from "./eavesdropping.ts";

const CHAP = 1;
const HEADER_DIGEST = 2;
const SILENT = 4;
/** Short, so that most of an input are headers. */
const RECORD_BYTES = 600;
const SECRET = "secretsecret12";
const DAY_MS = 86_400_000;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** The seeds are what our own initiator says. */
export async function portalTarget(): Promise<FuzzTarget> {
  const seeds: Uint8Array[] = [];
  for (const flags of [0, CHAP, HEADER_DIGEST, SILENT]) {
    seeds.push(concat([Uint8Array.of(flags), await recorded(flags)]));
  }
  return { name: "portal", seeds, change: changePdus, maxBytes: 40_000, run: runPortal };
}

async function runPortal(input: Uint8Array): Promise<void> {
  const flags = input[0] ?? 0;
  const clock = new VirtualClock();
  const events: TargetEvent[] = [];
  const target = await served(flags, clock, (event) => events.push(event));
  const stream = await target.dial(target.address);
  try {
    const hearing = hear(stream);
    await settledOrDocumented(say(stream, input.subarray(1), flags), TransportError);
    if (flags & SILENT) clock.advance(DAY_MS);
    else stream.close();
    await turn();
    stream.close();
    assert.ok(await hearing <= MAX_ANSWER_BYTES);
  } finally {
    await target.close();
  }
  check(events);
  assert.equal(clock.pending, 0, "no timer is left");
}

function check(events: readonly TargetEvent[]): void {
  for (const event of events) {
    if (event.kind === "device-failed") throw event.error;
    if (event.kind !== "disconnected" || event.error === undefined) continue;
    const { error } = event;
    if (!(error instanceof IscsiError || error instanceof TransportError)) throw error;
  }
  const ends = events.filter(({ kind }) => kind === "disconnected").length;
  assert.equal(ends, events.filter(({ kind }) => kind === "connected").length);
}

function served(
  flags: number,
  clock: VirtualClock,
  onEvent?: (event: TargetEvent) => void,
): Promise<LoopbackTarget> {
  const medium = new MemoryMedium({ capacityBytes: 1_000_000 });
  return loopbackTarget({
    targetName: TARGET_NAME,
    units: [{ lun: 0, device: new SimulatedDrive({ medium, commandLogLength: 1 }) }],
    clock,
    randomBytes: seededBytes(0x7654321),
    chap: flags & CHAP ? { accounts: [{ name: "user", secret: SECRET }] } : undefined,
    headerDigest: flags & HEADER_DIGEST ? "crc32c" : "none",
    dataDigest: "none",
    negotiation: { maxReceiveDataSegmentLength: 512, defaultTime2Wait: 0 },
    limits: { maxTransferBytes: 1 << 20, dataOutBytes: 1 << 20, dataInBytes: 1 << 20 },
    onEvent,
  });
}

/** Says the input a PDU at a time, as far as it still is made of PDUs. */
async function say(stream: ByteStream, wire: Uint8Array, flags: number): Promise<void> {
  const digestBytes = flags & HEADER_DIGEST ? 4 : 0;
  for (let at = 0; at < wire.length;) {
    const bhs = wire.subarray(at, at + BHS_LENGTH);
    const isWhole = bhs.length === BHS_LENGTH;
    const length = isWhole
      ? BHS_LENGTH + ahsLength(bhs) + digestBytes + padded(dataSegmentLength(bhs))
      : bhs.length;
    await stream.write([wire.subarray(at, at + length)]);
    at += length;
    if ((bhs[0] & 0x3f) === 3) await turn();
  }
  await turn();
}

async function hear(stream: ByteStream): Promise<number> {
  const into = new Uint8Array(65536);
  let heard = 0;
  for (;;) {
    const count = await settledOrDocumented(stream.read(into), TransportError);
    if (count === null || count === undefined) return heard;
    heard += count;
  }
}

/** One turn of the event loop: the target's WebAssembly takes that. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A login, and a command or two of each kind. */
async function recorded(flags: number): Promise<Uint8Array> {
  const clock = new VirtualClock();
  const target = await served(flags, clock);
  const said: Uint8Array[] = [];
  try {
    const session = await Session.connect({
      portal: "simulator",
      targetName: TARGET_NAME,
      initiatorName: INITIATOR_NAME,
      isid: ISID,
      randomBytes: seededBytes(0x1234567),
      headerDigest: flags & HEADER_DIGEST ? "crc32c" : "none",
      dataDigest: "none",
      chap: flags & CHAP ? { name: "user", secret: SECRET } : undefined,
      clock,
      dial: eavesdropping(target.dial, [], said),
    });
    await commands(session);
  } finally {
    await target.close();
  }
  return concat(said);
}

async function commands(session: Session): Promise<void> {
  const cdb = (...bytes: number[]) => Uint8Array.from([...bytes, 0, 0, 0, 0, 0, 0].slice(0, 6));
  await session.execute(0n, { cdb: cdb(0x12, 0, 0, 0, 96), dataIn: new Uint8Array(96) });
  await session.execute(0n, { cdb: cdb(0) });
  await session.execute(0n, {
    cdb: cdb(0x0a, 0, 0, 2, 0x58),
    dataOut: new Uint8Array(RECORD_BYTES),
  });
  await session.execute(0n, { cdb: cdb(1) });
  await session.execute(0n, { cdb: cdb(8, 0, 0, 2, 0x58), dataIn: new Uint8Array(RECORD_BYTES) });
  await session.text(encodeText([["SendTargets", ""]]));
  await session.logicalUnitReset(0);
  await session.close();
}
