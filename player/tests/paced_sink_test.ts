import assert from "node:assert/strict";
import { VirtualClock } from "@uiscsi/tape/transport";
import { Changes } from "../core/changes.ts";
import { Player } from "../core/player.ts";
import { PacedSink, type Pacemaker, type PacemakerDuties } from "../output/paced_sink.ts";
import { TapeFeeder } from "../tape/tape_feeder.ts";
import { FakeDrive, tapeOf } from "./fake_drive.ts";
import { makeFlac } from "./flac_file.ts";
import { turn } from "./player_fixture.ts";

/** A device that takes sound when the test says so. */
class FakeDevice implements Pacemaker {
  readonly name = "fake";
  /** What was done to it. */
  readonly log: string[] = [];
  duties: PacemakerDuties | undefined;
  /** Awaited before it starts. */
  opening: Promise<void> = Promise.resolve();

  async start({ sampleRate }: { sampleRate: number }, duties: PacemakerDuties) {
    await this.opening;
    this.log.push(`start ${sampleRate}`);
    this.duties = duties;
    const note = (what: string) => () => Promise.resolve(void this.log.push(what));
    return { finish: note("finish"), stop: note("stop") };
  }

  /** Takes so many samples. */
  take(count: number): Int16Array {
    const samples = new Int16Array(count);
    this.duties!.pull(samples);
    return samples;
  }
}

async function withDevice(
  rates: readonly number[],
  use: (device: FakeDevice, player: Player, files: readonly Int32Array[]) => Promise<void>,
): Promise<void> {
  const clock = new VirtualClock();
  const changes = new Changes();
  const files = rates.map((sampleRate, at) =>
    makeFlac({ sampleRate, channels: 1, bitDepth: 16, frames: sampleRate, level: at + 1 })
  );
  const drive = new FakeDrive(tapeOf(files.map(({ bytes }) => bytes), [4000]));
  const device = new FakeDevice();
  const sink = new PacedSink(device, changes, { bufferSeconds: 0.1 });
  const feeder = new TapeFeeder({ drive, clock, changes, cacheBytes: 1 << 20 });
  const player = new Player({ feeder, sink, changes });
  try {
    await use(device, player, files.map(({ samples }) => samples));
  } finally {
    await player.close();
    await sink.close();
    await feeder.close(clock, 0);
  }
}

/** Lets things happen until `isDone`; the decoder takes real time to be compiled. */
async function until(isDone: () => boolean): Promise<void> {
  for (let count = 0; count < 2000; count++) {
    if (isDone()) return;
    await turn();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error("It did not come to that");
}

Deno.test("a device that fails is an error that tells why, and another one goes on with the sample after the last", () =>
  withDevice([8000], async (device, player, [samples]) => {
    player.play(0);
    const first: number[] = [];
    await until(() => {
      if (device.duties !== undefined) first.push(...device.take(500));
      return player.state.status === "playing";
    });
    device.duties!.fail(new Error("Cannot play: it was pulled out"));
    await until(() => player.state.status === "error");
    assert.match(String(player.state.failure), /pulled out/);
    player.command("retry");
    await until(() => device.log.length === 3 && player.state.status !== "error");
    const rest: number[] = [];
    await until(() => {
      rest.push(...device.take(500));
      return player.state.status === "end";
    });
    const sounding = [...first, ...rest].filter((sample) => sample !== 0);
    assert.deepEqual(sounding, [...samples]);
    assert.deepEqual(device.log, ["start 8000", "stop", "start 8000", "finish"]);
  }));

Deno.test("a device finishes before another rate, and ends at once when another place is to be heard", () =>
  withDevice([8000, 16000], async (device, player) => {
    player.play(0);
    await until(() => device.duties !== undefined);
    await until(() => {
      device.take(500);
      return device.log.length === 4;
    });
    assert.deepEqual(device.log, ["start 8000", "finish", "stop", "start 16000"]);
    player.play(0);
    await until(() => device.log.length === 6);
    assert.deepEqual(device.log.slice(4), ["stop", "start 8000"]);
  }));
