/**
 * What a tape drive tells of itself and its tape, and how it is set: capacity, alerts, logs, clock, settings.
 *
 * @module
 */

import { runSelfTest, SelfTest } from "../scsi/diagnostics.ts";
import { type Rule, rule } from "../scsi/option_rules.ts";
import type { NamedLogPage } from "../scsi/stream/named_log_page.ts";
import type { SupportedOperation } from "../scsi/supported_operations.ts";
import { type DeviceTimestamp, readTimestamp, setTimestamp } from "../scsi/timestamp.ts";
import { checkGiven } from "./caller_values.ts";
import { readCapacity, type TapeCapacity } from "./capacity.ts";
import { type DriveBuffer, readDriveBuffer } from "./drive_buffer.ts";
import {
  type AvailableLogPage,
  DriveLog,
  type LogPageTarget,
  type TapeAlertReport,
} from "./drive_log.ts";
import {
  readAppendOnly,
  readEarlyWarning,
  writeAppendOnly,
  writeDensity,
  writeEarlyWarning,
} from "./drive_modes.ts";
import type { DriveWork } from "./drive_work.ts";
import { needing, unsupported } from "./feature_support.ts";
import { type MediumProtection, readMediumProtection } from "./medium_protection.ts";
import { type MediumType, readMediumTypes } from "./medium_types.ts";
import {
  type DriveSettings,
  type DriveSettingsName,
  readSettings,
  writeSettings,
} from "./mode_settings.ts";
import type { OperationOptions } from "./options.ts";

/** What the clock of a drive can be set to: 48 bits of milliseconds (SPC-5 §6.46). */
const TIME: Rule = rule("a Date from 1970 on", (value) => {
  const ms = typeof (value as Date | null)?.getTime === "function" ? (value as Date).getTime() : -1;
  return ms >= 0 && ms < 2 ** 48;
});

const SELF_TESTS: readonly unknown[] = Object.values(SelfTest);
const SELF_TEST: Rule = rule(
  `one of ${SELF_TESTS.join(", ")}`,
  (value) => SELF_TESTS.includes(value),
);

/** Options of {@linkcode DriveUpkeep.mediumTypes}. */
export interface MediumTypeOptions extends OperationOptions {
  /** Asks for the kind of the loaded cartridge. @default false */
  readonly media?: boolean;
}

/**
 * What a {@link TapeDrive} tells of itself and its tape, and how it is set. Each question takes its turn among the drive's operations. What a drive does not have
 * throws {@link UnsupportedError}, which says which feature; nothing has been done then.
 *
 * @example Look after a tape
 * ```ts
 * import { openTape } from "@uiscsi/tape";
 *
 * const drive = await openTape("sim:example.tap");
 * try {
 *   const { remainingBytes = 0 } = await drive.capacity();
 *   console.log(`${Math.round(remainingBytes / 1e9)} GB left`);
 *   for (const { name, severity, advice } of (await drive.alerts()).active) {
 *     console.log(`${severity}: ${name}. ${advice}`);
 *   }
 * } finally {
 *   await drive.close();
 * }
 * ```
 */
export abstract class DriveUpkeep {
  readonly #work: DriveWork;
  readonly #log: DriveLog;

  /**
   * Made by {@link TapeDrive.open}.
   *
   * @internal
   */
  constructor(work: DriveWork) {
    this.#work = work;
    this.#log = new DriveLog(work.session.device);
  }

  /**
   * How much the tape holds and has left, without compression.
   *
   * @throws {UnsupportedError} when the drive does not tell.
   */
  capacity(options: OperationOptions = {}): Promise<TapeCapacity> {
    const { signal } = options;
    return this.#run(() => readCapacity(this.#work.session.device, signal), signal);
  }

  /**
   * The TapeAlert flags that are up, and all that have been since the drive was opened, because reading takes most of them down.
   *
   * @throws {UnsupportedError} when the drive has no TapeAlert.
   */
  alerts(options: OperationOptions = {}): Promise<TapeAlertReport> {
    return this.#run(() => this.#log.alerts(options.signal), options.signal);
  }

  /**
   * A log page with names and values. Reading the TapeAlert page takes flags down; `alerts()` still tells them.
   *
   * @param page Its code, code and subpage, or name, such as `device statistics`.
   * @throws {UnsupportedError} when the drive does not have the page.
   * @throws {TapeError} of kind `invalid-argument` for a name that there is not.
   */
  log(page: LogPageTarget, options: OperationOptions = {}): Promise<NamedLogPage> {
    return this.#run(() => this.#log.read(page, options.signal), options.signal);
  }

  /** The log pages that the drive has. Throws {@link UnsupportedError} when it has none. */
  logPages(options: OperationOptions = {}): Promise<AvailableLogPage[]> {
    return this.#run(() => this.#log.available(options.signal), options.signal);
  }

  /**
   * Sets the counters of a log page, or of all pages, to where they began.
   *
   * @throws {UnsupportedError} when the drive does not do that.
   */
  resetLog(page?: LogPageTarget, options: OperationOptions = {}): Promise<void> {
    return this.#run(() => this.#log.reset(page, options.signal), options.signal);
  }

  /** The kinds of cartridges that the drive knows, or that of the loaded one; none when the drive does not say. */
  mediumTypes(options: MediumTypeOptions = {}): Promise<MediumType[]> {
    const { media = false, signal } = options;
    return this.#run(() => readMediumTypes(this.#work.session.device, media, signal), signal);
  }

  /**
   * What the drive has taken and not yet put on tape. `flush()` puts it there.
   *
   * @throws {UnsupportedError} when the drive does not tell.
   */
  buffered(options: OperationOptions = {}): Promise<DriveBuffer> {
    const { signal } = options;
    return this.#run(() => readDriveBuffer(this.#work.session.device, signal), signal);
  }

  /** Whether, and why, the tape cannot be written, or only once. */
  mediumProtection(options: OperationOptions = {}): Promise<MediumProtection> {
    const { signal } = options;
    return this.#run(() => readMediumProtection(this.#work.session.device, signal), signal);
  }

  /**
   * A group of the drive's settings, by the name of its mode page; only the fields that the drive has.
   *
   * @throws {UnsupportedError} when the drive does not have the page.
   * @throws {TapeError} of kind `invalid-argument` for a name that there is not.
   */
  settings<N extends DriveSettingsName>(
    name: N,
    options: OperationOptions = {},
  ): Promise<Partial<DriveSettings[N]>> {
    return this.#run(() => readSettings(this.#work, name, options.signal), options.signal);
  }

  /**
   * Changes some of them; the others stay. Some drives take some of them at the beginning of a tape alone.
   *
   * What was changed is set again after a reset; `associatedWriteProtect` only while the same tape is in the drive. Not set again are `test`, and what is changed along with it, and what the
   * tape itself keeps: persistent and permanent write protection, its format and partition, and the rules of a write-once tape. What another initiator changes of it is not set again: the next
   * operation fails once with {@link TapeError} of kind `mode-parameters-changed`.
   *
   * @throws {UnsupportedError} when the drive does not have the page.
   * @throws {TapeError} of kind `invalid-argument` for a name that there is not or a number that does not fit; `unexpected-response` when the drive's page does not
   * have the field; `illegal-request` when it refuses the value.
   */
  changeSettings<N extends DriveSettingsName>(
    name: N,
    changes: Partial<DriveSettings[N]>,
    options: OperationOptions = {},
  ): Promise<void> {
    const { signal } = options;
    return this.#run(() => writeSettings(this.#work, name, changes, signal), signal);
  }

  /**
   * Sets the density of what is written from the beginning of the tape on; again after a reset, while the same tape is in the drive.
   *
   * @param code One of the codes of `densities()`; 0 for the drive's default.
   * @throws {UnsupportedError} when the drive does not keep it; {@link TapeError} of kind `illegal-request` when it refuses it.
   */
  setDensity(code: number, options: OperationOptions = {}): Promise<void> {
    return this.#run(async () => {
      await this.#work.back();
      await writeDensity(this.#work, code, options);
    }, options.signal);
  }

  /**
   * How many bytes before early warning `programmableEarlyWarning` is reported; 0 for not at all.
   *
   * @throws {UnsupportedError} when the drive has no such warning.
   */
  earlyWarning(options: OperationOptions = {}): Promise<number> {
    return this.#run(() => readEarlyWarning(this.#work, options.signal), options.signal);
  }

  /**
   * Sets that, again after a reset; the drive counts in megabytes, so it is rounded up.
   *
   * @param bytes 0 to 65535 megabytes (10^6 bytes).
   * @throws {UnsupportedError} when the drive has no such warning.
   */
  setEarlyWarning(bytes: number, options: OperationOptions = {}): Promise<void> {
    return this.#run(() => writeEarlyWarning(this.#work, bytes, options.signal), options.signal);
  }

  /** Whether the drive refuses to overwrite data. Throws {@link UnsupportedError} when it has no such mode. */
  appendOnly(options: OperationOptions = {}): Promise<boolean> {
    return this.#run(() => readAppendOnly(this.#work, options.signal), options.signal);
  }

  /**
   * Makes the drive refuse to overwrite data (7/5A/02), or not; again after a reset. Most take it at the beginning of a tape alone.
   *
   * @throws {UnsupportedError} when the drive has no such mode.
   */
  setAppendOnly(on: boolean, options: OperationOptions = {}): Promise<void> {
    return this.#run(() => writeAppendOnly(this.#work, on, options.signal), options.signal);
  }

  /**
   * The drive's clock.
   *
   * @throws {UnsupportedError} when it has none.
   */
  timestamp(options: OperationOptions = {}): Promise<DeviceTimestamp> {
    const { signal } = options;
    return this.#ask(
      "a clock",
      (device) => device.consult((unit) => readTimestamp(unit, { signal })),
      signal,
    );
  }

  /**
   * Sets the drive's clock, from which it dates what it logs and what it writes into cartridges.
   *
   * @param time A moment from 1970 on; the drive keeps milliseconds.
   * @throws {UnsupportedError} when it has none.
   */
  setTimestamp(time: Date, options: OperationOptions = {}): Promise<void> {
    const { signal } = options;
    return this.#ask("a clock", (device) => {
      checkGiven({ time }, { time: TIME });
      const ms = time.getTime();
      return device.consult((unit) => setTimestamp(unit, ms, { signal }));
    }, signal);
  }

  /**
   * The commands that the drive has, with how long each may take. Asked once; the drive's own times then replace shorter ones of the driver.
   *
   * @throws {UnsupportedError} when the drive does not tell.
   */
  supportedCommands(): Promise<readonly SupportedOperation[]> {
    return this.#run(async () => {
      const operations = await this.#work.session.timeouts.operations();
      if (operations === undefined) {
        throw unsupported(this.#work.session.device, "listing its commands");
      }
      return operations;
    });
  }

  /**
   * Has the drive test itself. A test that takes the drive for itself may move the tape, so the caller has to position afterwards.
   *
   * @throws {HardwareError} when it failed. {@link UnsupportedError} when the drive does not have that test.
   */
  selfTest(test: SelfTest = "default", options: OperationOptions = {}): Promise<void> {
    const { signal } = options;
    const { session } = this.#work;
    return this.#run(async () => {
      checkGiven({ test }, { test: SELF_TEST });
      await this.#work.back();
      const { device } = session;
      const run = () => device.consult((unit) => runSelfTest(unit, test, { signal }));
      await session.moving(() => needing(device, "that self-test", run), signal);
      session.lose(undefined);
    }, signal);
  }

  #run<T>(operation: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#work.run(operation, signal);
  }

  #ask<T>(
    feature: string,
    ask: (device: DriveWork["session"]["device"]) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const { device } = this.#work.session;
    return this.#run(() => needing(device, feature, () => ask(device)), signal);
  }
}
