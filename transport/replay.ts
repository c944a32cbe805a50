import type { ByteStream } from "./byte_stream.ts";
import { concat } from "./concat.ts";
import { TransportError, transportFailure } from "./errors.ts";
import type { Transcript } from "./recording.ts";

/** What was written to a {@link replay} is not what its transcript says. */
export class ReplayMismatchError extends TransportError {
  /** For error handlers that compare names. */
  override name = "ReplayMismatchError";
  /** Where the first differing byte is, counted over all bytes written. */
  readonly offset: number;

  /** Made by {@link replay}. */
  constructor(offset: number, state: string) {
    super(`Cannot replay the write at byte ${offset}: ${state}`, { op: "write", reason: "other" });
    this.offset = offset;
  }
}

/** Bytes to be read, once so many have been written. */
interface Reply {
  readonly bytes: Uint8Array;
  readonly afterWritten: number;
}

/**
 * Makes a stream that plays the peer of a recorded conversation: what the transcript's owner read is read from it, each
 * part as soon as everything was written that was written before it. Writes may come in other pieces than recorded,
 * and ahead of the reads. At the end of the transcript reads give `null`.
 *
 * A write that differs from the transcript rejects with {@link ReplayMismatchError}, and so do reads from then on.
 */
export function replay(transcript: Transcript): ByteStream {
  return new ReplayStream(transcript);
}

class ReplayStream implements ByteStream {
  readonly #expected: Uint8Array;
  readonly #replies: readonly Reply[];
  #written = 0;
  #reply = 0;
  #replyFrom = 0;
  #into: Uint8Array | undefined;
  #resolveRead!: (count: number | null) => void;
  #rejectRead!: (reason: unknown) => void;
  #mismatch: ReplayMismatchError | undefined;
  #closed = false;

  constructor(transcript: Transcript) {
    const expected: Uint8Array[] = [];
    const replies: Reply[] = [];
    let written = 0;
    for (const { direction, bytes } of transcript.entries) {
      if (direction === "in") replies.push({ bytes, afterWritten: written });
      else {
        expected.push(bytes);
        written += bytes.length;
      }
    }
    this.#expected = concat(expected);
    this.#replies = replies;
  }

  read(into: Uint8Array): Promise<number | null> {
    if (this.#closed) return Promise.resolve(null);
    if (this.#mismatch !== undefined) return Promise.reject(this.#mismatch);
    const count = this.#take(into);
    if (count !== undefined) return Promise.resolve(count);
    this.#into = into;
    return new Promise((resolve, reject) => {
      this.#resolveRead = resolve;
      this.#rejectRead = reject;
    });
  }

  write(chunks: readonly Uint8Array[]): Promise<void> {
    if (this.#closed) return Promise.reject(transportFailure({ op: "write", reason: "closed" }));
    for (const chunk of chunks) {
      this.#mismatch ??= this.#compare(chunk);
      if (this.#mismatch !== undefined) return this.#failWith(this.#mismatch);
    }
    this.#feedPendingRead();
    return Promise.resolve();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#into !== undefined) this.#resolveRead(null);
    this.#into = undefined;
  }

  #compare(chunk: Uint8Array): ReplayMismatchError | undefined {
    for (const byte of chunk) {
      const expected = this.#expected[this.#written];
      if (byte !== expected) return new ReplayMismatchError(this.#written, told(byte, expected));
      this.#written++;
    }
    return undefined;
  }

  #failWith(mismatch: ReplayMismatchError): Promise<never> {
    if (this.#into !== undefined) this.#rejectRead(mismatch);
    this.#into = undefined;
    return Promise.reject(mismatch);
  }

  /** What the next read gives, or `undefined` when something must be written first. */
  #take(into: Uint8Array): number | null | undefined {
    const reply = this.#replies[this.#reply];
    if (reply === undefined) return this.#written === this.#expected.length ? null : undefined;
    if (reply.afterWritten > this.#written) return undefined;
    const rest = reply.bytes.subarray(this.#replyFrom, this.#replyFrom + into.length);
    into.set(rest);
    this.#replyFrom += rest.length;
    if (this.#replyFrom === reply.bytes.length) {
      this.#reply++;
      this.#replyFrom = 0;
    }
    return rest.length;
  }

  #feedPendingRead(): void {
    if (this.#into === undefined) return;
    const count = this.#take(this.#into);
    if (count === undefined) return;
    this.#into = undefined;
    this.#resolveRead(count);
  }
}

function told(byte: number, expected: number | undefined): string {
  const hex = (value: number): string => value.toString(16).padStart(2, "0") + "h";
  return expected === undefined
    ? `${hex(byte)} was written beyond the end of the transcript`
    : `${hex(byte)} was written where the transcript has ${hex(expected)}`;
}
