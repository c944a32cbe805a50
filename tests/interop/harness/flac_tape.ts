import assert from "node:assert/strict";
import { join } from "node:path";
import { requirePrograms } from "./programs.ts";
import {
  type CommandOptions,
  type CommandOutput,
  mustRun,
  ROOT,
  runProgram,
  tape,
} from "./tape_command.ts";

/** What sox makes a track of. */
export interface TrackFacts {
  /** Samples a second. */
  readonly rate: number;
  /** Bits of a sample. */
  readonly bits: number;
  /** One for each channel, in the words of sox. */
  readonly sounds: readonly string[];
  /** @default 1.5 */
  readonly seconds?: number;
}

/** Six tracks of different rates, widths and channels. */
export const TRACKS: readonly TrackFacts[] = [
  { rate: 44100, bits: 16, sounds: ["sine 440", "pinknoise"] },
  { rate: 96000, bits: 24, sounds: ["whitenoise", "pluck 300"] },
  {
    rate: 48000,
    bits: 16,
    sounds: ["sine 100", "sine 200", "sine 300", "pinknoise", "sine 500", "brownnoise"],
  },
  { rate: 8000, bits: 8, sounds: ["sine 300"] },
  { rate: 44100, bits: 24, sounds: ["pinknoise"] },
  {
    rate: 96000,
    bits: 24,
    sounds: ["sine 90", "whitenoise", "sine 250", "pinknoise", "sine 600", "brownnoise"],
  },
];

/** Makes the tracks in `dir`: N.flac, and N.wav as `flac -d` decodes it. */
export async function makeTracks(
  dir: string,
  tracks: readonly TrackFacts[] = TRACKS,
): Promise<void> {
  const [flac, sox] = requirePrograms("flac", "sox");
  for (const [index, { rate, bits, sounds, seconds = 1.5 }] of tracks.entries()) {
    const [source, file, decoded] = ["source.wav", `${index}.flac`, `${index}.wav`]
      .map((name) => join(dir, name));
    const format = ["-r", `${rate}`, "-b", `${bits}`, "-c", `${sounds.length}`];
    const synth = ["synth", `${seconds}`, ...sounds.flatMap((sound) => sound.split(" "))];
    await mustRun(sox, ["-R", "-q", "-n", ...format, source, ...synth]);
    await mustRun(flac, ["-s", "-f", source, "-o", file, "-T", `TITLE=Track ${index}`]);
    await mustRun(flac, ["-s", "-d", "-f", file, "-o", decoded]);
  }
}

/** The samples of a track as `flac -d` gives them, signed and little-endian. */
export async function rawSamples(path: string): Promise<Uint8Array> {
  const [flac] = requirePrograms("flac");
  const raw = ["-s", "-d", "-c", "--force-raw-format", "--endian=little", "--sign=signed"];
  return (await mustRun(flac, [...raw, path])).stdoutBytes;
}

/** Writes N.flac of `dir` to the tape, one after the other, in records of these sizes, each used in turn. */
export async function writeTracks(
  url: string,
  dir: string,
  blockSizes: readonly string[],
  count: number = TRACKS.length,
): Promise<void> {
  const commands = [["rewind"]];
  for (let index = 0; index < count; index++) {
    const blockSize = blockSizes[index % blockSizes.length];
    commands.push(["write", join(dir, `${index}.flac`), "--block-size", blockSize]);
  }
  commands.push(["weof", "1"], ["rewind"]);
  for (const command of commands) {
    const { code, stderr } = await tape(["-f", url, ...command]);
    assert.equal(code, 0, `tape ${command.join(" ")}: ${stderr}`);
  }
}

/** How the player is started, for those who do it themselves. */
export const PLAYER_COMMAND: readonly string[] = [
  Deno.execPath(),
  "run",
  "-A",
  "--frozen",
  `${ROOT}player/main.ts`,
];

/** Plays a tape in a process of its own, without a terminal. */
export function play(
  url: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandOutput> {
  const [program, ...rest] = PLAYER_COMMAND;
  return runProgram(program, [...rest, "-f", url, ...args], options);
}
