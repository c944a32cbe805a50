/**
 * Data-In of one command for whoever consumes it.
 *
 * @module
 */

import type { StreamedDataIn } from "./streamed_data_in.ts";

/** Gives what has arrived, a PDU at a time, when it is asked for. */
export class DataReader {
  /** Ends when the command has; fails when it fails. */
  readonly readable: ReadableStream<Uint8Array>;
  readonly #data: StreamedDataIn | undefined;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #wake: (() => void) | undefined;
  #isComplete = false;
  #isOver = false;

  /** `data` is `undefined` for a command that reads nothing. `cancelled` is told when the consumer gives up. */
  constructor(data: StreamedDataIn | undefined, cancelled: (reason: unknown) => void) {
    this.#data = data;
    this.readable = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#pull(),
      cancel: (reason) => {
        this.#end();
        cancelled(reason);
      },
    }, { highWaterMark: 0 }); // What waits is counted in one place only.
  }

  /** There is something to give. */
  arrived(): void {
    this.#wake?.();
  }

  /** The command has ended: nothing more will arrive. */
  complete(): void {
    this.#isComplete = true;
    if (!this.#isOver && this.#isEmpty) this.#close();
    this.#wake?.();
  }

  /** The command has failed: what waits is dropped. */
  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#end();
    this.#controller.error(error);
  }

  get #isEmpty(): boolean {
    return this.#data?.isEmpty ?? true;
  }

  async #pull(): Promise<void> {
    while (!this.#isOver && this.#isEmpty) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    if (this.#isOver) return;
    this.#controller.enqueue(this.#data!.take()!);
    if (this.#isComplete && this.#isEmpty) this.#close();
  }

  #close(): void {
    this.#isOver = true;
    this.#controller.close();
  }

  #end(): void {
    this.#isOver = true;
    this.#wake?.();
  }
}
