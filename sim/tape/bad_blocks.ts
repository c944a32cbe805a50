/**
 * Places on the tape where reading or writing fails.
 *
 * @module
 */

import { InvalidOptionError } from "../../iscsi/errors.ts";
import { type Condition, Conditions } from "./conditions.ts";
import { checkArgument } from "./option_limits.ts";

/** A place where the tape is bad. */
export interface BadBlock {
  /** Number of the object. */
  readonly object: number;
  /** Its partition. @default 0 */
  readonly partition?: number;
  /** Whether reading it fails, or writing. @default "read" */
  readonly on?: "read" | "write";
  /** How often it fails before it works. @default always */
  readonly times?: number;
  /** What the drive says. With key 1, RECOVERED ERROR, the record is read all the same. @default 3/1100, 3/0C00 */
  readonly sense?: Condition;
}

/** The bad places of the tape in a drive. */
export class BadBlocks {
  #blocks: { readonly block: BadBlock; left: number }[] = [];

  /** Whether there is none, which the data path asks for every record. */
  get isEmpty(): boolean {
    return this.#blocks.length === 0;
  }

  /**
   * Adds one.
   *
   * @throws {InvalidOptionError} when no command can meet it, which would let every test pass.
   */
  add(block: BadBlock): void {
    const { object, partition = 0, on = "read", times = Infinity } = block;
    checkArgument("object", object, 0);
    checkArgument("partition", partition, 0);
    if (times !== Infinity) checkArgument("times", times, 1);
    if (on !== "read" && on !== "write") {
      throw new InvalidOptionError("on", `Cannot use ${on} as on: it is "read" or "write"`);
    }
    this.#blocks.push({ block, left: block.times ?? Infinity });
  }

  /** Mends all. */
  clear(): void {
    this.#blocks = [];
  }

  /** What goes wrong with this object, if anything; counts as one attempt. */
  failure(on: "read" | "write", partition: number, object: number): Condition | undefined {
    const met = this.#blocks.find(({ block }) =>
      block.object === object && (block.partition ?? 0) === partition && (block.on ?? "read") === on
    );
    if (met === undefined) return undefined;
    if (--met.left <= 0) this.#blocks = this.#blocks.filter((block) => block !== met);
    return met.block.sense ?? (on === "read" ? Conditions.unrecoveredRead : Conditions.writeError);
  }
}
