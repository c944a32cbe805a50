/** Resolves after `ms` milliseconds: for waiting on foreign processes, which tell nobody that they are ready. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks `probe` every `everyMs` until it answers true; gives up after `limitMs` and answers false. */
export async function waitUntil(
  probe: () => boolean | Promise<boolean>,
  { limitMs = 15_000, everyMs = 50 }: { limitMs?: number; everyMs?: number } = {},
): Promise<boolean> {
  for (let waited = 0; waited <= limitMs; waited += everyMs) {
    if (await probe()) return true;
    await pause(everyMs);
  }
  return false;
}

/** Settles as `work` does, and calls `tooLate` when that takes longer than `limitMs`. */
export async function within<T>(
  work: Promise<T>,
  limitMs: number,
  tooLate: () => void,
): Promise<T> {
  const timer = setTimeout(tooLate, limitMs);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
