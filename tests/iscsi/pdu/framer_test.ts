import assert from "node:assert/strict";
import { DigestError, ProtocolError } from "../../../iscsi/errors.ts";
import { BHS_LENGTH, DATA_SEGMENT_LENGTH } from "../../../iscsi/pdu/bhs.ts";
import { RunningCrc32c } from "../../../iscsi/pdu/crc32c.ts";
import { PduFramer, type PduSink } from "../../../iscsi/pdu/framer.ts";
import { OutputBatch } from "../../../iscsi/connection/output_batch.ts";
import { writeU24 } from "../../../scsi/big_endian.ts";
import { concat } from "../../../transport/concat.ts";

interface Received {
  readonly header: Uint8Array;
  readonly data: Uint8Array;
  readonly intact: boolean;
}

const LENGTHS = [0, 1, 2, 3, 4, 5, 48, 1023, 1024, 1025, 2048, 2049, 8191, 8192, 8193, 20_001];

function pattern(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index * 31 + seed);
}

/** PDUs of all lengths, with and without AHS, as one stream of bytes. */
function stream(digests: { header: boolean; data: RunningCrc32c | undefined }) {
  const batch = new OutputBatch();
  const pdus = LENGTHS.map((length, index) => ({
    data: pattern(length, index),
    ahs: pattern(index % 3 * 4, index),
  }));
  pdus.forEach(({ data, ahs }, index) => {
    batch.bhs.set(pattern(BHS_LENGTH, index));
    batch.add(data, digests, ahs);
  });
  return { wire: concat(batch.take()), pdus };
}

function feed(framer: PduFramer, wire: Uint8Array, chunk: number): void {
  for (let at = 0; at < wire.length;) {
    const destination = framer.destination();
    assert.ok(destination.length > 0);
    const count = Math.min(destination.length, chunk, wire.length - at);
    destination.set(wire.subarray(at, at + count));
    framer.advance(count);
    at += count;
  }
}

function collect(place: PduSink["place"] = () => undefined) {
  const received: Received[] = [];
  const sink: PduSink = {
    place,
    receive: (header, data, intact) =>
      received.push({ header: header.slice(), data: data.slice(), intact }),
  };
  return {
    received,
    sink,
    framer: new PduFramer(sink, { maxDataSegmentLength: 65536, stagingBytes: 4096 }),
  };
}

for (const header of [false, true]) {
  for (const data of [false, true]) {
    for (const chunk of [Infinity, 4095, 49, 1]) {
      Deno.test(`PDUs come out as they went in: header digest ${header}, data digest ${data}, ${chunk} bytes a read`, () => {
        const engine = data ? new RunningCrc32c() : undefined;
        const { wire, pdus } = stream({ header, data: engine });
        const placed = new Map<number, Uint8Array>();
        const { received, framer } = collect((_, length) => {
          const buffer = length % 2 === 1 ? new Uint8Array(length) : undefined;
          if (buffer) placed.set(length, buffer);
          return buffer;
        });
        framer.setDigests(header, data ? new RunningCrc32c() : undefined);
        feed(framer, wire, chunk);
        assert.ok(framer.betweenPdus);
        assert.equal(received.length, pdus.length);
        received.forEach((pdu, index) => {
          assert.deepEqual(pdu.data, pdus[index].data);
          assert.deepEqual(pdu.header.subarray(BHS_LENGTH), pdus[index].ahs);
          assert.equal(pdu.intact, true);
        });
        for (const [length, buffer] of placed) {
          assert.deepEqual(buffer, pattern(length, LENGTHS.indexOf(length)));
        }
      });
    }
  }
}

Deno.test("A flipped bit anywhere under a data digest is noticed, padding included", () => {
  const engine = new RunningCrc32c();
  for (const length of [5, 1025]) {
    const batch = new OutputBatch();
    batch.bhs.fill(0);
    batch.add(pattern(length, 1), { header: false, data: engine });
    const chunks = batch.take();
    const clean = new Uint8Array(chunks.flatMap((chunk) => [...chunk]));
    for (const at of [BHS_LENGTH, BHS_LENGTH + length - 1, BHS_LENGTH + length, clean.length - 1]) {
      const wire = clean.slice();
      wire[at] ^= 0x10;
      const { received, framer } = collect();
      framer.setDigests(false, new RunningCrc32c());
      feed(framer, wire, Infinity);
      assert.equal(received[0].intact, false, `bit in byte ${at}`);
    }
  }
});

Deno.test("A flipped bit in a header under a header digest is a DigestError: lengths cannot be trusted", () => {
  const { wire } = stream({ header: true, data: undefined });
  for (let at = 0; at < BHS_LENGTH + 4; at++) {
    const damaged = wire.slice();
    damaged[at] ^= 1;
    const { framer } = collect();
    framer.setDigests(true, undefined);
    if (at === 4) continue; // The AHS length decides where the digest lies; covered by the next test.
    assert.throws(() => feed(framer, damaged, Infinity), DigestError, `byte ${at}`);
  }
});

Deno.test("A flipped bit in TotalAHSLength under a header digest is a DigestError", () => {
  const { wire } = stream({ header: true, data: undefined });
  const damaged = new Uint8Array(wire.length + 2048);
  damaged.set(wire);
  damaged[4] ^= 1;
  const { framer } = collect();
  framer.setDigests(true, undefined);
  assert.throws(() => feed(framer, damaged, Infinity), DigestError);
});

Deno.test("A data segment longer than declared is a ProtocolError before any of it is read", () => {
  const { framer } = collect();
  framer.maxDataSegmentLength = 512;
  const bhs = new Uint8Array(BHS_LENGTH);
  bhs[6] = 2;
  bhs[7] = 1;
  assert.throws(() => feed(framer, bhs, Infinity), ProtocolError);
});

Deno.test("What the framer is made with bounds data segments until more is declared", () => {
  const framer = new PduFramer(collect().sink, { maxDataSegmentLength: 512, stagingBytes: 4096 });
  const bhs = new Uint8Array(BHS_LENGTH);
  writeU24(bhs, DATA_SEGMENT_LENGTH, 513);
  assert.throws(() => feed(framer, bhs, Infinity), ProtocolError);
});

for (const stagingBytes of [0, 4096]) {
  Deno.test(`The longest AHS under a digest comes out as it went in, with ${stagingBytes} bytes of staging`, () => {
    const { received, sink } = collect();
    const framer = new PduFramer(sink, { maxDataSegmentLength: 512, stagingBytes });
    framer.setDigests(true, undefined);
    const ahs = pattern(255 * 4, 7);
    const batch = new OutputBatch();
    for (const length of [0, 5]) {
      batch.bhs.fill(0);
      batch.add(pattern(length, 1), { header: true, data: undefined }, ahs);
    }
    feed(framer, new Uint8Array(batch.take().flatMap((chunk) => [...chunk])), Infinity);
    assert.deepEqual(received.map(({ header }) => header.subarray(BHS_LENGTH)), [ahs, ahs]);
    assert.deepEqual(received[1].data, pattern(5, 1));
  });
}

Deno.test("The stream may not end inside a PDU", () => {
  const { framer } = collect();
  feed(framer, new Uint8Array(20), Infinity);
  assert.equal(framer.betweenPdus, false);
});

Deno.test("behind a PDU longer than the staging buffer a read takes little more than the next header", () => {
  const sink: PduSink = { place: (_, length) => new Uint8Array(length), receive: () => {} };
  const framer = new PduFramer(sink, { maxDataSegmentLength: 1 << 20, stagingBytes: 65536 });
  const pdu = (length: number): Uint8Array => {
    const wire = new Uint8Array(BHS_LENGTH + length);
    writeU24(wire, DATA_SEGMENT_LENGTH, length);
    return wire;
  };
  assert.equal(framer.destination().length, 65536);
  feed(framer, pdu(262144), Infinity);
  assert.equal(framer.destination().length, 8192);
  feed(framer, pdu(262144), 100);
  assert.equal(framer.destination().length, 8192);
  feed(framer, pdu(0), Infinity);
  assert.equal(framer.destination().length, 8192, "an answer without data changes nothing");
  feed(framer, pdu(65536), Infinity);
  assert.equal(framer.destination().length, 65536);
});
