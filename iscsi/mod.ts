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
 * A command with both `dataOut` and `dataIn` is bidirectional; its result has two residuals. `Session.stream` moves data
 * that is not to be in memory as a whole:
 *
 * @example A raw command whose data is streamed both ways, here to a disk in memory
 * ```ts
 * import { Session } from "@uiscsi/tape/iscsi";
 * import { loopbackTarget, RamDisk } from "@uiscsi/tape/sim";
 *
 * const targetName = "iqn.2026-03.com.example:disk";
 * const target = await loopbackTarget({ targetName, units: [{ lun: 0, device: new RamDisk() }] });
 * const session = await Session.connect({ portal: "simulator", targetName, dial: target.dial });
 * try {
 *   await session.execute(0n, { cdb: new Uint8Array(6) }); // Takes the unit attention of a new nexus.
 *   const length = 2048 * 512;
 *   const source = new Blob([new Uint8Array(length).fill(7)]).stream(); // A file, a socket, a generator.
 *   const write10 = Uint8Array.of(0x2a, 0, 0, 0, 0, 0, 0, 8, 0, 0);
 *   const write = session.stream(0, {
 *     cdb: write10,
 *     dataOut: { length, source, maxBufferedBytes: 65536 },
 *   });
 *   console.assert((await write.result).status === 0);
 *
 *   const read10 = Uint8Array.of(0x28, 0, 0, 0, 0, 0, 0, 8, 0, 0);
 *   const read = session.stream(0, { cdb: read10, dataIn: { length } });
 *   let bytes = 0;
 *   for await (const chunk of read.readable) bytes += chunk.length;
 *   console.assert(bytes === length && (await read.result).status === 0);
 * } finally {
 *   await session.close();
 *   await target.close();
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
