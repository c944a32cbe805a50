/**
 * What can go wrong with a tape, one class for each thing that a caller would catch.
 *
 * @module
 */

export {
  HardwareError,
  NotReadyError,
  type NotReadyReason,
  ReservationConflictError,
  ReservationPreemptedError,
  TransportLostError,
  UnloadRequestedError,
} from "./errors/drive_errors.ts";
export {
  MediumChangedError,
  PositionLostError,
  ResetError,
  type SpaceStop,
  SpaceStoppedError,
} from "./errors/position_errors.ts";
export { MediumError, RecordLengthError, RecordTooLargeError } from "./errors/reading_errors.ts";
export { TapeError, type TapeErrorFacts, type TapeErrorKind } from "./errors/tape_error.ts";
export {
  DeferredError,
  VolumeOverflowError,
  WormViolationError,
  WriteProtectedError,
  WriteStoppedError,
} from "./errors/writing_errors.ts";
