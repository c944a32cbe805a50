/**
 * The tape drive: records, filemarks and positions over any {@linkcode LogicalUnit}.
 *
 * @module
 */

export type { BlockLimits } from "./block_limits.ts";
export type { CompressionSettings, CompressionState } from "./compression.ts";
export { type Density, densityName } from "./density.ts";
export type { DriveStatus } from "./drive_status.ts";
export * from "./errors.ts";
export type { LocateTarget, SpaceResult, SpaceWhat } from "./motion.ts";
export type { DriveNotice } from "./notice.ts";
export type { DriveInfo } from "./opening.ts";
export type {
  EraseOptions,
  LoadPollingOptions,
  OperationOptions,
  ReadOptions,
  RecordsOptions,
  TapeDriveOptions,
  WriteFilemarksOptions,
} from "./options.ts";
export type { TapePosition } from "./position.ts";
export type { ReadIntoResult, ReadResult } from "./record_reader.ts";
export type { WritableOptions } from "./streams.ts";
export { TapeDrive } from "./tape_drive.ts";
export type { RecordSource, TapeFile } from "./tape_files.ts";
export type { UnwrittenRecord, WriteOutcome } from "./write_ledger.ts";
export type { WriteResult } from "./write_result.ts";
