/**
 * Where the library logs to.
 *
 * @module
 */

/** Logs one message; `{name}` in it stands for the property of that name. */
export type LogMethod = (message: string, properties?: Record<string, unknown>) => void;

/** A logger of LogTape, or anything that has these four methods. Nothing that is logged holds a secret. */
export interface Logger {
  /** What happens inside, for whoever looks for a fault. */
  readonly debug: LogMethod;
  /** What a person may want to know. */
  readonly info: LogMethod;
  /** What went wrong and was dealt with. */
  readonly warn: LogMethod;
  /** What went wrong. */
  readonly error: LogMethod;
}
