/**
 * A simulated tape drive, and a real iSCSI target to reach it: a test double for programs that use tape, and a server
 * for other initiators.
 *
 * @example Test a program that uses a tape
 * ```ts
 * import assert from "node:assert/strict";
 * import { openTape } from "@uiscsi/tape";
 * import { loopbackTarget, MemoryMedium, SimulatedDrive } from "@uiscsi/tape/sim";
 *
 * const device = new SimulatedDrive({ medium: new MemoryMedium() });
 * const target = await loopbackTarget({
 *   targetName: "iqn.2026-03.com.example:tape",
 *   units: [{ lun: 0, device }],
 * });
 * try {
 *   const drive = await openTape(target.urls[0], { dial: target.dial });
 *   await drive.write(new TextEncoder().encode("hello tape"));
 *   await drive.writeFilemarks();
 *   await drive.close();
 *   assert.deepEqual(device.objects().map(({ kind }) => kind), ["record", "filemark"]);
 * } finally {
 *   await target.close();
 * }
 * ```
 *
 * @example Serve a drive to other initiators
 * ```ts
 * import { MemoryMedium, serveTarget, SimulatedDrive } from "@uiscsi/tape/sim";
 *
 * const target = await serveTarget({
 *   listen: { hostname: "127.0.0.1", port: 0 },
 *   targetName: "iqn.2026-03.com.example:tape",
 *   units: [{ lun: 0, device: new SimulatedDrive({ medium: new MemoryMedium() }) }],
 *   chap: { accounts: [{ name: "reader", secret: "a secret of 12 bytes or more" }] },
 * });
 * console.log(`ready ${target.urls[0]}`);
 * await target.close();
 * ```
 *
 * @example Test a program against a target that fails
 * ```ts
 * import assert from "node:assert/strict";
 * import { openTape } from "@uiscsi/tape";
 * import { loopbackTarget, MemoryMedium, SimulatedDrive } from "@uiscsi/tape/sim";
 *
 * const device = new SimulatedDrive({ medium: new MemoryMedium() });
 * const target = await loopbackTarget({
 *   targetName: "iqn.2026-03.com.example:tape",
 *   units: [{ lun: 0, device }],
 *   // The first WRITE(6) is carried out, and the connection breaks instead of an answer.
 *   faults: [{ kind: "disconnect-after-execution", operationCode: 0x0a }],
 * });
 * try {
 *   const drive = await openTape(target.urls[0], { dial: target.dial, recovery: "none" });
 *   await assert.rejects(drive.write(new TextEncoder().encode("hello tape")));
 *   await drive.close().catch(() => {});
 *   assert.deepEqual(device.objects().map(({ kind }) => kind), ["record"]);
 * } finally {
 *   await target.close();
 * }
 * ```
 *
 * @example Show a program what a drive does once a year, and look at what it did
 * ```ts
 * import assert from "node:assert/strict";
 * import { openTape, TapeError } from "@uiscsi/tape";
 * import { loopbackTarget, MemoryMedium, SimulatedDrive, tapePersonalities } from "@uiscsi/tape/sim";
 *
 * const device = new SimulatedDrive({
 *   medium: new MemoryMedium({ barcode: "AB1234L8", capacityBytes: 1_000_000, earlyWarningBytes: 100_000 }),
 *   personality: tapePersonalities["ibm-ult3580-td8"],
 *   quirks: { flagsWithoutAsc: true },
 * });
 * device.addBadBlock({ object: 1 });
 * const target = await loopbackTarget({
 *   targetName: "iqn.2026-03.com.example:tape",
 *   units: [{ lun: 0, device }],
 * });
 * try {
 *   const drive = await openTape(target.urls[0], { dial: target.dial });
 *   for (const text of ["one", "two"]) await drive.write(new TextEncoder().encode(text));
 *   await drive.rewind();
 *   await drive.read();
 *   await assert.rejects(() => drive.read(), TapeError);
 *   await drive.close();
 *   // What is on the tape, and what the drive was asked: operation code 08h is READ (6).
 *   assert.deepEqual(device.objects().map(({ kind }) => kind), ["record", "record"]);
 *   assert.ok(device.commands.some(({ cdb, sense }) => cdb[0] === 0x08 && sense !== undefined));
 * } finally {
 *   await target.close();
 * }
 * ```
 *
 * @module
 */

export { type ServeOptions, serveTarget, type ServeTargetOptions } from "./target/serve_target.ts";
export {
  type LoopbackTarget,
  loopbackTarget,
  type LoopbackTargetOptions,
} from "./target/loopback_target.ts";
export { type ServedImage, serveImage, type ServeImageOptions } from "./target/serve_image.ts";
export type {
  RunningTarget,
  TargetConnectionInfo,
  TargetSessionInfo,
} from "./target/running_target.ts";
export type { TargetAsyncMessage } from "./target/output/async_answer.ts";
export type {
  CommandFault,
  DelayFault,
  FaultSelection,
  PduFault,
  PingFault,
  TargetFault,
  TargetPduKind,
  WindowFault,
} from "./target/faults.ts";
export type { TargetEvent, TargetPeer } from "./target/target_event.ts";
export type {
  PortalOptions,
  TargetChap,
  TargetLimits,
  TargetOffers,
  TargetOptions,
  TargetPortal,
  TargetRedirect,
  TargetUnit,
} from "./target/target_options.ts";

export { Cartridge, type CartridgeOptions } from "./changer/cartridge.ts";
export type { DeviceIdForm } from "./changer/changer_state.ts";
export type { LibraryDrive, LibraryDriveOptions } from "./changer/library_drive.ts";
export {
  libraryPersonalities,
  type LibraryPersonality,
  type LibraryPersonalityName,
} from "./changer/library_personality.ts";
export {
  type LibraryCartridge,
  type LibraryLayout,
  SimulatedLibrary,
  type SimulatedLibraryOptions,
} from "./changer/simulated_library.ts";
export { RamDisk, type RamDiskOptions } from "./disk/ram_disk.ts";
export type { DeviceServer, Nexus, Task, TaskResult } from "./device_server.ts";
export {
  SimulatedDrive,
  type SimulatedDriveOptions,
  type SimulatedPosition,
} from "./tape/drive.ts";
export type { BlockLimits } from "./tape/block_limits.ts";
export type { LoggedCommand } from "./tape/command_log.ts";
export type { Condition } from "./tape/conditions.ts";
export type { DriveQuirks } from "./tape/drive_quirks.ts";
export type { LoadDelay } from "./tape/readiness.ts";
export type { BadBlock } from "./tape/bad_blocks.ts";
export type { DriveTiming, MotionFacts } from "./tape/drive_timing.ts";
export { VirtualClock } from "./tape/virtual_clock.ts";
export type { InjectedAnswer } from "./tape/injected_answers.ts";
export {
  type Medium,
  type MediumState,
  MediumStoreError,
  type ObjectKind,
  type Partition,
  type StoredAttribute,
} from "./tape/medium.ts";
export { MemoryMedium, type MemoryMediumOptions } from "./tape/memory_medium.ts";
export type { ModePageDefinition } from "./tape/mode_page_table.ts";
export type { TapeObject } from "./tape/tape_object.ts";
export type { AdditionalSense, UnitAttentionOptions } from "./tape/unit_attentions.ts";
export {
  type DensityFacts,
  type DriveFeatures,
  tapePersonalities,
  type TapePersonality,
  type TapePersonalityName,
} from "./personality.ts";
export { ImageFormatError, ImageInUseError } from "./images/errors.ts";
export { ForeignMedium } from "./images/foreign/foreign_medium.ts";
export type { ForeignFormat } from "./images/foreign/image_reader.ts";
export {
  type ConvertedImage,
  convertImage,
  type ImageFormat,
  openImage,
  type OpenImageOptions,
} from "./images/open_image.ts";
export { TapMedium, type TapMediumOptions } from "./images/tap_medium.ts";
export type { TapWarning } from "./images/tap_walk.ts";
export type { Logger, LogMethod } from "../scsi/logger.ts";
