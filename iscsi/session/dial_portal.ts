/**
 * Reaching a portal within a time limit.
 *
 * @module
 */

import type { ByteStream, NetworkAddress } from "../../transport/byte_stream.ts";
import { defaultDialer } from "../../transport/default_transport.ts";
import { ConnectError } from "../errors.ts";
import { formatPortal } from "../portal.ts";
import type { Clock } from "../connection/clock.ts";
import type { ConnectOptions } from "./session_options.ts";

/**
 * Connects to a portal. Does not wait for a dialer that ignores its signal; what such a one connects later is closed.
 *
 * @throws {ConnectError} when it cannot be reached, or not in time; the signal's reason when that ended the attempt.
 */
export async function dialPortal(
  address: NetworkAddress,
  clock: Clock,
  options: ConnectOptions,
): Promise<ByteStream> {
  const { dial = defaultDialer, connectTimeoutMs = 10_000, signal } = options;
  signal?.throwIfAborted();
  const attempt = new AbortController();
  let timedOut = false;
  const cancelTimer = clock.schedule(() => {
    timedOut = true;
    attempt.abort();
  }, connectTimeoutMs);
  const onAbort = () => attempt.abort(signal!.reason);
  signal?.addEventListener("abort", onAbort);
  try {
    return await unlessAborted(dial(address, { signal: attempt.signal }), attempt.signal);
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    throw connectError(address, cause, timedOut ? connectTimeoutMs : undefined);
  } finally {
    cancelTimer();
    signal?.removeEventListener("abort", onAbort);
  }
}

function unlessAborted(dialing: Promise<ByteStream>, signal: AbortSignal): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    dialing.then((stream) => signal.aborted ? stream.close() : resolve(stream), reject);
  });
}

function connectError(
  address: NetworkAddress,
  cause: unknown,
  timeoutMs: number | undefined,
): ConnectError {
  const portal = formatPortal(address);
  const attempt = `Cannot connect to ${portal}: `;
  const told = cause instanceof Error ? cause.message : String(cause);
  const state = timeoutMs === undefined ? told : `no answer within ${timeoutMs / 1000} s`;
  // A transport names the address itself, and it may be another than the portal's: that of a proxy.
  const message = state.startsWith(attempt) ? state : attempt + state;
  return new ConnectError(message, { address: portal, cause, timeoutMs });
}
