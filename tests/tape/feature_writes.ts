/** What a walk over the features of a drive writes, held against the model. */

import assert from "node:assert/strict";
import { TapeError } from "../../tape/errors.ts";
import type { WriteResult } from "../../tape/write_result.ts";
import type { FeatureTruth } from "./feature_truth.ts";
import { CALLED_OFF, type FeatureUse, namedPartition } from "./feature_use.ts";

export class FeatureWrites {
  readonly #walk: FeatureUse;
  readonly #truth: FeatureTruth;
  /** What is being written, for who looks at what came of it. */
  attempted: Uint8Array[] = [];

  constructor(walk: FeatureUse, truth: FeatureTruth) {
    this.#walk = walk;
    this.#truth = truth;
  }

  /** Something to write. */
  record(): Uint8Array {
    const { random, model: { blockBytes } } = this.#walk;
    if (blockBytes > 0) return random.bytes(blockBytes * (1 + random.below(4)));
    const isLong = random.below(12) === 0;
    return random.bytes(1 + random.below(isLong ? 200 : 50));
  }

  async write(count: number, signal?: AbortSignal): Promise<void> {
    for (; count > 0; count--) {
      const data = this.record();
      this.attempted = [data];
      const result = await this.#walk.drive.write(data, { signal });
      this.wrote(data, result);
    }
  }

  /** The drive has said so. */
  wrote(data: Uint8Array, result: WriteResult): void {
    this.#truth.written(result.number, data);
    this.#truth.warned(result);
    this.attempted = this.attempted.filter((each) => each !== data);
  }

  /** Several that do not wait for one another. */
  async burst(count: number, signal?: AbortSignal): Promise<void> {
    const all = Array.from({ length: count }, () => this.record());
    this.attempted = [...all];
    const results = await Promise.allSettled(
      all.map((data) => this.#walk.drive.write(data, { signal })),
    );
    let failure: { readonly reason: unknown } | undefined;
    results.forEach((result, at) => {
      if (result.status === "fulfilled") {
        assert.ok(failure === undefined || signal?.aborted, "no write goes on behind a failed one");
        this.wrote(all[at], result.value);
      } else {
        const { reason } = result;
        failure ??= { reason };
        if (reason !== CALLED_OFF && !(reason instanceof TapeError)) throw reason;
      }
    });
    if (failure !== undefined) throw failure.reason;
  }

  async writeFilemarks(count: number, signal?: AbortSignal): Promise<void> {
    const immediate = this.#walk.random.below(2) === 0;
    const result = await this.#walk.drive.writeFilemarks(count, { immediate, signal });
    this.#truth.wroteMarks(count);
    this.#truth.warned(result);
    if (!immediate) this.#truth.flushed();
    if (!immediate || !this.#mayTellLater) this.#truth.compare();
  }

  async writeAt(signal?: AbortSignal): Promise<void> {
    const { drive, random, model } = this.#walk;
    const partition = random.below(model.partitions.length);
    const object = random.below(model.partitions[partition].objects.length + 1);
    const data = this.record();
    this.attempted = [data];
    try {
      await drive.writeAt(object, data, { ...namedPartition(model, partition), signal });
    } catch (error) {
      this.#truth.failedElsewhere = { partition, object };
      throw error;
    }
    model.go(object, partition);
    this.#truth.overwritten();
    model.write(data);
    if (!this.#mayTellLater) this.#truth.compare();
  }

  /** What the drive could not write out to make room in its buffer it tells the next command. */
  get #mayTellLater(): boolean {
    return this.#walk.has("bad-blocks") && this.#walk.setting.bufferBytes > 0;
  }
}
