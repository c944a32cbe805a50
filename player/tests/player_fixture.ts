import { setImmediate, setTimeout } from "node:timers";
import { VirtualClock } from "@uiscsi/tape/transport";
import { Changes } from "../core/changes.ts";
import { Player } from "../core/player.ts";
import { PacedSink } from "../output/paced_sink.ts";
import { SilentPacemaker } from "../output/silent_pacemaker.ts";
import { TapeFeeder } from "../tape/tape_feeder.ts";
import type { PlayableDrive } from "../tape/tape_place.ts";
import { FakeDrive } from "./fake_drive.ts";

/** Options of {@link withPlayer}. */
export interface PlayerFixtureOptions {
  /** @default 64 MiB */
  readonly cacheBytes?: number;
  /** @default 0.2 */
  readonly bufferSeconds?: number;
  /** @default one of its own */
  readonly clock?: VirtualClock;
}

/** A player on a drive in memory, in virtual time, and all that it was heard to play. */
export interface PlayerFixture {
  readonly player: Player;
  readonly feeder: TapeFeeder;
  readonly sink: PacedSink;
  readonly clock: VirtualClock;
  readonly changes: Changes;
  /** Every sample that came out and was no silence; tracks made with `level` have no silence of their own. */
  readonly heard: number[];
  /** Called with each stretch that came out. */
  onSound: (samples: Int16Array) => void;
  /** Lets everything that can happen now happen, then time pass, until `isDone`. Throws when that takes longer than `seconds` of virtual time. */
  pass(isDone: () => boolean, seconds?: number): Promise<void>;
}

/** Longer than any promise chain here is. */
const TURNS = 3;
const STEP_MS = 50;

/** Lets the event loop go round, so that what waits for nothing but promises is done. */
export async function turn(): Promise<void> {
  for (let count = 0; count < TURNS; count++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function realTime(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export async function withPlayer(
  drive: PlayableDrive,
  use: (fixture: PlayerFixture) => Promise<void>,
  options: PlayerFixtureOptions = {},
): Promise<void> {
  const { cacheBytes = 64 << 20, bufferSeconds = 0.2, clock = new VirtualClock() } = options;
  const changes = new Changes();
  const heard: number[] = [];
  const pacemaker = new SilentPacemaker(clock, (samples) => {
    for (const sample of samples) if (sample !== 0) heard.push(sample);
    fixture.onSound(samples);
  });
  const sink = new PacedSink(pacemaker, changes, { bufferSeconds });
  const feeder = new TapeFeeder({ drive, clock, changes, cacheBytes });
  const player = new Player({ feeder, sink, changes });
  const fixture: PlayerFixture = {
    player,
    feeder,
    sink,
    clock,
    changes,
    heard,
    onSound: () => {},
    async pass(isDone, seconds = 60) {
      for (let ms = 0; ms <= seconds * 1000; ms += STEP_MS) {
        await turn();
        if (isDone()) return;
        // The decoder is compiled in real time, whatever the clock here says.
        if (player.state.status === "loading") await realTime(2);
        clock.advance(STEP_MS);
      }
      throw new Error(`It took longer than ${seconds} s: ${JSON.stringify(player.state)}`);
    },
  };
  try {
    await use(fixture);
  } finally {
    await player.close();
    await sink.close();
    if (drive instanceof FakeDrive) drive.beforeRead = () => Promise.resolve();
    const closing = feeder.close(clock, 0);
    await turn();
    clock.advance(0);
    await closing;
  }
}
