/**
 * An iSCSI initiator (RFC 7143) in user space: sessions that carry raw SCSI commands, discovery, CHAP, digests.
 *
 * For tapes use `openTape` of `@uiscsi/tape`; this is for those who need raw CDBs or other device types.
 *
 * @example A raw command
 * ```ts ignore
 * import { Session } from "@uiscsi/tape/iscsi";
 *
 * const session = await Session.connect({
 *   portal: "10.0.0.5",
 *   targetName: "iqn.2026-03.com.example:tape",
 * });
 * try {
 *   const unit = session.logicalUnit(0);
 *   const testUnitReady = new Uint8Array(6);
 *   const result = await unit.execute({ cdb: testUnitReady });
 *   console.log(result.status === 0 ? "ready" : "not ready");
 * } finally {
 *   await session.close();
 * }
 * ```
 *
 * @module
 */

export { type CloseOptions, type LogicalUnitOptions, Session } from "./session/session.ts";
export type {
  ConnectOptions,
  DiscoverySessionOptions,
  RequestOptions,
  SessionOptions,
} from "./session/session_options.ts";
export type {
  CommandMetrics,
  ConnectionChange,
  PduEvent,
  SessionHooks,
  SessionPhase,
  SessionStateChange,
} from "./session/session_hooks.ts";
export type {
  CommandStream,
  DataInStream,
  DataOutStream,
  DataSource,
  StreamedCommand,
} from "./session/streaming/command_stream.ts";
export type { KeepaliveOptions } from "./connection/keepalive.ts";
export { discover, type DiscoveredTarget, type TargetPortal } from "./session/discovery.ts";
export { chapOf, hideSecrets, type IscsiAddress, parseIscsiAddress } from "./address.ts";
export { formatPortal, ISCSI_PORT, parsePortal } from "./portal.ts";
export { defaultInitiatorName } from "./initiator_name.ts";
export type {
  ChapAccount,
  ChapAlgorithm,
  ChapOptions,
  DigestPreference,
  NegotiatedParameters,
  OperationalOffers,
} from "./negotiation/login.ts";
export { describePdu, type DescribePduOptions, PduRing, type PduRingOptions } from "./trace.ts";
export { PcapWriter, type PcapWriterOptions } from "./pcap.ts";
export { capturingDialer, type CapturingDialerOptions } from "./capturing_dialer.ts";
export * from "./errors.ts";
export type { LogicalUnit, ScsiCommand, ScsiResult } from "../scsi/logical_unit.ts";
export {
  type CommandOutcome,
  ServiceDeliveryError,
  type ServiceDeliveryErrorOptions,
} from "../scsi/errors.ts";
export type { Logger, LogMethod } from "../scsi/logger.ts";
export type { Clock } from "../transport/clock.ts";
export type { Direction } from "../transport/tracing.ts";
export type { ByteStream, Dialer, DialOptions, NetworkAddress } from "../transport/byte_stream.ts";
