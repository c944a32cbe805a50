import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import type { ByteStream } from "../../../transport/byte_stream.ts";
import type { Clock } from "../../../transport/clock.ts";
import { transportFailure } from "../../../transport/errors.ts";

/** Where a Login Request has its CID (RFC 7143 §11.12.7). */
const LOGIN_CID = 20;
const OPCODE_MASK = 0x3f;

/** One connection of an initiator's, as frail as it is told to be. */
export class FrailWire implements ByteStream {
  /** Changes whenever anything passes. */
  activity = 0;
  /** Connection ID, once the login has said it. */
  cid: number | undefined;
  /** Most bytes that one read returns. */
  maxReadBytes = Infinity;
  /** Milliseconds that what comes is late. */
  readDelayMs = 0;
  /** Milliseconds until the socket takes what goes out. */
  writeDelayMs = 0;
  /** What is said is lost, and nobody is told. */
  isDeaf = false;
  isMute = false;
  /** Bytes from now on until one that is damaged, in each direction. */
  damageIn = Infinity;
  damageOut = Infinity;
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #ended = Promise.withResolvers<void>();
  readonly #cancels = new Set<() => void>();
  #isFullFeature = false;
  #hasSpoken = false;
  #hasHeard = false;
  #isBroken = false;
  #isClosed = false;

  constructor(stream: ByteStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether the login is behind it, and what follows is protected by digests. */
  get isFullFeature(): boolean {
    return this.#isFullFeature && !this.#isClosed && !this.#isBroken;
  }

  /** Whether the target has yet to say its first word, for which it needs no time but some turns of the event loop. */
  get isAwaitingTarget(): boolean {
    const isSilent = this.isDeaf || this.isMute || this.#isBroken || this.#isClosed;
    return this.#hasSpoken && !this.#hasHeard && !isSilent;
  }

  async read(into: Uint8Array): Promise<number | null> {
    const room = into.subarray(0, Math.min(into.length, this.maxReadBytes));
    for (;;) {
      if (this.#isClosed) return null;
      if (this.#isBroken) throw transportFailure({ op: "read", reason: "reset" });
      const count = await this.#stream.read(room).catch(() => null);
      this.#hasHeard = true;
      if (this.#isClosed) return null;
      if (this.#isBroken) throw transportFailure({ op: "read", reason: "reset" });
      if (this.isMute) {
        if (count !== null) continue;
        await this.#ended.promise;
        continue;
      }
      if (count === null) return null;
      if (this.readDelayMs > 0) await this.#wait(this.readDelayMs);
      if (this.#isClosed || this.#isBroken) continue;
      this.activity++;
      this.damageIn = this.#damage(room.subarray(0, count), this.damageIn);
      return count;
    }
  }

  async write(chunks: readonly Uint8Array[]): Promise<void> {
    this.#look(chunks[0]);
    if (this.writeDelayMs > 0) await this.#wait(this.writeDelayMs);
    if (this.#isBroken || this.#isClosed) throw transportFailure({ op: "write", reason: "reset" });
    this.activity++;
    if (this.isDeaf) return;
    this.#hasSpoken = true;
    const passing = chunks.map((chunk) => {
      if (this.damageOut >= chunk.length) {
        this.damageOut -= chunk.length;
        return chunk;
      }
      const copy = chunk.slice();
      this.damageOut = this.#damage(copy, this.damageOut);
      return copy;
    });
    await Promise.race([this.#stream.write(passing), this.#ended.promise]);
    if (this.#isBroken || this.#isClosed) throw transportFailure({ op: "write", reason: "reset" });
    this.activity++;
  }

  close(): void {
    this.#isClosed = true;
    this.#stop();
  }

  /** What is late, or in pieces, is so no longer. */
  heal(): void {
    this.maxReadBytes = Infinity;
    this.readDelayMs = this.writeDelayMs = 0;
  }

  /** Both sides see the connection break. */
  cut(): void {
    this.#isBroken = true;
    this.#stop();
  }

  #stop(): void {
    this.#stream.close();
    for (const cancel of this.#cancels) cancel();
    this.#ended.resolve();
  }

  /** A PDU begins with each write. */
  #look(chunk: Uint8Array): void {
    const isLogin = (chunk[0] & OPCODE_MASK) === Opcode.LoginRequest;
    if (isLogin) this.cid = (chunk[LOGIN_CID] << 8) | chunk[LOGIN_CID + 1];
    else this.#isFullFeature = true;
  }

  #damage(bytes: Uint8Array, at: number): number {
    if (at >= bytes.length) return at - bytes.length;
    bytes[at] ^= 1 << (at & 7);
    return Infinity;
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        this.#cancels.delete(end);
        resolve();
      };
      const cancel = this.#clock.schedule(end, ms);
      this.#cancels.add(end);
    });
  }
}
