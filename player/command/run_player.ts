/**
 * The command: opens the drive, plays, and puts everything back.
 *
 * @module
 */

import { InvalidOptionError, type TapeDrive } from "@uiscsi/tape";
import { Changes } from "../core/changes.ts";
import { Player } from "../core/player.ts";
import { failureText, snapshot } from "../core/player_snapshot.ts";
import { trackName } from "../core/track_name.ts";
import type { AudioSink } from "../output/audio_sink.ts";
import { DevicePacemaker } from "../output/device_pacemaker.ts";
import { FileSink } from "../output/file_sink.ts";
import { PacedSink } from "../output/paced_sink.ts";
import { RawWriter } from "../output/raw_writer.ts";
import { SilentPacemaker } from "../output/silent_pacemaker.ts";
import { WavWriter } from "../output/wav_writer.ts";
import { TapeFeeder } from "../tape/tape_feeder.ts";
import type { KeyMeaning } from "../terminal/keys.ts";
import { TerminalView } from "../terminal/terminal_view.ts";
import type { PlayerHost } from "./player_host.ts";
import { parsePlayerLine, type PlayerOptionValues, PlayerUsageError } from "./player_options.ts";

/** What the drive is doing when the player is told to end may take so long; then it is given up. */
const QUIT_GRACE_MS = 1000;
const CLOSE_TIMEOUT_MS = 2000;

/**
 * Runs one command line, without the program's name.
 *
 * @returns the exit status: 0 done, 1 bad usage, 2 something failed. Throws nothing: what goes wrong is told on standard error.
 */
export async function runPlayer(args: readonly string[], host: PlayerHost): Promise<number> {
  try {
    const parsed = parsePlayerLine(args, host.columns);
    if (parsed.kind === "options") return await playTape(parsed.options, host);
    host.print(parsed.text);
    return 0;
  } catch (error) {
    host.note(`tapeplayer: ${failureText(error)}`);
    if (!(error instanceof PlayerUsageError || error instanceof InvalidOptionError)) return 2;
    host.note("tapeplayer --help tells how to use it");
    return 1;
  }
}

async function playTape(options: PlayerOptionValues, host: PlayerHost): Promise<number> {
  const address = options.device ?? host.env.TAPE;
  if (address === undefined || address === "") {
    throw new PlayerUsageError("No device given: use -f DEVICE or set TAPE in the environment");
  }
  const ending = new AbortController();
  const quit = () => ending.abort(new Error("The player was told to end"));
  const unlisten = host.onInterrupt(() => {
    if (ending.signal.aborted) host.exit(2);
    quit();
  });
  try {
    const { readAhead } = options;
    const drive = await host.openTape(address, {
      readAhead,
      closeTimeoutMs: CLOSE_TIMEOUT_MS,
      signal: ending.signal,
    });
    return await withDrive(drive, () => playDrive(drive, options, host, ending.signal, quit));
  } finally {
    unlisten();
  }
}

/** Closing brings the tape back from where it was read ahead to. */
async function withDrive(drive: TapeDrive, use: () => Promise<number>): Promise<number> {
  let status: number;
  try {
    status = await use();
  } catch (error) {
    await drive.close().catch(() => {});
    throw error;
  }
  await drive.close();
  return status;
}

async function playDrive(
  drive: TapeDrive,
  options: PlayerOptionValues,
  host: PlayerHost,
  ending: AbortSignal,
  quit: () => void,
): Promise<number> {
  const changes = new Changes();
  const { cacheBytes } = options;
  const sink = makeSink(options, host, changes);
  const feeder = new TapeFeeder({ drive, clock: host.clock, changes, cacheBytes });
  const isInteractive = host.terminal !== undefined && isRealTime(options);
  const player = new Player({ feeder, sink, changes }, { skipsBadTracks: !isInteractive });
  const parts = { player, feeder, sink, changes, drive, host, ending };
  try {
    player.play(0);
    return isInteractive ? await showPlayer(parts, quit) : await playAll(parts);
  } finally {
    await player.close();
    await sink.close();
    await feeder.close((ms, signal) => delay(host, ms, signal), QUIT_GRACE_MS);
  }
}

interface Parts {
  readonly player: Player;
  readonly feeder: TapeFeeder;
  readonly sink: AudioSink;
  readonly changes: Changes;
  readonly drive: TapeDrive;
  readonly host: PlayerHost;
  readonly ending: AbortSignal;
}

function isRealTime({ sink }: PlayerOptionValues): boolean {
  return sink.kind === "device" || sink.kind === "silent";
}

function makeSink(options: PlayerOptionValues, host: PlayerHost, changes: Changes): AudioSink {
  const { sink, bufferSeconds } = options;
  switch (sink.kind) {
    case "device":
      return new PacedSink(new DevicePacemaker(host.clock), changes, { bufferSeconds });
    case "silent":
      return new PacedSink(new SilentPacemaker(host.clock), changes, { bufferSeconds });
    case "wav":
      return new FileSink(new WavWriter(sink.directory), changes);
    case "raw":
      return new FileSink(new RawWriter(host.openStdout()), changes);
  }
}

/** Plays with a terminal, until the listener quits. */
async function showPlayer(parts: Parts, quit: () => void): Promise<number> {
  const { player, feeder, sink, drive, host, ending } = parts;
  const view = new TerminalView({
    terminal: host.terminal!,
    clock: host.clock,
    look: () => snapshot({ player, feeder, sink, drive: driveName(drive) }),
    onKey: (key: KeyMeaning) => key === "quit" ? quit() : player.command(key),
  });
  const unlisten = host.onExit(() => view.close());
  try {
    view.open();
    if (!ending.aborted) {
      await new Promise<void>((resolve) => {
        ending.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    return 0;
  } finally {
    view.close();
    unlisten();
  }
}

/** Plays everything once, and tells of each track. */
async function playAll({ player, feeder, changes, host, ending }: Parts): Promise<number> {
  let told = 0;
  const tell = (count: number) => {
    for (; told < count; told++) {
      const track = feeder.tracks[told];
      const verdict = track.problem ?? (track.isVerified ? "verified" : "no MD5 to verify");
      host.note(`${String(told + 1).padStart(2)} ${trackName(track)}: ${verdict}`);
    }
  };
  const unlisten = changes.listen(() => tell(Math.min(player.state.index, feeder.tracks.length)));
  try {
    const state = await Promise.race([player.settled(), aborted(ending)]);
    if (state.status === "error") throw state.failure;
    tell(feeder.tracks.length);
    return feeder.tracks.some(({ problem }) => problem !== undefined) ? 2 : 0;
  } finally {
    unlisten();
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(signal.reason);
    if (signal.aborted) fail();
    signal.addEventListener("abort", fail, { once: true });
  });
}

function driveName({ info }: TapeDrive): string {
  return `${info.vendor} ${info.product} ${info.revision}`.replace(/ +/g, " ");
}

function delay({ clock }: PlayerHost, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.schedule(resolve, ms);
    signal.addEventListener("abort", () => {
      cancel();
      resolve();
    }, { once: true });
  });
}
