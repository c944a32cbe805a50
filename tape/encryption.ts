/**
 * Encryption in the drive: the host gives it a key, the drive encrypts and decrypts (SSC-4, tape data encryption).
 *
 * @module
 */

import type { LogicalUnit } from "../scsi/logical_unit.ts";
import { count, oneOf, type Rules, text, truth } from "../scsi/option_rules.ts";
import {
  readSecurityPage,
  SecurityProtocol,
  writeSecurityPage,
} from "../scsi/security/security_protocol.ts";
import {
  decodeEncryptionCapabilities,
  decodeEncryptionStatus,
  decodeNextBlockStatus,
  ENCRYPTION_SCOPES,
  type EncryptionAlgorithm,
  type EncryptionCapabilities,
  EncryptionInPage,
  type EncryptionScope,
  type EncryptionStatus,
  type NextBlockStatus,
} from "../scsi/stream/encryption_status.ts";
import { encodeSetEncryption, type EncryptionSettings } from "../scsi/stream/set_encryption.ts";
import { checkGiven, checkOptional } from "./caller_values.ts";
import type { DriveWork } from "./drive_work.ts";
import { type EncryptionKeySource, readKey } from "./encryption_key.ts";
import { TapeError } from "./errors.ts";
import { EncryptionError } from "./feature_errors.ts";
import { needing, unsupported } from "./feature_support.ts";
import type { OperationOptions } from "./options.ts";
import type { Reliances } from "./reliances.ts";
import { WRITING } from "./watched_unit.ts";

/** What {@linkcode TapeEncryption.set} sets. */
export interface SetEncryptionOptions extends OperationOptions {
  /** The key: of the length that the drive's algorithm has, 32 bytes for AES-256. */
  readonly key: EncryptionKeySource;
  /**
   * Whether what is written is encrypted. Without it the key only decrypts. @default true
   */
  readonly encrypt?: boolean;
  /**
   * What is done on reading: `on` refuses blocks that are not encrypted, `mixed` reads both, `off` gives no encrypted block. @default "mixed"
   */
  readonly decrypt?: "on" | "mixed" | "off";
  /**
   * Whom the key is for. `all`: every host that reaches the drive, which survives a new session and is what a drive with one host wants. `local`: this
   * session alone, on drives that keep them apart; it ends with the session. @default "all"
   */
  readonly scope?: Exclude<EncryptionScope, "public">;
  /** A name of the key, up to 32 bytes on most drives, written beside each block and readable without the key. @default none */
  readonly keyName?: string;
  /** Makes the drive refuse (7/2A/13) to go on with another key that another host has set in between. @default false */
  readonly lock?: boolean;
  /** Makes the drive forget the key when the tape is taken out. @default true */
  readonly clearOnUnload?: boolean;
  /** Makes the drive forget the key when this host's reservation is taken away; needs one (`exclusive`). @default false */
  readonly clearOnReservationLoss?: boolean;
  /** Number of the drive's algorithm. @default its AES-256-GCM, else the first that encrypts */
  readonly algorithm?: number;
}

/** Options of {@linkcode TapeEncryption.clear}. */
export interface ClearEncryptionOptions extends OperationOptions {
  /** Whose parameters to take back. @default "all" */
  readonly scope?: EncryptionScope;
}

const SETTING: Rules<Omit<SetEncryptionOptions, "key" | "signal">> = {
  encrypt: truth,
  decrypt: oneOf("on", "mixed", "off"),
  scope: oneOf("all", "local"),
  keyName: text,
  lock: truth,
  clearOnUnload: truth,
  clearOnReservationLoss: truth,
  algorithm: count(0, 0xff),
};

const FEATURE = "encryption";
const AES_256_GCM = 0x0001_0014;

/**
 * Encryption in one drive. `drive.encryption` is one.
 *
 * Once `set()` or `require()` has succeeded, nothing is written before the drive has confirmed, after every reset, new session, change of tape and change by another
 * host, that it still encrypts with that key: else writes fail with {@link EncryptionError} until `set()` or `clear()`. Behind a reset that is always so. For
 * the same reason writes then go one at a time, whatever `writeBehind` says.
 *
 * @example Write encrypted, by a key that comes from wherever keys are kept
 * ```ts
 * import { openTape } from "@uiscsi/tape";
 *
 * const key = crypto.getRandomValues(new Uint8Array(32));
 * const drive = await openTape("sim:example.tap");
 * try {
 *   await drive.rewind();
 *   await drive.encryption.set({ key, keyName: "2026-01" });
 *   await drive.write(new TextEncoder().encode("secret"));
 *   await drive.writeFilemarks();
 *   await drive.encryption.clear();
 * } finally {
 *   await drive.close();
 * }
 * ```
 */
export class TapeEncryption {
  readonly #work: DriveWork;
  readonly #reliances: Reliances;
  /** Why the key that was set last is not in force any more. */
  #gone: EncryptionError | undefined;

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
   * What is done on writing and reading now, and by which key (its count and name; a drive never gives a key back).
   *
   * @throws {UnsupportedError} when the drive does not encrypt.
   */
  status(options: OperationOptions = {}): Promise<EncryptionStatus> {
    const { signal } = options;
    return this.#work.run(() => this.#status(signal), signal);
  }

  /**
   * The drive's algorithms.
   *
   * @throws {UnsupportedError} when the drive does not encrypt.
   */
  capabilities(options: OperationOptions = {}): Promise<EncryptionCapabilities> {
    const { signal } = options;
    return this.#work.run(() => this.#capabilities(signal), signal);
  }

  /**
   * Whether the next record is encrypted, and whether the key that is set fits. Brings the tape to where the caller is first.
   *
   * @throws {UnsupportedError} when the drive cannot tell.
   */
  nextBlock(options: OperationOptions = {}): Promise<NextBlockStatus> {
    const { signal } = options;
    return this.#work.run(async () => {
      this.#work.session.tellLoss("look at the next block");
      await this.#work.back();
      const page = await this.#readPage(EncryptionInPage.NextBlock, signal);
      return decodeNextBlockStatus(page, { unitName: this.#work.session.device.name });
    }, signal);
  }

  /**
   * Gives the drive a key, and makes sure that it is in force.
   *
   * @throws {UnsupportedError} when the drive does not encrypt.
   * @throws {TapeError} of kind `invalid-argument` for a key of the wrong length, or one that does nothing.
   * @throws {EncryptionError} when the drive refuses it, or says afterwards that it does something else.
   */
  async set(options: SetEncryptionOptions): Promise<EncryptionStatus> {
    checkOptional(options, SETTING);
    const { signal, encrypt = true, decrypt = "mixed" } = options;
    return await this.#work.run(async () => {
      if (!encrypt && decrypt === "off") {
        throw new TapeError(
          "invalid-argument",
          "Cannot set a key that neither encrypts nor decrypts",
        );
      }
      await this.#work.back();
      const algorithm = chooseAlgorithm(await this.#capabilities(signal), options.algorithm);
      if (algorithm === undefined) throw unsupported(this.#work.session.device, FEATURE);
      const key = await readKey(options.key, algorithm.keyBytes);
      return await this.#changing(async () => {
        try {
          await this.#send(settingsOf(options, algorithm.index, key), signal);
        } finally {
          key.fill(0);
        }
        return await this.#confirm(encrypt, decrypt !== "off", signal);
      });
    }, signal);
  }

  /**
   * Insists on the key that the drive has already, whoever has set it: from here on writes fail unless the drive encrypts with that, as behind `set()`.
   *
   * @throws {UnsupportedError} when the drive does not encrypt.
   * @throws {EncryptionError} when it has no key that it would write with; writes are as they were.
   */
  require(options: OperationOptions = {}): Promise<EncryptionStatus> {
    const { signal } = options;
    return this.#work.run(async () => {
      const status = await this.#status(signal);
      if (status.encryption !== "on") {
        throw this.#notInForce("has none that encrypts; set one first");
      }
      this.#rely(status);
      return status;
    }, signal);
  }

  /**
   * Makes the drive forget the key: what is written from here on is not encrypted.
   *
   * @throws {UnsupportedError} when the drive does not encrypt.
   */
  clear(options: ClearEncryptionOptions = {}): Promise<void> {
    const { scope = "all", signal } = options;
    return this.#work.run(async () => {
      checkGiven({ scope }, { scope: oneOf(...ENCRYPTION_SCOPES) });
      await this.#work.back();
      const algorithm = chooseAlgorithm(await this.#capabilities(signal), undefined);
      const algorithmIndex = algorithm?.index ?? 0;
      const off = { scope, encryption: "off", decryption: "off", algorithmIndex } as const;
      await this.#changing(() => this.#send(off, signal));
      this.#reliances.forget("encryption");
    }, signal);
  }

  /** Where that fails, the drive may do something else all the same. */
  async #changing<T>(change: () => Promise<T>): Promise<T> {
    this.#work.session.doubtKey();
    try {
      return await change();
    } catch (error) {
      this.#reliances.suspect();
      throw error;
    }
  }

  async #status(signal?: AbortSignal): Promise<EncryptionStatus> {
    const page = await this.#readPage(EncryptionInPage.Status, signal);
    return decodeEncryptionStatus(page, { unitName: this.#work.session.device.name });
  }

  async #capabilities(signal?: AbortSignal): Promise<EncryptionCapabilities> {
    const page = await this.#readPage(EncryptionInPage.Capabilities, signal);
    return decodeEncryptionCapabilities(page, { unitName: this.#work.session.device.name });
  }

  #readPage(page: number, signal?: AbortSignal): Promise<Uint8Array> {
    const { device } = this.#work.session;
    const ask = (unit: LogicalUnit) =>
      readSecurityPage(unit, SecurityProtocol.TapeDataEncryption, page, { signal });
    return needing(device, FEATURE, () => device.consult(ask));
  }

  async #send(settings: EncryptionSettings, signal?: AbortSignal): Promise<void> {
    const { device } = this.#work.session;
    const page = encodeSetEncryption(settings);
    const send = (unit: LogicalUnit) =>
      writeSecurityPage(unit, SecurityProtocol.TapeDataEncryption, page, { signal });
    try {
      await needing(device, FEATURE, () => device.consult(send));
    } finally {
      page.fill(0);
    }
  }

  async #confirm(
    encrypts: boolean,
    decrypts: boolean,
    signal?: AbortSignal,
  ): Promise<EncryptionStatus> {
    const status = await this.#status(signal);
    const isInForce = (status.encryption === "on") === encrypts &&
      (status.decryption !== "off") === decrypts;
    if (!isInForce) throw this.#notInForce("says that it does something else with it");
    if (encrypts) this.#rely(status);
    else this.#reliances.forget("encryption");
    return status;
  }

  #rely(status: EncryptionStatus): void {
    this.#gone = undefined;
    this.#reliances.rely("encryption", {
      guards: WRITING,
      ensure: (wasReset) => this.#ensure(status, wasReset),
    });
  }

  /**
   * The same key is still there. What has been forgotten cannot be set anew: the key is not kept. A drive forgets keys in a reset, and may count them anew, so
   * that the number of another host's key is that of ours: what is gone does not come back.
   */
  async #ensure(before: EncryptionStatus, wasReset: boolean): Promise<void> {
    if (this.#gone !== undefined) throw this.#gone;
    const status = await this.#status();
    if (status.encryption === "on" && !wasReset && isSameKey(status, before)) return;
    const since = wasReset ? "was reset" : "has been given another since";
    const what = status.encryption === "on" ? since : "has forgotten it";
    this.#gone = this.#notInForce(`${what}; set it again`);
    throw this.#gone;
  }

  #notInForce(what: string): EncryptionError {
    const { name } = this.#work.session.device;
    return new EncryptionError(`Cannot rely on the encryption key on ${name}: the drive ${what}`);
  }
}

const NAMES: ReadonlySet<string> = new Set(["unauthenticated", "authenticated"]);

/** As far as a drive tells: it counts keys, and says what they are called. */
function isSameKey(one: EncryptionStatus, other: EncryptionStatus): boolean {
  return one.keyInstance === other.keyInstance && namesOf(one) === namesOf(other);
}

/** What a host has said of its key, authenticated (A-KAD) and not (U-KAD). */
function namesOf({ keyAssociatedData }: EncryptionStatus): string {
  const names = keyAssociatedData.filter(({ type }) => NAMES.has(type));
  return names.map(({ type, data }) => `${type}: ${data.join()}`).join("; ");
}

function chooseAlgorithm(
  { algorithms }: EncryptionCapabilities,
  index: number | undefined,
): EncryptionAlgorithm | undefined {
  if (index !== undefined) return algorithms.find((each) => each.index === index);
  return algorithms.find(({ code }) => code === AES_256_GCM) ??
    algorithms.find(({ encrypts }) => encrypts !== 0);
}

function settingsOf(
  options: SetEncryptionOptions,
  algorithmIndex: number,
  key: Uint8Array,
): EncryptionSettings {
  const { encrypt = true, decrypt = "mixed", scope = "all", keyName } = options;
  const { lock = false, clearOnUnload = true, clearOnReservationLoss = false } = options;
  return {
    scope,
    encryption: encrypt ? "on" : "off",
    decryption: decrypt,
    algorithmIndex,
    key,
    ...(keyName !== undefined && { unauthenticatedData: new TextEncoder().encode(keyName) }),
    lock,
    clearOnUnload,
    clearOnPreempt: clearOnReservationLoss,
    clearOnReservationLoss,
  };
}
