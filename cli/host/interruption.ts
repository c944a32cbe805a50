import type { CliHost } from "./host.ts";

/** Milliseconds that signals may have to wait. */
const BREATH_MS = 100;
/** Milliseconds that a command has to give up: to take commands back, and to take leave of the drive. */
const PARTING_MS = 1500;

/**
 * What SIGINT, SIGTERM and the end of the terminal mean for a command: they abort {@link signal}. A command that has a way to end well calls
 * {@link stopGently}: then the first one only asks it to do so, and the next one aborts. After that the signals do what
 * they always do: end the process.
 */
export class Interruption {
  readonly #host: CliHost;
  readonly #controller = new AbortController();
  readonly #closed = new AbortController();
  readonly #overdue = Promise.withResolvers<never>();
  readonly #unlisten: () => void;
  #onStop: (() => void) | undefined;
  #stopRequested = false;
  #nextBreath: number;

  constructor(host: CliHost) {
    this.#host = host;
    this.#nextBreath = host.now() + BREATH_MS;
    this.#unlisten = host.onInterrupt(() => this.#interrupt());
    this.#overdue.promise.catch(() => {});
  }

  /** Aborted when the command is to be given up at once. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the command was asked to end well. */
  get stopRequested(): boolean {
    return this.#stopRequested;
  }

  /** From here on the first interruption sets {@link stopRequested} and calls `onStop`, once. */
  stopGently(onStop: () => void): void {
    this.#onStop = onStop;
  }

  /** Resolves at the next interruption, which then only asks to end well; at once if the command is given up already. */
  requested(): Promise<void> {
    if (this.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => this.stopGently(resolve));
  }

  /**
   * To be awaited between records. An embedded drive answers without ever waiting for the system, which would keep
   * signals from being heard until the last record: every now and then this waits, and otherwise gives `undefined`.
   */
  breathe(): Promise<void> | undefined {
    const now = this.#host.now();
    if (now < this.#nextBreath) return undefined;
    this.#nextBreath = now + BREATH_MS;
    return this.#host.sleep(0, this.signal);
  }

  /**
   * What comes of `work`. Once it is told to give up, it has a moment to do so, and is then left alone: a drive that
   * answers nothing keeps nobody waiting.
   *
   * @throws {InterruptedError} when it had to be left alone.
   */
  async supervise(work: Promise<void>): Promise<void> {
    await Promise.race([work, this.#overdue.promise]);
  }

  /** Stops listening. */
  close(): void {
    this.#unlisten();
    this.#closed.abort();
  }

  #interrupt(): void {
    if (this.#onStop !== undefined && !this.#stopRequested) {
      this.#stopRequested = true;
      this.#onStop();
    } else {
      this.#unlisten();
      const error = new InterruptedError();
      this.#controller.abort(error);
      this.#host.sleep(PARTING_MS, this.#closed.signal).then(
        () => this.#overdue.reject(error),
        () => {}, // The command has ended.
      );
    }
  }
}

/** The person at the keyboard gave up the command. */
export class InterruptedError extends Error {
  override name = "InterruptedError";

  constructor() {
    super("Interrupted: the command was given up before it ended");
  }
}
