/** A real target in the background that serves one tape. */
export interface Target {
  /** `HOST:PORT`. */
  readonly portal: string;
  readonly port: number;
  readonly iqn: string;
  /** The tape's address, without credentials. */
  readonly url: string;
  /** Ends the target and removes all that it left. */
  stop(): Promise<unknown>;
}

/** A CHAP account. */
export interface Account {
  readonly name: string;
  /** 12 characters or more. */
  readonly secret: string;
}

/** Runs `use` against a target, which ends whatever happens; resolves to what `use` does. */
export async function withTarget<T extends Target, R>(
  starting: Promise<T>,
  use: (target: T) => Promise<R>,
): Promise<R> {
  const target = await starting;
  try {
    return await use(target);
  } finally {
    await target.stop();
  }
}
