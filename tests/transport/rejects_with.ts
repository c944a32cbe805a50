import assert from "node:assert/strict";
import {
  TransportError,
  type TransportErrorReason,
  type TransportOperation,
} from "../../transport/mod.ts";

/** Asserts that a promise rejects with a TransportError of this operation and reason, and resolves to that. */
export async function rejectsWith(
  promise: Promise<unknown>,
  op: TransportOperation,
  reason: TransportErrorReason,
): Promise<TransportError> {
  const error = await promise.then(() => undefined, (error: unknown) => error);
  assert.ok(error instanceof TransportError, `${error}`);
  assert.deepEqual([error.op, error.reason], [op, reason], error.message);
  return error;
}
