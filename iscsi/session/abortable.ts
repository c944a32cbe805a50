/**
 * Promises that a signal calls off.
 *
 * @module
 */

import { signal as abortSignal } from "../../scsi/option_rules.ts";
import { refuse } from "../negotiation/option_rules.ts";

/** Who waits for something. Exactly one of the two is called, once. */
export interface Waiter<Result> {
  completed(result: Result): void;
  failed(error: unknown): void;
}

/**
 * A promise of what `start` begins. `start` is given whom to tell of the end, and returns how to call it off; what it
 * throws, the promise rejects with. The signal's listener goes away when the promise settles.
 */
export function abortable<Result>(
  signal: AbortSignal | undefined,
  start: (waiter: Waiter<Result>) => (reason: unknown) => void,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    if (signal === undefined) return void start({ completed: resolve, failed: reject });
    // One that is passed over, as an `AbortController` is, would call nothing off.
    refuse(abortSignal(signal, "signal"));
    signal.throwIfAborted();
    let ended = false;
    const end = () => {
      ended = true;
      signal.removeEventListener("abort", onAbort);
    };
    const onAbort = () => callOff(signal.reason);
    const callOff = start({
      completed: (result) => {
        end();
        resolve(result);
      },
      failed: (error) => {
        end();
        reject(error);
      },
    });
    if (!ended) signal.addEventListener("abort", onAbort);
  });
}
