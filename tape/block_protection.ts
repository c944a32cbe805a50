/**
 * Logical block protection: a CRC goes with each block from the host's memory to the tape and back (SSC-4, logical block
 * protection).
 *
 * @module
 */

import { truth } from "../scsi/option_rules.ts";
import { BLOCK_PROTECTION_PAGE } from "../scsi/stream/mode_page_fields.ts";
import { readModePage, writeModePage } from "../scsi/stream/mode_page_layout.ts";
import { readBlockProtectionMethods } from "../scsi/stream/stream_vpd.ts";
import { checkGiven } from "./caller_values.ts";
import type { DriveWork } from "./drive_work.ts";
import { TapeError } from "./errors.ts";
import { BlockProtectionError, UnsupportedError } from "./feature_errors.ts";
import { readNeededPage, writeNeededPage } from "./needed_mode_page.ts";
import type { OperationOptions } from "./options.ts";
import { ProtectedUnit, type ProtectedWays, PROTECTION_BYTES } from "./protected_unit.ts";
import type { Reliances } from "./reliances.ts";
import { CARRYING } from "./watched_unit.ts";

/** How blocks are protected: a Reed-Solomon CRC (LTO-5 and later offer it, this driver does not compute it), or a CRC32C. */
export type ProtectionMethod = "none" | "rs-crc" | "crc32c" | "other";

/** The state of logical block protection. */
export interface ProtectionStatus {
  /** What the drive is set to. */
  readonly method: ProtectionMethod;
  /** Whether blocks carry a CRC to the drive. */
  readonly onWrite: boolean;
  /** Whether blocks carry a CRC from the drive. */
  readonly onRead: boolean;
  /** What the drive offers. */
  readonly offered: readonly ProtectionMethod[];
}

/** What {@linkcode BlockProtection.enable} switches on. */
export interface EnableProtectionOptions extends OperationOptions {
  /** Protects what is written; the drive refuses a damaged block. @default true */
  readonly onWrite?: boolean;
  /** Protects what is read; the driver gives out no damaged block. @default true */
  readonly onRead?: boolean;
}

const FEATURE = "logical block protection";
/** By code. */
const METHODS: readonly ProtectionMethod[] = ["none", "rs-crc", "crc32c"];
const CRC32C = 2;

/**
 * Logical block protection of one drive. `drive.protection` is one.
 *
 * It costs a CRC over, and a copy of, every record, and writes go one at a time, whatever `writeBehind` says. It works in variable block mode. When the drive is closed it is switched off again, because the
 * drive would expect it of the next host too.
 */
export class BlockProtection {
  readonly #work: DriveWork;
  readonly #reliances: Reliances;
  #isOn = false;

  /**
   * Made by the drive.
   *
   * @internal
   */
  constructor(work: DriveWork, reliances: Reliances) {
    this.#work = work;
    this.#reliances = reliances;
  }

  /**
   * What the drive is set to, and what it offers.
   *
   * @throws {UnsupportedError} when it has no such thing.
   */
  status(options: OperationOptions = {}): Promise<ProtectionStatus> {
    const { signal } = options;
    return this.#work.run(() => this.#status(signal), signal);
  }

  /**
   * Switches protection by CRC32C on. A record that was damaged on its way is then refused by the drive on writing, and by the driver on reading, with
   * {@link BlockProtectionError}.
   *
   * @throws {UnsupportedError} when the drive does not have it, or not by CRC32C.
   * @throws {TapeError} of kind `invalid-argument` in fixed block mode, or when nothing is to be protected.
   */
  enable(options: EnableProtectionOptions = {}): Promise<void> {
    const { onWrite = true, onRead = true, signal } = options;
    return this.#work.run(() => this.#enable({ onWrite, onRead }, signal), signal);
  }

  /**
   * Switches protection off.
   *
   * @throws {UnsupportedError} when the drive has no such thing.
   */
  disable(options: OperationOptions = {}): Promise<void> {
    const { signal } = options;
    return this.#work.run(() => this.#disable(signal), signal);
  }

  /**
   * Switches off what `enable()` has switched on; for the drive's `close()`.
   *
   * @internal
   */
  async release(): Promise<void> {
    if (this.#isOn) await this.#disable();
  }

  async #enable(ways: ProtectedWays, signal?: AbortSignal): Promise<void> {
    const { session } = this.#work;
    checkGiven(ways, { onWrite: truth, onRead: truth });
    if (!ways.onWrite && !ways.onRead) {
      throw new TapeError(
        "invalid-argument",
        "Cannot protect blocks neither on writing nor on reading",
      );
    }
    if (session.blockBytes > 0) {
      throw new TapeError(
        "invalid-argument",
        `Cannot protect blocks on ${session.device.name}: it is in fixed block mode; set variable mode first`,
      );
    }
    const { offered } = await this.#status(signal);
    if (offered.length > 0 && !offered.includes("crc32c")) {
      throw new UnsupportedError(
        FEATURE,
        `Cannot protect blocks on ${session.device.name}: the drive offers ${
          offered.join(", ")
        }, not crc32c`,
      );
    }
    await this.#work.back();
    await this.#set(ways, signal);
    this.#isOn = true;
    this.#reliances.protect = (unit) => new ProtectedUnit(unit, ways);
    this.#reliances.rely("protection", { guards: CARRYING, ensure: () => this.#set(ways) });
  }

  async #disable(signal?: AbortSignal): Promise<void> {
    const { device } = this.#work.session;
    await this.#work.back();
    const off = { method: 0, informationBytes: 0, onWrite: false, onRead: false, onRecover: false };
    await writeNeededPage(device, FEATURE, BLOCK_PROTECTION_PAGE, off, signal);
    this.#isOn = false;
    this.#reliances.protect = undefined;
    this.#reliances.forget("protection");
  }

  async #status(signal?: AbortSignal): Promise<ProtectionStatus> {
    const { device } = this.#work.session;
    const { fields } = await readNeededPage(device, FEATURE, BLOCK_PROTECTION_PAGE, signal);
    const { method = 0, onWrite = false, onRead = false } = fields;
    const offered = await device.consult((unit) => readBlockProtectionMethods(unit, { signal }));
    return {
      method: methodName(method),
      onWrite,
      onRead,
      offered: offered.map((each) => methodName(each.method)),
    };
  }

  /** Sets it and reads it back: with a drive that only pretends, CRCs would end up on the tape as data. */
  async #set({ onWrite, onRead }: ProtectedWays, signal?: AbortSignal): Promise<void> {
    const { device } = this.#work.session;
    const wanted = { method: CRC32C, informationBytes: PROTECTION_BYTES, onWrite, onRead };
    await device.consult((unit) => writeModePage(unit, BLOCK_PROTECTION_PAGE, wanted, { signal }));
    const page = await device.consult((unit) =>
      readModePage(unit, BLOCK_PROTECTION_PAGE, { signal })
    );
    const now = page?.fields;
    const isInForce = now?.method === CRC32C && now.informationBytes === PROTECTION_BYTES &&
      now.onWrite === onWrite && now.onRead === onRead;
    if (isInForce) return;
    throw new BlockProtectionError(
      `Cannot protect blocks on ${device.name}: the drive says afterwards that it does not`,
    );
  }
}

function methodName(code: number): ProtectionMethod {
  return METHODS[code] ?? "other";
}
