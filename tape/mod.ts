/**
 * The tape drive: records, filemarks and positions over any {@linkcode LogicalUnit}.
 *
 * @module
 */

export type { TapeSegment } from "./access_order.ts";
export * from "./attributes.ts";
export type { BlockLimits } from "./block_limits.ts";
export * from "./block_protection.ts";
export type { Capacity, TapeCapacity } from "./capacity.ts";
export type { CompressionSettings, CompressionState } from "./compression.ts";
export { type Density, densityName, type DensityOptions } from "./density.ts";
export type { DriveStatus } from "./drive_status.ts";
export type { DriveBuffer } from "./drive_buffer.ts";
export { DriveFeatures } from "./drive_features.ts";
export { DriveUpkeep, type MediumTypeOptions } from "./drive_upkeep.ts";
export type { AvailableLogPage, LogPageTarget, TapeAlertReport } from "./drive_log.ts";
export type { OverwriteAllowance } from "./drive_modes.ts";
export * from "./encryption.ts";
export type { EncryptionKeySource } from "./encryption_key.ts";
export * from "./errors.ts";
export { DEFAULT_RESERVATION_KEY, type ExclusiveUse } from "./exclusive_use.ts";
export type {
  ReadAtOptions,
  ReverseReadResult,
  WriteAtOptions,
  WriteAtResult,
} from "./explicit_address.ts";
export * from "./feature_errors.ts";
export type { LongOperationOptions } from "./long_operation.ts";
export type { MediumProtection } from "./medium_protection.ts";
export type { MediumType } from "./medium_types.ts";
export type { DriveSettings, DriveSettingsName } from "./mode_settings.ts";
export type { LocateTarget } from "./locate_target.ts";
export type { SpaceResult, SpaceWhat } from "./spacing.ts";
export type { DriveNotice } from "./notice.ts";
export type { DriveInfo } from "./opening.ts";
export type {
  LoadPollingOptions,
  OperationOptions,
  ReadOptions,
  RecordsOptions,
  TapeDriveOptions,
  WriteFilemarksOptions,
} from "./options.ts";
export type { EraseOptions } from "./long_erase.ts";
export type {
  MakePartitionsOptions,
  PartitionLayout,
  PartitionSize,
  TapePartition,
} from "./partitions.ts";
export type { TapePosition } from "./position.ts";
export type { ReadIntoResult, ReadResult, RecordTaker } from "./record_reader.ts";
export type { WritableOptions } from "./streams.ts";
export { type AlertSeverity, TAPE_ALERTS, type TapeAlert, tapeAlert } from "./tape_alert.ts";
export { TapeDrive } from "./tape_drive.ts";
export type { RecordSource, TapeFile } from "./tape_files.ts";
export type { VerifyExtent, VerifyOptions, VerifyResult } from "./verify.ts";
export type { UnwrittenRecord, WriteOutcome } from "./write_ledger.ts";
export type { WriteResult } from "./write_result.ts";
