/**
 * A tape drive over iSCSI, entirely in user space: no kernel module, no root.
 *
 * @example Write a record, read it back
 * ```ts
 * import { openTape } from "@uiscsi/tape";
 *
 * const drive = await openTape("sim:example.tap"); // or "iscsi://10.0.0.5/iqn.2026-03.com.example:tape/0"
 * try {
 *   await drive.rewind();
 *   await drive.write(new TextEncoder().encode("hello tape"));
 *   await drive.writeFilemarks();
 *   await drive.rewind();
 *   const result = await drive.read();
 *   if (result.kind === "record") console.log(new TextDecoder().decode(result.data));
 * } finally {
 *   await drive.close();
 * }
 * ```
 *
 * @module
 */

export {
  openLogicalUnit,
  type OpenLogicalUnitOptions,
  openTape,
  type OpenTapeOptions,
} from "./open_tape.ts";
export {
  findLibraryDrives,
  type FindLibraryDrivesOptions,
  type FoundLibraryDrive,
} from "./library_drives.ts";
export { openChanger, type OpenChangerOptions } from "./open_changer.ts";
export {
  type ListedLogicalUnit,
  type ListingFailure,
  listLogicalUnits,
  type PortalListing,
} from "./logical_unit_listing.ts";
export * from "./changer/mod.ts";
export * from "./tape/mod.ts";
export * from "./iscsi/errors.ts";
export * from "./scsi/errors.ts";
export type { ReconnectOptions, ReconnectState } from "./iscsi/session/recoverable_unit.ts";
export type { ConnectOptions } from "./iscsi/session/session_options.ts";
export type {
  CommandMetrics,
  ConnectionChange,
  PduEvent,
  SessionHooks,
  SessionPhase,
  SessionStateChange,
} from "./iscsi/session/session_hooks.ts";
export type { KeepaliveOptions } from "./iscsi/connection/keepalive.ts";
export { discover, type DiscoveredTarget, type TargetPortal } from "./iscsi/session/discovery.ts";
export type {
  ChapAccount,
  ChapAlgorithm,
  ChapOptions,
  DigestPreference,
  OperationalOffers,
} from "./iscsi/negotiation/login.ts";
export { TransportError, type TransportErrorReason } from "./transport/errors.ts";
export type { ByteStream, Dialer, DialOptions, NetworkAddress } from "./transport/byte_stream.ts";
export type { Clock } from "./transport/clock.ts";
export type { Direction } from "./transport/tracing.ts";
export type { InquiryData } from "./scsi/inquiry.ts";
export type { Sense } from "./scsi/sense.ts";
export type {
  ConfigurationExtensionPage,
  ControlPage,
  DeviceConfigurationPage,
  ErrorRecoveryPage,
  InformationalExceptionsPage,
  MediumConfigurationPage,
} from "./scsi/stream/mode_page_fields.ts";
export type { SelfTest } from "./scsi/diagnostics.ts";
export type { DeviceTimestamp, TimestampOrigin } from "./scsi/timestamp.ts";
export type { SupportedOperation } from "./scsi/supported_operations.ts";
export type {
  LogValue,
  NamedLogPage,
  NamedLogParameter,
  PartitionValue,
} from "./scsi/stream/named_log_page.ts";
export type {
  DecryptionMode,
  EncryptionAlgorithm,
  EncryptionCapabilities,
  EncryptionMode,
  EncryptionScope,
  EncryptionStatus,
  KeyAssociatedData,
  NextBlockEncryption,
  NextBlockStatus,
} from "./scsi/stream/encryption_status.ts";
export type {
  LogicalUnit,
  RecoverableLogicalUnit,
  ScsiCommand,
  ScsiResult,
} from "./scsi/logical_unit.ts";
export type { Logger, LogMethod } from "./scsi/logger.ts";
