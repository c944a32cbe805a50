import type { ByteStream } from "./byte_stream.ts";

/** Connections that wait for `accept()`; more are turned away. The default backlog of a Linux listener. */
const BACKLOG = 128;

/** Brings connections that arrive together with calls of `accept()`, whichever comes first. */
export class AcceptQueue {
  readonly #arrived: ByteStream[] = [];
  readonly #waiting: ((stream: ByteStream | null) => void)[] = [];
  #closed = false;

  /** Takes a connection in, and owns it then; or says that it cannot. */
  offer(stream: ByteStream): boolean {
    const resolve = this.#waiting.shift();
    if (resolve !== undefined) resolve(stream);
    else if (!this.#closed && this.#arrived.length < BACKLOG) this.#arrived.push(stream);
    else return false;
    return true;
  }

  /** The next connection, or `null` once closed. */
  accept(): Promise<ByteStream | null> {
    const stream = this.#arrived.shift();
    if (stream !== undefined) return Promise.resolve(stream);
    if (this.#closed) return Promise.resolve(null);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Closes what nobody accepted. */
  close(): void {
    this.#closed = true;
    for (const stream of this.#arrived.splice(0)) stream.close();
    for (const resolve of this.#waiting.splice(0)) resolve(null);
  }
}
