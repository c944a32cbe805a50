import assert from "node:assert/strict";
import { FakeDrive, tapeOf } from "./fake_drive.ts";
import { makeFlac } from "./flac_file.ts";
import { turn, withPlayer } from "./player_fixture.ts";

const RATE = 8000;

/** A track of its own level, `seconds` long. */
function track(level: number, seconds: number, sampleRate = RATE, channels = 1) {
  return makeFlac({
    sampleRate,
    channels,
    bitDepth: 16,
    frames: Math.round(seconds * sampleRate),
    level,
    title: `Track ${level}`,
  });
}

const THREE = [track(1, 1), track(2, 1.5), track(3, 1)];
const ALL = THREE.flatMap(({ samples }) => [...samples]);

function threeTracks(recordBytes: readonly number[] = [1000, 3000, 5001]): FakeDrive {
  return new FakeDrive(tapeOf(THREE.map(({ bytes }) => bytes), recordBytes));
}

for (const recordBytes of [[64], [4096], [100_000], [1, 5000, 333]]) {
  Deno.test(`a tape in records of ${recordBytes} bytes is played without a gap or a lost sample, and ends`, () =>
    withPlayer(threeTracks(recordBytes), async ({ player, feeder, heard, pass }) => {
      player.play(0);
      await pass(() => player.state.status === "end");
      assert.deepEqual(heard, ALL);
      assert.equal(feeder.isComplete, true);
      assert.equal(player.state.index, 2);
      assert.deepEqual(feeder.tracks.map(({ isVerified }) => isVerified), [true, true, true]);
    }));
}

Deno.test("tracks of one format follow each other without a sample of silence between them", () =>
  withPlayer(threeTracks(), async (fixture) => {
    const { player, pass } = fixture;
    const all: number[] = [];
    fixture.onSound = (samples) => all.push(...samples);
    player.play(0);
    await pass(() => player.state.status === "end");
    const first = all.findIndex((sample) => sample !== 0);
    assert.deepEqual(all.slice(first, first + ALL.length), ALL);
  }));

Deno.test("tracks of different rates and channels are each played whole, in their own format", () => {
  const tracks = [track(1, 1, 8000, 2), track(2, 0.5, 16000, 1), track(3, 0.5, 16000, 6)];
  const drive = new FakeDrive(tapeOf(tracks.map(({ bytes }) => bytes), [2000]));
  return withPlayer(drive, async ({ player, heard, pass }) => {
    player.play(0);
    await pass(() => player.state.status === "end");
    assert.deepEqual(heard, tracks.flatMap(({ samples }) => [...samples]));
  });
});

Deno.test("the track that is shown never goes back by itself, not even while the device changes its rate", () => {
  const tracks = [track(1, 0.3, 8000), track(2, 1, 16000), track(3, 1, 8000, 2)];
  const drive = new FakeDrive(tapeOf(tracks.map(({ bytes }) => bytes), [2000]));
  return withPlayer(drive, async ({ player, changes, heard, pass }) => {
    const shown: number[] = [];
    changes.listen(() => shown.push(player.state.index));
    player.play(0);
    await pass(() => player.state.status === "end");
    assert.deepEqual(shown, shown.toSorted());
    assert.deepEqual([...new Set(shown)], [0, 1, 2]);
    assert.deepEqual(heard, tracks.flatMap(({ samples }) => [...samples]));
  });
});

Deno.test("what is shown as heard is the track that sounds, across the gapless change", () =>
  withPlayer(threeTracks(), async (fixture) => {
    const { player, pass } = fixture;
    let stretches = 0;
    fixture.onSound = (samples) => {
      const sounding = samples.filter((sample) => sample !== 0);
      if (sounding.length === 0) return;
      stretches++;
      assert.equal(player.state.index, Math.floor(sounding.at(-1)! / 1000) - 1);
    };
    player.play(0);
    await pass(() => player.state.status === "end");
    assert.ok(stretches > 50);
  }));

const ENDS: Readonly<Record<string, (drive: FakeDrive) => void>> = {
  "two filemarks": () => {},
  "one filemark": ({ tape }) => tape.pop(),
  "end of data without a filemark": ({ tape }) => tape.splice(-2),
  "two filemarks and old data behind them": ({ tape }) => tape.push(new Uint8Array(5000)),
  "a filemark at the very beginning": ({ tape }) => tape.unshift("filemark"),
};

for (const [title, change] of Object.entries(ENDS)) {
  Deno.test(`the playlist ends where the tape does: ${title}`, () => {
    const drive = threeTracks();
    change(drive);
    return withPlayer(drive, async ({ player, feeder, heard, pass }) => {
      player.play(0);
      await pass(() => player.state.status === "end");
      assert.equal(feeder.tracks.length, 3);
      assert.deepEqual(heard, ALL);
    });
  });
}

Deno.test("an empty tape ends at once", () =>
  withPlayer(new FakeDrive([]), async ({ player, feeder, pass }) => {
    player.play(0);
    await pass(() => player.state.status === "end");
    assert.equal(feeder.tracks.length, 0);
  }));

Deno.test("a drive slower than the music makes it wait, and loses no sample", () => {
  const drive = threeTracks([2000]);
  return withPlayer(drive, async ({ player, clock, heard, pass }) => {
    // 2000 bytes are an eighth of a second of sound.
    drive.beforeRead = () => new Promise((resolve) => void clock.schedule(resolve, 200));
    const seen = new Set<string>();
    player.play(0);
    await pass(() => {
      seen.add(player.state.status);
      return player.state.status === "end";
    });
    assert.deepEqual(heard, ALL);
    assert.ok(seen.has("loading") && seen.has("playing"), [...seen].join());
  });
});

Deno.test("a drive that stalls in the middle of a track makes the player load, and it goes on where it was", () => {
  const drive = threeTracks([500]);
  return withPlayer(drive, async ({ player, heard, pass }) => {
    let goOn = () => {};
    let reads = 0;
    drive.beforeRead = () =>
      ++reads === 20 ? new Promise((resolve) => goOn = resolve) : Promise.resolve();
    player.play(0);
    await pass(() => player.state.status === "loading" && heard.length > 3000);
    assert.ok(heard.length < ALL.length);
    goOn();
    await pass(() => player.state.status === "end");
    assert.deepEqual(heard, ALL);
  });
});

Deno.test("pause holds the sound, and play goes on with the next sample", () =>
  withPlayer(threeTracks(), async ({ player, heard, clock, pass }) => {
    player.play(0);
    await pass(() => heard.length > 2000);
    player.command("toggle");
    assert.equal(player.state.status, "paused");
    const { length } = heard;
    for (let count = 0; count < 20; count++) {
      clock.advance(50);
      await turn();
    }
    assert.equal(heard.length, length);
    player.command("toggle");
    await pass(() => player.state.status === "end");
    assert.deepEqual(heard, ALL);
  }));

Deno.test("stop, and play begins the track anew", () =>
  withPlayer(threeTracks(), async ({ player, heard, pass }) => {
    player.play(1);
    await pass(() => heard.length > 2000);
    player.command("stop");
    assert.deepEqual({ ...player.state }, {
      status: "stopped",
      index: 1,
      seconds: 0,
      failure: undefined,
    });
    heard.length = 0;
    player.command("toggle");
    await pass(() => player.state.status === "end");
    assert.deepEqual(heard, ALL.slice(THREE[0].samples.length));
  }));

Deno.test("next, before anyone knows that there is such a track, finds it on the tape", () => {
  const drive = threeTracks();
  return withPlayer(drive, async ({ player, heard, pass }) => {
    player.play(0);
    player.command("next");
    player.command("next");
    await pass(() => player.state.status === "end");
    assert.deepEqual(heard, [...THREE[2].samples]);
  });
});

Deno.test("next behind the last track is the end, and previous from there the last track", () =>
  withPlayer(threeTracks(), async ({ player, heard, pass }) => {
    player.play(2);
    await pass(() => heard.length > 100);
    player.command("next");
    await pass(() => player.state.status === "end");
    heard.length = 0;
    player.command("previous");
    await pass(() => player.state.status === "end");
    assert.deepEqual(heard, [...THREE[2].samples]);
  }));

Deno.test("previous goes to the beginning of a track that has played for three seconds, else to the one before", () => {
  const tracks = [track(1, 1), track(2, 5)];
  const drive = new FakeDrive(tapeOf(tracks.map(({ bytes }) => bytes), [5000]));
  return withPlayer(drive, async ({ player, pass }) => {
    player.play(1);
    await pass(() => player.state.seconds > 3.5);
    player.command("previous");
    assert.equal(player.state.index, 1);
    await pass(() => player.state.status === "playing");
    assert.ok(player.state.seconds < 1);
    player.command("previous");
    assert.equal(player.state.index, 0);
  });
});

Deno.test("seeking goes on with the very sample that was asked for, and back", () => {
  const long = track(1, 30);
  const drive = new FakeDrive(tapeOf([long.bytes], [4096]));
  return withPlayer(drive, async ({ player, feeder, heard, pass }) => {
    player.play(0);
    await pass(() => feeder.isComplete && player.state.seconds > 1);
    const from = Math.round(player.state.seconds * RATE) + 10 * RATE;
    heard.length = 0;
    player.command("forward");
    await pass(() => heard.length > 4000);
    assert.deepEqual(heard.slice(0, 4000), [...long.samples.slice(from, from + 4000)]);
    heard.length = 0;
    player.command("far-back");
    await pass(() => heard.length > 1000);
    assert.deepEqual(heard.slice(0, 1000), [...long.samples.slice(0, 1000)]);
  });
});

Deno.test("a tape that fails in the middle of a track shows the error, and retry goes on with the next sample", () => {
  const drive = threeTracks([3000]);
  drive.failures.set(8, new Error("Cannot read: the tape is creased"));
  return withPlayer(drive, async ({ player, heard, pass }) => {
    player.play(0);
    await pass(() => player.state.status === "error");
    assert.match(String(player.state.failure), /creased/);
    assert.equal(player.state.index, 1);
    assert.ok(heard.length > THREE[0].samples.length, "what was read before was played");
    player.command("retry");
    await pass(() => player.state.status === "end");
    assert.deepEqual(heard, ALL);
  });
});

Deno.test("a failure ahead of what is played disturbs nothing before it", () => {
  const drive = threeTracks([100_000]);
  drive.failures.set(4, new Error("Cannot read: the third file is bad"));
  return withPlayer(drive, async ({ player, heard, pass }) => {
    player.play(0);
    await pass(() => player.state.status === "error");
    assert.equal(player.state.index, 2);
    assert.deepEqual(heard, ALL.slice(0, -THREE[2].samples.length));
  });
});

Deno.test("a file that is no FLAC is an error of that track alone", () => {
  const files = [THREE[0].bytes, new TextEncoder().encode("what is this"), THREE[2].bytes];
  return withPlayer(
    new FakeDrive(tapeOf(files, [1000])),
    async ({ player, feeder, heard, pass }) => {
      player.play(0);
      await pass(() => player.state.status === "error");
      assert.equal(player.state.index, 1);
      assert.match(feeder.tracks[1].problem!, /does not begin as FLAC/);
      player.command("next");
      await pass(() => player.state.status === "end");
      assert.deepEqual(heard, [...THREE[0].samples, ...THREE[2].samples]);
    },
  );
});

Deno.test("rewind takes the tape and the playlist to the first track", () => {
  const drive = threeTracks();
  return withPlayer(drive, async ({ player, heard, pass }) => {
    player.play(0);
    await pass(() => player.state.index === 1);
    heard.length = 0;
    player.command("rewind");
    assert.equal(player.state.index, 0);
    await pass(() => player.state.status === "end");
    assert.deepEqual(heard, ALL);
    assert.equal(drive.motions.filter((motion) => motion === "rewind").length, 2);
  });
});

Deno.test("another tape in the drive is noticed by its tracks, and retry reads the new one from the beginning", () => {
  const drive = threeTracks([1000]);
  return withPlayer(drive, async ({ player, feeder, heard, pass }) => {
    player.play(0);
    await pass(() => player.state.status === "end");
    const other = track(7, 1);
    drive.tape.splice(0, Infinity, ...tapeOf([other.bytes], [1000]));
    feeder.tracks[0].forget();
    player.command("toggle");
    await pass(() => player.state.status === "error");
    assert.match(String(player.state.failure), /another file stands in its place/);
    heard.length = 0;
    player.command("retry");
    await pass(() => player.state.status === "end");
    assert.deepEqual(heard, [...other.samples]);
    assert.equal(feeder.tracks.length, 1);
  });
});

Deno.test("the cache keeps to its bound, and what it forgot is read again", () => {
  const cacheBytes = 20_000;
  return withPlayer(threeTracks([2000]), async (fixture) => {
    const { player, feeder, heard, pass } = fixture;
    let most = 0;
    fixture.onSound = () => most = Math.max(most, feeder.cache.bytes);
    player.play(0);
    await pass(() => player.state.status === "end");
    assert.deepEqual(heard, ALL, "a track larger than the cache streams through it");
    heard.length = 0;
    player.play(0);
    await pass(() => player.state.status === "end");
    assert.deepEqual(heard, ALL);
    assert.ok(most <= cacheBytes && most > cacheBytes / 2, `${most}`);
  }, { cacheBytes });
});

Deno.test("covers larger than the cache are passed, on the first track and on those that follow", () => {
  const tracks = [1, 2, 3].map((level) =>
    makeFlac({
      sampleRate: RATE,
      channels: 1,
      bitDepth: 16,
      frames: 8000,
      level,
      pictureBytes: level === 3 ? 0 : 200_000,
    })
  );
  const drive = new FakeDrive(tapeOf(tracks.map(({ bytes }) => bytes), [3000]));
  return withPlayer(drive, async ({ player, feeder, heard, pass }) => {
    player.play(0);
    await pass(() => {
      assert.ok(feeder.cache.bytes <= 40_000, `${feeder.cache.bytes}`);
      return player.state.status === "end";
    });
    assert.deepEqual(heard, tracks.flatMap(({ samples }) => [...samples]));
    assert.deepEqual(feeder.tracks.map(({ isVerified }) => isVerified), [true, true, true]);
  }, { cacheBytes: 40_000 });
});

Deno.test("restarting a track whose beginning the cache has dropped reads it again", () =>
  withPlayer(threeTracks([2000]), async ({ player, heard, pass }) => {
    player.play(1);
    await pass(() => player.state.seconds > 1);
    heard.length = 0;
    player.play(1);
    await pass(() => player.state.status === "end");
    assert.deepEqual(heard, ALL.slice(THREE[0].samples.length));
  }, { cacheBytes: 8000 }));

Deno.test("a track in the cache is played again without moving the tape", () => {
  const drive = threeTracks();
  return withPlayer(drive, async ({ player, heard, pass }) => {
    player.play(0);
    await pass(() => player.state.status === "end");
    const { at } = drive;
    const motions = drive.motions.length;
    heard.length = 0;
    player.play(1);
    await pass(() => player.state.status === "end");
    assert.deepEqual(heard, ALL.slice(THREE[0].samples.length));
    assert.deepEqual([drive.at, drive.motions.length], [at, motions]);
  });
});

Deno.test("closing gives up a drive that never answers, after its grace", () => {
  const drive = threeTracks();
  return withPlayer(drive, async ({ player, feeder, clock }) => {
    let wasGivenUp = false;
    drive.beforeRead = (signal) =>
      new Promise((_, reject) =>
        signal!.addEventListener("abort", () => {
          wasGivenUp = true;
          reject(signal!.reason);
        })
      );
    player.play(0);
    await turn();
    await player.close();
    let isClosed = false;
    const closing = feeder.close(clock, 1000).finally(() => isClosed = true);
    clock.advance(999);
    await turn();
    assert.deepEqual([wasGivenUp, isClosed], [false, false]);
    clock.advance(1);
    assert.equal(await closing, true);
    assert.equal(wasGivenUp, true);
  });
});
