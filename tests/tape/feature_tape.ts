/** What is on the tape of a walk over the features of a drive, decrypted: and encrypted it is where it was to be. */

import assert from "node:assert/strict";
import { decryptRecord } from "../../sim/tape/security/record_cipher.ts";
import { decodeEnvelope } from "../../sim/tape/security/record_envelope.ts";
import { WALK_KEY } from "./feature_setting.ts";
import type { FeatureUse } from "./feature_use.ts";
import type { ModelObject } from "./tape_model.ts";

export class FeatureTape {
  readonly #walk: FeatureUse;
  /** What is encrypted on the tape. */
  readonly #sealed = new WeakSet<Uint8Array>();

  constructor(walk: FeatureUse) {
    this.#walk = walk;
  }

  /** Has written these objects of the model. */
  wrote(objects: readonly ModelObject[]): void {
    if (!this.#walk.isEncrypting) return;
    for (const object of objects) {
      if (object !== "filemark") this.#sealed.add(object);
    }
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
    const plain = decryptRecord(WALK_KEY, { data, ...envelope }, envelope.authenticated);
    assert.ok(plain !== undefined, "what is encrypted can be decrypted");
    this.#sealed.add(plain);
    return plain;
  }

  /** What was read is what the model has. */
  compare(
    read: readonly ModelObject[],
    expected: readonly ModelObject[],
    message: string,
  ): void {
    assert.deepEqual(read, expected, message);
    for (const [at, object] of expected.entries()) {
      const isPlain = object !== "filemark" && this.#sealed.has(object) &&
        !this.#sealed.has(read[at] as Uint8Array);
      assert.ok(!isPlain, "what was to be encrypted is not");
    }
  }
}
