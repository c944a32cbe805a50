import { type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import type { PcmFormat } from "../flac/pcm.ts";
import type { SinkTrack } from "./audio_sink.ts";
import type { TrackWriter } from "./file_sink.ts";
import { MAX_WAV_DATA_BYTES, wavHeader } from "./wav_header.ts";

/** One WAV file a track, in a directory: `01 Artist - Title.wav`. */
export class WavWriter implements TrackWriter {
  readonly name: string;
  readonly hasUnsignedBytes = true;
  readonly #directory: string;
  #file: FileHandle | undefined;
  #format: PcmFormat | undefined;
  #dataBytes = 0;
  #writing: Promise<void> = Promise.resolve();

  /** @param directory Made when it is not there. */
  constructor(directory: string) {
    this.#directory = directory;
    this.name = `WAV files in ${directory}`;
  }

  async begin(track: SinkTrack): Promise<void> {
    await this.close();
    await mkdir(this.#directory, { recursive: true });
    this.#file = await open(join(this.#directory, wavName(track)), "w");
    this.#format = track.format;
    this.#dataBytes = 0;
    await this.#file.write(wavHeader(track.format, 0));
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#writing = this.#append(bytes);
  }

  async #append(bytes: Uint8Array): Promise<void> {
    this.#dataBytes += bytes.length;
    if (this.#dataBytes > MAX_WAV_DATA_BYTES) {
      throw new Error("Cannot write the track: a WAV file holds 4 GB; use --sink raw:-");
    }
    for (let at = 0; at < bytes.length;) {
      at += (await this.#file!.write(bytes.subarray(at))).bytesWritten;
    }
  }

  async finish(): Promise<void> {
    await this.close();
  }

  /** Writes the lengths into the header, so that an interrupted track is a good, shorter file. */
  async close(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    try {
      await this.#writing.catch(() => {}); // Whoever wrote has heard of it.
      if (this.#dataBytes % 2 === 1) await file.write(Uint8Array.of(0));
      const header = wavHeader(this.#format!, this.#dataBytes);
      await file.write(header, 0, header.length, 0);
    } finally {
      await file.close();
    }
  }
}

/** Most file systems count a name in bytes, up to 255 of them, and some that encrypt names up to 143. */
const MAX_TITLE_BYTES = 128;

/** A name that every file system takes. */
function wavName({ index, name }: Pick<SinkTrack, "index" | "name">): string {
  // deno-lint-ignore no-control-regex -- those are what must go
  const safe = name.replace(/[\u0000-\u001f\u007f<>:"/\\|?*]/g, "_").trim();
  // As much as there is room for, in whole characters.
  const { read } = new TextEncoder().encodeInto(safe, new Uint8Array(MAX_TITLE_BYTES));
  const number = String(index + 1).padStart(2, "0");
  return safe === "" ? `${number}.wav` : `${number} ${safe.slice(0, read)}.wav`;
}
