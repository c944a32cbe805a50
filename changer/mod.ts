/**
 * The media changer: the robot of a tape library over any `LogicalUnit` (SMC-3).
 *
 * @module
 */

export type {
  ChangerCapabilities,
  ElementAddresses,
  ElementAssignment,
  Ways,
} from "../scsi/element/changer_pages.ts";
export type { ElementException, ElementStatus } from "../scsi/element/element_status.ts";
export type { ElementType } from "../scsi/element/element_type.ts";
export { type DriveIdentity, identifyDrive } from "./drive_identity.ts";
export * from "./errors.ts";
export { Inventory, type LibraryElement, type Place } from "./inventory.ts";
export {
  type LibraryDrive,
  type LibraryView,
  type LibraryViewOptions,
  type MatchedBy,
  type ProbeOptions,
  viewLibrary,
} from "./library_view.ts";
export { type InitializeOptions, type InventoryOptions, MediaChanger } from "./media_changer.ts";
export type { ChangerInfo } from "./opening.ts";
export type {
  ChangerOperationOptions,
  MediaChangerOptions,
  ReadyPollingOptions,
  Unloadable,
  UnloadOptions,
} from "./options.ts";
