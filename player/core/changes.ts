/** Wakes those who wait for something to be different: a condition variable. */
export class Changes {
  readonly #waiting = new Set<() => void>();
  readonly #listeners = new Set<() => void>();

  /** Something is different: everyone who waits looks again. */
  notify(): void {
    for (const wake of [...this.#waiting]) wake();
    for (const listener of this.#listeners) listener();
  }

  /** Calls `listener` at each change until the returned function is called. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Waits until `probe` gives something but `undefined`, and resolves to it. Rejects with the signal's reason.
   */
  async until<T>(probe: () => T | undefined, signal?: AbortSignal): Promise<T> {
    for (;;) {
      signal?.throwIfAborted();
      const found = probe();
      if (found !== undefined) return found;
      await this.#next(signal);
    }
  }

  #next(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal?.addEventListener("abort", wake);
    });
  }
}
