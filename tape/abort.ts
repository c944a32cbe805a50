/**
 * What an `AbortSignal` ends, or either of two.
 *
 * @module
 */

/** A signal that aborts as soon as one of two does, where both are there; else the one that is. */
export function eitherOf(one: AbortSignal | undefined, other: AbortSignal): AbortSignal;
export function eitherOf(one?: AbortSignal, other?: AbortSignal): AbortSignal | undefined;
export function eitherOf(one?: AbortSignal, other?: AbortSignal): AbortSignal | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return AbortSignal.any([one, other]);
}

/** Settles as `promise` does, or rejects with the signal's reason when that comes first. What `promise` stands for goes on. */
export function abortable<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** Whether an operation ended because its caller would not wait any longer. */
export function isCalledOff(error: unknown, signal: AbortSignal | undefined): boolean {
  return signal !== undefined && signal.aborted && error === signal.reason;
}
