/**
 * Streams of bytes and how to dial one: the Deno, Bun, Node, TLS and in-memory transports, decorators that record, trace
 * and break them, and the suite that a transport of your own must pass.
 *
 * ```ts ignore
 * import { defaultDialer } from "jsr:@uiscsi/tape/transport";
 *
 * const stream = await defaultDialer({ hostname: "10.0.0.5", port: 3260 });
 * try {
 *   await stream.write([new Uint8Array(48)]);
 *   const count = await stream.read(new Uint8Array(65536)); // null at the end of the stream
 * } finally {
 *   stream.close();
 * }
 * ```
 *
 * @module
 */

export type {
  ByteListener,
  ByteStream,
  Dialer,
  DialOptions,
  Listen,
  NetworkAddress,
} from "./byte_stream.ts";
export { type Clock, VirtualClock } from "./clock.ts";
export {
  byteStreamCompliance,
  type ComplianceOptions,
  type ComplianceTest,
  type ConnectedStreams,
} from "./compliance.ts";
export {
  bunDialer,
  bunListen,
  defaultDialer,
  defaultListen,
  denoDialer,
  denoListen,
  nodeDialer,
  nodeListen,
} from "./default_transport.ts";
export {
  TransportError,
  type TransportErrorOptions,
  type TransportErrorReason,
  type TransportOperation,
} from "./errors.ts";
export { type BitFlip, type FaultOptions, faulty } from "./faulty.ts";
export { loopback, type LoopbackOptions } from "./loopback.ts";
export { LoopbackNetwork } from "./loopback_network.ts";
export {
  type Recording,
  recording,
  type RecordingOptions,
  type Transcript,
  type TranscriptEntry,
} from "./recording.ts";
export { replay, ReplayMismatchError } from "./replay.ts";
export { tlsDialer, tlsListen } from "./tls.ts";
export type { TlsListenOptions, TlsOptions } from "./tls_options.ts";
export { type Direction, type TraceHook, tracing } from "./tracing.ts";
