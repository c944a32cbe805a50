import assert from "node:assert/strict";
import { Track } from "../tape/track.ts";
import { TrackCache } from "../tape/track_cache.ts";
import { generator } from "./generator.ts";

for (const seed of [1, 2, 3, 4]) {
  Deno.test(`TrackCache keeps to its bound whatever is read and played, and forgets nothing that is needed (seed ${seed})`, () => {
    const random = generator(seed);
    const tracks = Array.from({ length: 12 }, (_, index) => new Track(index, index));
    const maxBytes = 20_000;
    const cache = new TrackCache(tracks, maxBytes);
    let uses = 0;
    let refusals = 0;
    for (let step = 0; step < 3000; step++) {
      const playing = random(tracks.length);
      const from = Math.max(0, playing - random(2));
      const to = Math.min(tracks.length - 1, playing + random(3));
      tracks[playing].lastUse = ++uses;
      const { data } = tracks[playing];
      const playedBytes = data.firstByte + random(data.bytes + 1);
      const kept = tracks.slice(from, to + 1).map((track) => ({ track, end: track.data.endByte }));
      const reading = tracks[to];
      const isEmpty = reading.data.bytes === 0;
      const bytes = 1 + random(5000);
      if (cache.makeRoom(bytes, reading, { from, to, playing, playedBytes })) {
        reading.data.append(new Uint8Array(bytes));
      } else refusals++;
      const isFirstRecord = isEmpty && to === playing;
      assert.ok(cache.bytes <= maxBytes || isFirstRecord, `${cache.bytes} bytes at step ${step}`);
      for (const { track, end } of kept) assert.ok(track.data.endByte >= end, "not forgotten");
      assert.ok(tracks[playing].data.firstByte <= playedBytes, "what was not played is there");
      if (random(40) === 0) tracks[random(tracks.length)].forget();
    }
    assert.ok(refusals > 0 && refusals < 2900, `${refusals}`);
  });
}

Deno.test("TrackCache forgets the track that was played longest ago", () => {
  const tracks = [0, 1, 2, 3].map((index) => new Track(index, index));
  const cache = new TrackCache(tracks, 3000);
  for (const [use, index] of [2, 0, 1].entries()) {
    tracks[index].data.append(new Uint8Array(1000));
    tracks[index].lastUse = use + 1;
  }
  const keep = { from: 3, to: 3, playing: 3, playedBytes: 0 };
  assert.equal(cache.makeRoom(1500, tracks[3], keep), true);
  assert.deepEqual(tracks.map(({ data }) => data.bytes), [0, 1000, 0, 0]);
});
