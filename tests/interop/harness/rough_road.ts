import { pause } from "./waiting.ts";

/** How rough a {@link RoughRoad} is. */
export interface RoughRoadOptions {
  /** Bytes after which the first connection breaks, counted from the target to the initiator. @default never */
  readonly cutAfterBytes?: number;
  /** Bytes a second that the target's answers are held to. @default as fast as they come */
  readonly bytesPerSecond?: number;
}

const BUFFER_BYTES = 16_384;

/** A proxy on 127.0.0.1 that is slow, and breaks its first connection; those that follow hold until they are to be cut. */
export class RoughRoad {
  readonly #listener: Deno.TcpListener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.TcpConn>();
  readonly #serving: Promise<void>;
  #connections = 0;
  #cuts = 0;
  /** Bytes that the target may still send until everything breaks. */
  #left = Infinity;

  constructor(targetPort: number, options: RoughRoadOptions = {}) {
    this.#serving = this.#serve(targetPort, options);
  }

  /** Where to connect to instead of the target. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** How many connections there have been. */
  get connections(): number {
    return this.#connections;
  }

  /** How often {@linkcode cutAfter} has broken a connection. */
  get cuts(): number {
    return this.#cuts;
  }

  /** Breaks what is open once the target has sent so many bytes more; `Infinity` takes that back. */
  cutAfter(bytes: number): void {
    this.#left = bytes;
  }

  /** Breaks what is open, and waits until nothing is. */
  async stop(): Promise<void> {
    this.#listener.close();
    this.#cut();
    await this.#serving;
  }

  async #serve(targetPort: number, options: RoughRoadOptions): Promise<void> {
    const roads: Promise<unknown>[] = [];
    for (;;) {
      const initiator = await this.#listener.accept().catch(() => undefined);
      if (initiator === undefined) break;
      const target = await Deno.connect({ hostname: "127.0.0.1", port: targetPort });
      for (const end of [initiator, target]) end.setNoDelay();
      this.#open.add(initiator).add(target);
      const { cutAfterBytes = Infinity, bytesPerSecond = Infinity } = options;
      const limit = ++this.#connections === 1 ? cutAfterBytes : Infinity;
      roads.push(
        this.#pump(initiator, target),
        this.#pump(target, initiator, { limit, bytesPerSecond, isAnswer: true }),
      );
    }
    await Promise.all(roads);
  }

  async #pump(
    from: Deno.TcpConn,
    to: Deno.TcpConn,
    { limit = Infinity, bytesPerSecond = Infinity, isAnswer = false } = {},
  ): Promise<void> {
    const buffer = new Uint8Array(BUFFER_BYTES);
    try {
      for (let passed = 0; passed < limit;) {
        const count = await from.read(buffer);
        if (count === null || isAnswer && this.#isCut(count)) break;
        for (let at = 0; at < count;) at += await to.write(buffer.subarray(at, count));
        passed += count;
        if (bytesPerSecond < Infinity) await pause(count / bytesPerSecond * 1000);
      }
    } catch {
      // The other direction has ended it.
    } finally {
      this.#close(from);
      this.#close(to);
    }
  }

  /** Whether the target has now sent what it still may. */
  #isCut(bytes: number): boolean {
    this.#left -= bytes;
    if (this.#left > 0) return false;
    this.#left = Infinity;
    this.#cuts++;
    return true;
  }

  #cut(): void {
    for (const connection of [...this.#open]) this.#close(connection);
  }

  #close(connection: Deno.TcpConn): void {
    if (this.#open.delete(connection)) connection.close();
  }
}
