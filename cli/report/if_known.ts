import { TapeError, type TapeErrorKind } from "../../tape/errors.ts";

/** The drive does not know the question, or has no tape to ask about. */
const NOT_KNOWN: ReadonlySet<TapeErrorKind> = new Set<TapeErrorKind>([
  "illegal-request",
  "not-ready",
  "unsupported",
]);

/** What `ask` resolves to, or `undefined` when the drive does not tell such things. */
export async function ifKnown<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof TapeError && NOT_KNOWN.has(error.kind)) return undefined;
    throw error;
  }
}
