/** What is on the tape of a walk over the features of a drive, decrypted: and encrypted it is where it was to be. */

import assert from "node:assert/strict";
import { decryptRecord } from "../../sim/tape/security/record_cipher.ts";
import { decodeEnvelope } from "../../sim/tape/security/record_envelope.ts";
import { ALL_KEYS } from "./feature_setting.ts";
import type { FeatureUse } from "./feature_use.ts";
import type { ModelObject } from "./tape_model.ts";

export class FeatureTape {
  readonly #walk: FeatureUse;
  /** With which key what is encrypted on the tape is. */
  readonly #sealed = new WeakMap<Uint8Array, number>();

  constructor(walk: FeatureUse) {
    this.#walk = walk;
  }

  /** Has written these objects of the model. */
  wrote(objects: readonly ModelObject[]): void {
    const { writing } = this.#walk.keys;
    if (writing === undefined) return;
    for (const object of objects) {
      if (object !== "filemark") this.#sealed.set(object, writing);
    }
  }

  /** The number of the key that a record on the tape is encrypted with. */
  sealAt(partition: number, object: number): number | undefined {
    const record = this.read()[partition][object];
    return record instanceof Uint8Array ? this.#sealed.get(record) : undefined;
  }

  /** The objects of each partition. */
  read(): ModelObject[][] {
    const { sim, events } = this.#walk;
    const medium = events.removed ?? sim.medium!;
    return medium.partitions.map((partition) =>
      Array.from({ length: partition.objectCount }, (_, object) => {
        if (partition.kind(object) === "filemark") return "filemark";
        const data = partition.read(object, partition.recordLength(object));
        const seal = partition.seal(object);
        return seal === undefined ? data : this.#unseal(data, seal);
      })
    );
  }

  #unseal(data: Uint8Array, seal: Uint8Array): Uint8Array {
    const envelope = decodeEnvelope(seal)!;
    for (const [number, key] of ALL_KEYS.entries()) {
      const plain = decryptRecord(key, { data, ...envelope }, envelope.authenticated);
      if (plain === undefined) continue;
      this.#sealed.set(plain, number);
      return plain;
    }
    assert.fail("what is encrypted cannot be decrypted");
  }

  /** What was read is what the model has. */
  compare(
    read: readonly ModelObject[],
    expected: readonly ModelObject[],
    message: string,
  ): void {
    assert.deepEqual(read, expected, message);
    for (const [at, object] of expected.entries()) {
      const seal = object === "filemark" ? undefined : this.#sealed.get(object);
      if (seal === undefined) continue;
      assert.equal(this.#sealed.get(read[at] as Uint8Array), seal, "encrypted with that key");
    }
  }
}
