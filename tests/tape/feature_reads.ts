/** What a walk over the features of a drive reads, held against the model. */

import assert from "node:assert/strict";
import { TapeError } from "../../tape/errors.ts";
import { EncryptionError } from "../../tape/feature_errors.ts";
import type { FeatureTruth } from "./feature_truth.ts";
import { type FeatureUse, namedPartition } from "./feature_use.ts";
import type { ModelObject } from "./tape_model.ts";

export class FeatureReads {
  readonly #walk: FeatureUse;
  readonly #truth: FeatureTruth;

  constructor(walk: FeatureUse, truth: FeatureTruth) {
    this.#walk = walk;
    this.#truth = truth;
  }

  async read(times: number, signal?: AbortSignal): Promise<void> {
    for (; times > 0; times--) {
      await this.#expectRead((expected) =>
        this.#walk.drive.read({ signal }).then((result) => {
          assert.deepEqual(result.kind === "record" ? result.data : result.kind, expected);
        })
      );
    }
  }

  /** What the model reads next is what `read` is to bring; without success the caller stays. */
  async #expectRead(
    read: (expected: ModelObject | "end-of-data") => Promise<void>,
  ): Promise<boolean> {
    const { model } = this.#walk;
    const { cursor } = model;
    const expected = model.read();
    const after = model.cursor;
    model.cursor = cursor;
    if (expected !== "incorrect-length") {
      if (!await this.#orSealed(() => read(expected), expected)) return false;
    } else {
      try {
        await read("filemark");
        assert.fail("a block of another length was read");
      } catch (error) {
        if (!(error instanceof TapeError) || error.kind !== "incorrect-length") throw error;
      }
    }
    model.cursor = after;
    return expected !== "incorrect-length";
  }

  /** False where the drive has not the key for it. */
  async #orSealed(
    read: () => Promise<void>,
    expected: ModelObject | "end-of-data",
  ): Promise<boolean> {
    const { keys } = this.#walk;
    try {
      await read();
      const isRecord = expected instanceof Uint8Array;
      const canRead = !isRecord || keys.canRead(this.#truth.sealHere());
      assert.notEqual(canRead, false, "a record was read without its key");
      return true;
    } catch (error) {
      const isSealed = error instanceof EncryptionError && error.senseKey === 7;
      if (!isSealed || !(expected instanceof Uint8Array)) throw error;
      keys.checkRefusal(error, this.#truth.sealHere());
      await this.#truth.refused();
      return false;
    }
  }

  async readInto(signal?: AbortSignal): Promise<void> {
    const { drive, model, random } = this.#walk;
    const { blockBytes } = model;
    const buffer = new Uint8Array(blockBytes > 0 ? blockBytes * 3 + 7 : 1 + random.below(80));
    /** Blocks beyond the first. */
    let passed = 0;
    await this.#expectRead(async (expected) => {
      if (blockBytes === 0 && expected instanceof Uint8Array && expected.length > buffer.length) {
        const { cursor } = model;
        await drive.readInto(buffer, { signal }).then(
          () => assert.fail("a record was read into too little room"),
          (error) => {
            if (!(error instanceof TapeError) || error.kind !== "record-too-large") throw error;
          },
        );
        const whole = await drive.read({ signal });
        assert.deepEqual(whole.kind === "record" && whole.data, expected);
        model.cursor = cursor;
        return;
      }
      const result = await drive.readInto(buffer, { signal });
      if (result.kind !== "record") return assert.equal(result.kind, expected);
      const first = blockBytes || result.length;
      assert.deepEqual(buffer.slice(0, first), expected);
      for (let at = first; at < result.length; at += blockBytes) {
        passed++;
        const block = model.objects[model.cursor + passed];
        assert.deepEqual(buffer.slice(at, at + blockBytes), block);
      }
    });
    model.cursor += passed;
  }

  async records(signal?: AbortSignal): Promise<void> {
    const { drive, random } = this.#walk;
    let left = 1 + random.below(6);
    const reuse = random.below(2) === 0;
    const records = drive.records({ signal, reuse });
    while (left-- > 0) {
      let isOver = false;
      const isRead = await this.#expectRead(async (expected) => {
        const { done, value } = await records.next();
        isOver = done === true;
        if (isOver) assert.ok(!(expected instanceof Uint8Array), "all records came");
        else assert.deepEqual(value, expected);
      });
      if (isOver || !isRead) return;
    }
    await records.return();
  }

  async verify(signal?: AbortSignal): Promise<void> {
    const { drive, model, random } = this.#walk;
    const filemarks = 1 + random.below(2);
    const { ended } = await drive.verify({ filemarks }, { signal });
    const stop = model.tape.spaceFilemarks(filemarks);
    assert.equal(ended, stop === undefined ? "done" : "end-of-data");
    this.#truth.compare();
  }

  async readAt(signal?: AbortSignal): Promise<void> {
    const { drive, model, random } = this.#walk;
    const partition = random.below(model.partitions.length);
    const to = model.clone();
    to.go(random.below(to.partitions[partition].objects.length + 1), partition);
    const { cursor } = to;
    const expected = to.read();
    const options = { ...namedPartition(model, partition), recordBytesHint: 30, signal };
    try {
      const result = await drive.readAt(cursor, options);
      assert.deepEqual(result.kind === "record" ? result.data : result.kind, expected);
    } catch (error) {
      if (expected !== "incorrect-length" || !(error instanceof TapeError)) throw error;
      if (error.kind !== "incorrect-length") throw error;
    }
    this.#truth.arrived(to.cursor, partition);
  }

  async readReverse(signal?: AbortSignal): Promise<void> {
    const { drive, model: { tape, blockBytes } } = this.#walk;
    const before = tape.objects[tape.cursor - 1];
    try {
      const result = await drive.readReverse({ recordBytesHint: 30, signal });
      assert.deepEqual(
        result.kind === "record" ? result.data : result.kind,
        before ?? "beginning-of-partition",
      );
    } catch (error) {
      const isOther = blockBytes > 0 && before instanceof Uint8Array &&
        before.length !== blockBytes;
      if (!isOther || !(error instanceof TapeError) || error.kind !== "incorrect-length") {
        throw error;
      }
    }
    if (before !== undefined) tape.cursor--;
    this.#truth.compare();
  }
}
