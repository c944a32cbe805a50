/** The ways that a walk over the features of a drive goes, held against the model. */

import assert from "node:assert/strict";
import { TapeError } from "../../tape/errors.ts";
import { numberOf, objectOf } from "./feature_setting.ts";
import type { FeatureTruth } from "./feature_truth.ts";
import type { FeatureUse } from "./feature_use.ts";

export class FeatureMotions {
  readonly #walk: FeatureUse;
  readonly #truth: FeatureTruth;

  constructor(walk: FeatureUse, truth: FeatureTruth) {
    this.#walk = walk;
    this.#truth = truth;
  }

  async overBlocks(signal?: AbortSignal): Promise<void> {
    await this.#space("blocks", this.#walk.random.below(11) - 5, signal);
  }

  /** Backwards some go too far. */
  async overFilemarks(signal?: AbortSignal): Promise<void> {
    const { random, setting: { quirks } } = this.#walk;
    const most = quirks.spaceFilemarksBackOneTooFar ? 0 : 2;
    await this.#space("filemarks", random.below(5) - most, signal);
  }

  async #space(
    what: "blocks" | "filemarks",
    count: number,
    signal?: AbortSignal,
  ): Promise<void> {
    const { model: { tape }, drive, setting: { quirks } } = this.#walk;
    const { cursor } = tape;
    const { spaceIgnoresFilemarks = false } = quirks;
    const isOverMarks = spaceIgnoresFilemarks && what === "blocks";
    // From the beginning the driver reads the first object, and stops at a filemark all the same; on an empty tape nobody knows how many are left.
    if (isOverMarks && cursor === 0 && !(tape.objects[0] instanceof Uint8Array)) return;
    const stop = what === "blocks"
      ? tape.spaceBlocks(count, !spaceIgnoresFilemarks)
      : tape.spaceFilemarks(count);
    const after = tape.cursor;
    tape.cursor = cursor;
    try {
      await drive.space(what, count, { signal });
      assert.ok(stop === undefined || (isOverMarks && stop.startsWith("beginning")), stop);
    } catch (error) {
      if (!(error instanceof TapeError) || stop?.split(" ")[0] !== error.kind) throw error;
      if (error.name !== "SpaceStoppedError") throw error;
      if (error.information !== undefined) assert.equal(`${error.kind} ${error.information}`, stop);
      else assert.ok(quirks.missingInformation || isOverMarks);
    }
    tape.cursor = after;
    if (count !== 0) this.#truth.compare();
  }

  async locate(signal?: AbortSignal): Promise<void> {
    const { drive, random, model: { objects }, setting: { quirks } } = this.#walk;
    const target = random.below(objects.length + 2);
    await this.#orEnd(
      target <= objects.length,
      () => drive.locate(numberOf(target, quirks), { signal }),
    );
    this.#truth.arrived(target);
  }

  async #orEnd(isThere: boolean, motion: () => Promise<unknown>): Promise<void> {
    try {
      await motion();
      assert.ok(isThere, "there is no such place");
    } catch (error) {
      if (isThere || !(error instanceof TapeError) || error.kind !== "end-of-data") throw error;
    }
  }

  async locateFile(signal?: AbortSignal): Promise<void> {
    const { drive, random, model } = this.#walk;
    const file = random.below(4);
    const start = model.startOfFile(file);
    await this.#orEnd(start !== undefined, () => drive.locate({ file }, { signal }));
    this.#truth.arrived(start ?? model.objects.length);
  }

  async locatePartition(signal?: AbortSignal): Promise<void> {
    const { drive, random, model: { partitions } } = this.#walk;
    const partition = random.below(partitions.length);
    const { objects } = partitions[partition];
    const object = random.below(objects.length + 2);
    await this.#orEnd(
      object <= objects.length,
      () => drive.locate({ object, partition }, { signal }),
    );
    this.#truth.arrived(object, partition);
  }

  async position(signal?: AbortSignal): Promise<void> {
    const { drive, link, model, setting: { quirks } } = this.#walk;
    const position = await drive.position({ signal });
    const { known, file, partition } = position;
    if (known) {
      assert.equal(objectOf(position, quirks), model.cursor);
      assert.equal(partition, model.current);
      const before = model.objects.slice(0, model.cursor);
      const marks = before.filter((each) => each === "filemark");
      if (file !== undefined) assert.equal(file, marks.length);
    }
    const isAsked = position.source === "device" || quirks.positionUnknown;
    if (!link.nexusLost && isAsked) this.#truth.compare();
  }
}
