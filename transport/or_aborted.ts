/** Waits for `attempt`, but no longer than `signal` says; what comes of it later is handed to `discard`. */
export async function orAborted<T>(
  attempt: Promise<T>,
  signal: AbortSignal | undefined,
  discard: (late: T) => void,
): Promise<T> {
  let abandon = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    abandon = () => {
      attempt.then(discard, () => {});
      reject(signal?.reason);
    };
  });
  signal?.addEventListener("abort", abandon, { once: true });
  if (signal?.aborted) abandon();
  try {
    return await Promise.race([attempt, aborted]);
  } finally {
    signal?.removeEventListener("abort", abandon);
  }
}
