/** The framer, held against itself: however the bytes are cut, the same PDUs come out of them. */

import assert from "node:assert/strict";
import { OutputBatch } from "../../../iscsi/connection/output_batch.ts";
import { ProtocolError } from "../../../iscsi/errors.ts";
import { ahsLength, BHS_LENGTH } from "../../../iscsi/pdu/bhs.ts";
import { crc32c, RunningCrc32c } from "../../../iscsi/pdu/crc32c.ts";
import { PduFramer } from "../../../iscsi/pdu/framer.ts";
import { concat } from "../../../transport/concat.ts";
import type { FuzzTarget } from "../fuzz_target.ts";

/** Whoever sends longer segments breaks the rule. */
const MAX_SEGMENT_BYTES = 20_000;
const STAGING_BYTES = 4096;
const HEADER_BYTES = 2;

const HEADER_DIGEST = 1;
const DATA_DIGEST = 2;

/** How an input is read: as a whole, a byte at a time, or in pieces. */
type Cut = (at: number) => number;

export function framerTarget(): FuzzTarget {
  const engine = new RunningCrc32c();
  return {
    name: "framer",
    seeds: [0, 1, 2, 3].flatMap((flags) => [seed(flags, engine, 1), seed(flags, engine, 9000)]),
    maxBytes: 48_000,
    run: (input) => runFramer(input, engine),
  };
}

function runFramer(input: Uint8Array, engine: RunningCrc32c): void {
  const [flags = 0, step = 0] = input;
  const wire = input.subarray(HEADER_BYTES);
  const whole = framed(wire, flags, engine, () => Infinity);
  const cuts: Cut[] = [(at) => 1 + (at * 7 + step) % (1 + step)];
  if (wire.length < 1000) cuts.push(() => 1);
  for (const cut of cuts) assert.equal(framed(wire, flags, engine, cut), whole);
}

/** What comes out, as a text that is the same for the same PDUs. */
function framed(wire: Uint8Array, flags: number, engine: RunningCrc32c, cut: Cut): string {
  let seen = "";
  const framer = new PduFramer({
    place: (_, length) => length % 2 === 1 ? new Uint8Array(length) : undefined,
    receive: (header, data, intact) => {
      assert.equal(header.length, BHS_LENGTH + ahsLength(header));
      assert.ok(data.length <= MAX_SEGMENT_BYTES);
      seen += `${crc32c(header)}:${data.length}:${crc32c(data)}:${intact};`;
    },
  }, { maxDataSegmentLength: MAX_SEGMENT_BYTES, stagingBytes: STAGING_BYTES });
  framer.setDigests((flags & HEADER_DIGEST) !== 0, flags & DATA_DIGEST ? engine : undefined);
  try {
    feed(framer, wire, cut);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return `${seen}${error.message}`;
  }
  return `${seen}${framer.betweenPdus}`;
}

function feed(framer: PduFramer, wire: Uint8Array, cut: Cut): void {
  for (let at = 0; at < wire.length;) {
    const destination = framer.destination();
    assert.ok(destination.length > 0, "there is always room to read into");
    const count = Math.min(destination.length, cut(at), wire.length - at);
    destination.set(wire.subarray(at, at + count));
    framer.advance(count);
    at += count;
  }
}

function seed(flags: number, engine: RunningCrc32c, longest: number): Uint8Array {
  const batch = new OutputBatch();
  const digests = {
    header: (flags & HEADER_DIGEST) !== 0,
    data: flags & DATA_DIGEST ? engine : undefined,
  };
  for (const [index, length] of [0, 5, 1100, longest, 3].entries()) {
    batch.bhs.fill(index);
    batch.add(new Uint8Array(length).fill(index), digests, new Uint8Array(index % 2 * 8));
  }
  return concat([Uint8Array.of(flags, 40), ...batch.take()]);
}
