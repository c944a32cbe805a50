import assert from "node:assert/strict";
import { NotFlacError } from "../flac/flac_metadata.ts";
import { FlacMetadataReader, parseFlacMetadata } from "../flac/flac_metadata_reader.ts";
import { seekFrame } from "../flac/frame_search.ts";
import { TrackChecksum } from "../flac/track_checksum.ts";
import { TrackDecoder } from "../flac/track_decoder.ts";
import { TrackData } from "../tape/track_data.ts";
import { makeFlac } from "./flac_file.ts";

const FORMATS = [
  { sampleRate: 8000, channels: 1, bitDepth: 8, frames: 3000 },
  { sampleRate: 44100, channels: 2, bitDepth: 16, frames: 5000 },
  { sampleRate: 48000, channels: 6, bitDepth: 16, frames: 2500 },
  { sampleRate: 96000, channels: 2, bitDepth: 24, frames: 9000 },
  { sampleRate: 192000, channels: 1, bitDepth: 24, frames: 1 },
] as const;

async function decodeAll(bytes: Uint8Array, pieceBytes: number): Promise<Int32Array> {
  const { info, audioOffset } = parseFlacMetadata(bytes)!;
  const decoder = await TrackDecoder.open(info);
  const samples: number[] = [];
  try {
    for (let at = audioOffset; at < bytes.length; at += pieceBytes) {
      for await (const some of decoder.decode(bytes.subarray(at, at + pieceBytes))) {
        for (const sample of some) samples.push(sample);
      }
    }
    for (const sample of await decoder.flush()) samples.push(sample);
  } finally {
    decoder.close();
  }
  return Int32Array.from(samples);
}

for (const facts of FORMATS) {
  const { sampleRate, channels, bitDepth } = facts;
  Deno.test(`TrackDecoder gives every sample of ${bitDepth} bits, ${channels} channels, ${sampleRate} Hz exactly`, async () => {
    const { bytes, samples } = makeFlac(facts);
    const decoded = await decodeAll(bytes, 1000);
    assert.deepEqual(decoded, samples);
    const checksum = new TrackChecksum(parseFlacMetadata(bytes)!.info);
    checksum.add(decoded);
    assert.equal(checksum.verdict(), "verified");
  });
}

Deno.test("TrackDecoder leaves out a damaged frame without a word, and the checksum tells", async () => {
  const { bytes, samples } = makeFlac({ ...FORMATS[1] });
  bytes[bytes.length - 5000] ^= 0x55;
  const decoded = await decodeAll(bytes, 65536);
  assert.ok(decoded.length < samples.length);
  const checksum = new TrackChecksum(parseFlacMetadata(bytes)!.info);
  checksum.add(decoded);
  assert.equal(checksum.verdict(), "damaged");
});

Deno.test("TrackDecoder refuses more than 24 bits, which it could not give exactly", async () => {
  const { bytes } = makeFlac({ ...FORMATS[1] });
  const { info } = parseFlacMetadata(bytes)!;
  await assert.rejects(TrackDecoder.open({ ...info, bitDepth: 32 }), NotFlacError);
});

Deno.test("parseFlacMetadata() reads STREAMINFO and tags, whatever the case of their names", () => {
  const facts = { ...FORMATS[3], artist: "Ørsted", title: "a=b" };
  const { info, tags } = parseFlacMetadata(makeFlac(facts).bytes)!;
  assert.equal(info.sampleRate, 96000);
  assert.equal(info.channels, 2);
  assert.equal(info.bitDepth, 24);
  assert.equal(info.totalFrames, 9000);
  assert.deepEqual([...tags], [["ARTIST", "Ørsted"], ["TITLE", "a=b"]]);
});

Deno.test("parseFlacMetadata() passes an ID3v2 tag before the file", () => {
  const { bytes } = makeFlac(FORMATS[0]);
  const id3 = Uint8Array.of(0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 1, 2, ...new Uint8Array(130));
  const prefixed = Uint8Array.from([...id3, ...bytes]);
  const plain = parseFlacMetadata(bytes)!;
  assert.equal(parseFlacMetadata(prefixed)!.audioOffset, plain.audioOffset + id3.length);
});

Deno.test("FlacMetadataReader needs no more than the metadata, however it is cut", () => {
  const { bytes } = makeFlac({ ...FORMATS[1], title: "Cut" });
  const { audioOffset } = parseFlacMetadata(bytes)!;
  const reader = new FlacMetadataReader();
  for (let at = 0; at < audioOffset - 1; at++) {
    assert.equal(reader.push(bytes.subarray(at, at + 1)), undefined);
  }
  const metadata = reader.push(bytes.subarray(audioOffset - 1, audioOffset));
  assert.equal(metadata?.tags.get("TITLE"), "Cut");
});

Deno.test("FlacMetadataReader passes a cover of 10 MB without keeping it", () => {
  const { bytes } = makeFlac({ ...FORMATS[1], title: "Behind", pictureBytes: 10_000_000 });
  const reader = new FlacMetadataReader();
  let metadata = undefined;
  for (let at = 0; metadata === undefined; at += 65_536) {
    metadata = reader.push(bytes.subarray(at, at + 65_536));
  }
  assert.equal(metadata.tags.get("TITLE"), "Behind");
  assert.ok(metadata.audioOffset > 10_000_000);
  assert.deepEqual([...bytes.subarray(metadata.audioOffset, metadata.audioOffset + 2)], [
    0xff,
    0xf8,
  ]);
});

Deno.test("FlacMetadataReader refuses what is not FLAC", () => {
  const other = new TextEncoder().encode("RIFF and so on");
  assert.throws(() => new FlacMetadataReader().push(other), NotFlacError);
});

Deno.test("seekFrame() finds a frame at or shortly before any sample", () => {
  const facts = { sampleRate: 44100, channels: 2, bitDepth: 16, frames: 200_000 };
  const { bytes } = makeFlac(facts);
  const { info, audioOffset } = parseFlacMetadata(bytes)!;
  const data = new TrackData();
  for (let at = 0; at < bytes.length; at += 30_011) data.append(bytes.slice(at, at + 30_011));
  for (const target of [0, 1, 1023, 1024, 99_999, 150_000, 199_999]) {
    const place = seekFrame(data, target, audioOffset, info)!;
    assert.ok(
      place.sample <= target && place.sample > target - 20_000,
      `${target}: ${place.sample}`,
    );
    assert.equal(place.sample % 1024, 0);
    assert.deepEqual([...data.copy(place.offset, place.offset + 2)], [0xff, 0xf8]);
  }
  assert.equal(seekFrame(new TrackData(), 5, audioOffset, info), undefined);
});

Deno.test("seekFrame() finds nothing before what was dropped", () => {
  const { bytes } = makeFlac({ sampleRate: 44100, channels: 2, bitDepth: 16, frames: 100_000 });
  const { info, audioOffset } = parseFlacMetadata(bytes)!;
  const data = new TrackData();
  for (let at = 0; at < bytes.length; at += 10_000) data.append(bytes.slice(at, at + 10_000));
  data.dropBefore(200_000);
  assert.equal(data.firstByte, 200_000);
  assert.equal(seekFrame(data, 1000, audioOffset, info), undefined);
  assert.ok(seekFrame(data, 90_000, audioOffset, info)!.sample <= 90_000);
});
