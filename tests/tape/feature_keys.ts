/** The keys of a walk over the features of a drive: which is set, and which records can be read with it. */

import assert from "node:assert/strict";
import type { EncryptionError } from "../../tape/feature_errors.ts";
import { drawKey, FOREIGN_KEY, keyNumber } from "./feature_setting.ts";
import type { FeatureUse, KeysInUse } from "./feature_use.ts";

/** What is done on reading, where that is certain. */
interface Decryption {
  readonly mode: "on" | "mixed" | "off";
  readonly key: number | undefined;
  /** How much had happened to the drive when it was set. */
  readonly since: number;
}

export class FeatureKeys implements KeysInUse {
  writing: number | undefined;
  readonly #walk: FeatureUse;
  #reading: Decryption | undefined;

  constructor(walk: FeatureUse) {
    this.#walk = walk;
  }

  /** A key to write with, and perhaps to read. */
  async set(signal?: AbortSignal): Promise<void> {
    const { random } = this.#walk;
    const decrypt = (["mixed", "mixed", "on", "off"] as const)[random.below(4)];
    await this.#change(true, decrypt, signal);
  }

  /** A key to read with. */
  async setForReading(signal?: AbortSignal): Promise<void> {
    const { random } = this.#walk;
    await this.#change(false, random.below(4) === 0 ? "on" : "mixed", signal);
  }

  async #change(encrypt: boolean, decrypt: Decryption["mode"], signal?: AbortSignal) {
    const { drive, random, events } = this.#walk;
    const key = drawKey(random);
    this.#reading = undefined;
    const since = events.count;
    // Behind a loss of power that nobody was told of, a drive may count another host's key as it has counted ours.
    const keyName = `key ${keyNumber(key)}`;
    await drive.encryption.set({ key, keyName, encrypt, decrypt, signal });
    this.writing = encrypt ? keyNumber(key) : undefined;
    this.#reading = { mode: decrypt, key: keyNumber(key), since };
  }

  async clear(signal?: AbortSignal): Promise<void> {
    this.#reading = undefined;
    const since = this.#walk.events.count;
    await this.#walk.drive.encryption.clear({ signal });
    this.writing = undefined;
    this.#reading = { mode: "off", key: undefined, since };
  }

  /** The drive may have another key, or none. */
  doubt(): void {
    this.#reading = undefined;
  }

  canRead(sealedWith: number | undefined): boolean | undefined {
    const reading = this.#reading;
    if (reading === undefined || reading.since !== this.#walk.events.count) return undefined;
    if (sealedWith === undefined) return reading.mode !== "on";
    return reading.mode !== "off" && reading.key === sealedWith;
  }

  checkRefusal({ reason }: EncryptionError, sealedWith: number | undefined): void {
    assert.notEqual(this.canRead(sealedWith), true, `${reason}: the drive has the key`);
    if (sealedWith === undefined) assert.equal(reason, "not-encrypted");
    else assert.ok(reason === "wrong-key" || reason === "no-key", reason);
  }

  /** Another host gives the drive its key, or takes away what there is. */
  static pageOfOther(isKey: boolean): Uint8Array<ArrayBuffer> {
    const page = new Uint8Array(isKey ? 52 : 20);
    page.set([0, 0x10, 0, page.length - 4, 2 << 5, 0, isKey ? 2 : 0, isKey ? 3 : 0, 1]);
    if (isKey) page.set([0, 32], 18);
    if (isKey) page.set(FOREIGN_KEY, 20);
    return page;
  }
}
